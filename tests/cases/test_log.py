"""SQLite's own log keeps what was deleted until it is written over."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from portal.cases.models import Draft
from portal.cases.tasks import sweep_receipts


@pytest.mark.django_db(transaction=True)
def test_the_clock_empties_sqlites_log_while_the_web_server_keeps_connections() -> None:
    name = connection.settings_dict["NAME"]
    if connection.vendor != "sqlite":
        pytest.skip("the log of SQLite")
    log = Path(f"{name}-wal")
    with closing(sqlite3.connect(name)) as other:
        other.execute("SELECT COUNT(*) FROM cases_draft").fetchone()
        Draft.objects.create(locator=b"where", sealed=b"a draft that was taken back")
        Draft.objects.all().delete()
        assert b"a draft that was taken back" in log.read_bytes()
        sweep_receipts()
        assert log.read_bytes() == b""
