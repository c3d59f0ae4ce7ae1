"""Entries from before the chain are chained in their order, and new ones go on from there."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal.accounts.actions import audit, verify_audit

BEFORE = [("accounts", "0001_initial")]
AFTER = [("accounts", "0002_keys_and_chain")]


@pytest.mark.django_db(transaction=True)
def test_entries_from_before_are_chained_in_their_order() -> None:
    try:
        executor = MigrationExecutor(connection)
        executor.migrate(BEFORE)
        old = executor.loader.project_state(BEFORE).apps
        user = old.get_model("accounts", "User").objects.create(username="wren")
        began = datetime(2026, 3, 1, 10, 0, 0, 1, tzinfo=UTC)
        entries = old.get_model("accounts", "AuditEntry").objects
        for number in range(5):
            entry = entries.create(
                user=user if number % 2 else None,
                actor="a task",
                verb="open",
                subject=f"case:{number}",
                reason="to compare é",
            )
            entries.filter(pk=entry.pk).update(at=began + timedelta(hours=number))
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    assert verify_audit().last == 5
    assert audit("a task", "open", "case:6", "later").number == 6
    assert verify_audit().last == 6
