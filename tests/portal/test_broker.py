import shutil
from pathlib import Path
from typing import cast

import pytest
from kombu import Connection

from portal.broker import Channel, Transport
from portal.celery import ring
from portal.sightings.tasks import process_report


@pytest.fixture
def connection(tmp_path: Path) -> Connection:
    folder = str(tmp_path / "messages")
    options = {
        "data_folder_in": folder,
        "data_folder_out": folder,
        "processed_folder": str(tmp_path / "processed"),
        "control_folder": str(tmp_path / "control"),
    }
    return Connection(
        "filesystem://localhost//", transport=Transport, transport_options=options
    )


def test_a_deleted_folder_is_made_again(connection: Connection, tmp_path: Path) -> None:
    channel = cast("Channel", connection.channel())
    channel._put("default", {"pk": 1})
    shutil.rmtree(tmp_path)
    assert channel._size("default") == 0
    shutil.rmtree(tmp_path)
    channel._put("default", {"pk": 2})
    assert channel._get("default") == {"pk": 2}


def test_no_reader_sees_half_a_message(connection: Connection, tmp_path: Path) -> None:
    cast("Channel", connection.channel())._put("default", {"pk": 1})
    (name,) = [path.name for path in (tmp_path / "messages").iterdir()]
    assert name.endswith(".default.msg")


def test_a_bell_that_cannot_ring_fails_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(process_report, "apply_async", broken)
    ring(process_report, 1)
    assert "bell lost: portal.sightings.tasks.process_report (OSError)" in caplog.text
