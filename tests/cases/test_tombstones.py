"""What ended stays ended: through kills, rolled back transactions and restored backups."""

import io
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from pytest_django import Settings

import tracker
from portal.accounts import sealing
from portal.accounts.models import AuditEntry, User
from portal.bank import actions as bank
from portal.cases import actions, ending, evidence, keys, tombstones
from portal.cases.models import Case, Consent
from portal.cases.receipts import Receipt
from portal.cases.tasks import sweep_endings
from tests import drawing, telling

pytestmark = pytest.mark.django_db(transaction=True)
PICTURE = drawing.encode(drawing.landscape(1), "JPEG")
PASSWORD = "wren's long password"


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """A folder of tombstones of this test's own, not yet looked at."""
    settings.TOMBSTONES = tmp_path / "tombstones"
    ending._applied.clear()
    yield settings.TOMBSTONES
    ending._applied.clear()


def a_report(token: str = "amina") -> Receipt:
    consents = [Consent.Kind.MATCHING, Consent.Kind.SHARING]
    told = telling.told(pictures=[PICTURE], details="her words", consents=consents)
    receipt = actions.submit_report(token=token, told=told)
    signals = tracker.hash_picture(tracker.decode(PICTURE))
    bank.deposit(receipt.report.exhibits.get(), signals)
    return receipt


def is_matched() -> bool:
    return bool(bank.lookup_picture(PICTURE))


# -- on file ---------------------------------------------------------------------------
def test_an_ending_is_on_file_as_soon_as_it_is_committed(folder: Path) -> None:
    case = a_report().report.case
    actions.withdraw_case(case)
    (path,) = folder.iterdir()
    assert path.name == tombstones.name_of(bytes(case.locator))
    assert path.read_text("ascii") == "withdrawn\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_tombstone_says_nothing_of_its_case(folder: Path) -> None:
    receipt = a_report()
    case = receipt.report.case
    actions.withdraw_case(case)
    (path,) = folder.iterdir()
    told = f"{path.name} {path.read_text('ascii')}"
    for secret in (case.reference, bytes(case.locator).hex(), receipt.passphrase):
        assert str(secret) not in told


def test_an_ending_that_is_rolled_back_ends_no_case(folder: Path) -> None:
    case = a_report().report.case
    with transaction.atomic():
        actions.withdraw_case(case)
        transaction.set_rollback(True)
    sweep_endings()
    assert not folder.exists()
    assert is_matched()


def test_a_process_killed_after_its_commit_leaves_the_rest_to_the_sweep(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = a_report().report.case
    exhibit = case.exhibits.get()
    with monkeypatch.context() as killed:
        killed.setattr(transaction, "on_commit", lambda *_, **__: None)
        actions.withdraw_case(case)
    assert not folder.exists()
    assert storages["evidence"].exists(exhibit.stored_as)
    sweep_endings()
    sweep_endings()
    assert len(tombstones.names()) == 1
    assert not storages["evidence"].exists(exhibit.stored_as)
    assert not storages["evidence"].exists(exhibit.held_as)
    exhibit.refresh_from_db()
    assert (exhibit.stored_as, exhibit.held_as) == ("", "")


def test_of_a_frozen_case_only_what_programs_could_read_goes(
    folder: Path, wren: User
) -> None:
    case = a_report().report.case
    stored = case.exhibits.get().stored_as
    actions.freeze_case(case, wren, "looks young")
    sweep_endings()
    exhibit = case.exhibits.get()
    assert storages["evidence"].exists(stored)
    assert (exhibit.stored_as, exhibit.held_as) == (stored, "")
    assert [path.read_text("ascii") for path in folder.iterdir()] == ["frozen\n"]


def test_half_a_tombstone_is_none_and_a_strange_one_is_an_ending(folder: Path) -> None:
    case = a_report().report.case
    name = tombstones.name_of(bytes(case.locator))
    folder.mkdir()
    (folder / f".{name}").write_text("withdrawn")
    (folder / "README").write_text("not one of ours")
    assert ending.apply_tombstones() == 0
    (folder / name).write_bytes(b"\xff\x00")
    assert ending.apply_tombstones() == 1
    assert Case.objects.get().ending == Case.Ending.WITHDRAWN


# -- a restored backup -----------------------------------------------------------------
@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Where the old copy of the database goes."""
    if connection.vendor != "sqlite":
        pytest.skip("copies the embedded database's file")
    return tmp_path / "old.sqlite3"


def copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(source)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)


def live() -> Path:
    return Path(connection.settings_dict["NAME"])


def restore(backup: Path) -> None:
    """Put the old copy in the live one's place, and start the process anew."""
    connection.close()
    copy(backup, live())
    ending._applied.clear()


@pytest.mark.parametrize("end", Case.Ending)
def test_nothing_that_ended_comes_back_with_an_old_backup(
    backup: Path, wren: User, end: Case.Ending
) -> None:
    case = a_report().report.case
    a_report("ben")
    copy(live(), backup)
    if end == Case.Ending.FROZEN:
        actions.freeze_case(case, wren, "looks young")
    else:
        actions.end_case(case, end)
    restore(backup)
    assert Case.objects.get(pk=case.pk).ending == "", "the backup knows of no ending"

    hits = bank.lookup_picture(PICTURE)

    assert {hit.signal.case_id for hit in hits} == {case.pk + 1}, "ben's is untouched"
    assert Case.objects.get(pk=case.pk).ending == end
    assert AuditEntry.objects.filter(subject=f"case:{case.pk}").exists()


def test_evidence_of_a_case_that_came_back_cannot_be_opened_with_all_passwords(
    backup: Path, wren: User
) -> None:
    sealing.make_keys(wren, PASSWORD)
    receipt = a_report()
    case = receipt.report.case
    assert receipt.passphrase
    private = sealing.unlock(wren, PASSWORD)
    stored = case.exhibits.get().stored_as
    with storages["evidence"].open(stored) as kept:
        sealed = kept.read()
    copy(live(), backup)
    actions.withdraw_case(case)
    restore(backup)
    storages["evidence"].save(stored, io.BytesIO(sealed))  # a backup of the store, too
    call_command("restore_check", verbosity=0, stdout=io.StringIO())
    case.refresh_from_db()
    with pytest.raises(keys.LockedError):
        keys.key_of_worker(case, wren, private)
    with pytest.raises(keys.LockedError):
        keys.key_of_victim(case, actions.opened(receipt.passphrase).key)
    assert not storages["evidence"].exists(stored)
    with pytest.raises(evidence.EvidenceError):
        evidence.open_held(case.exhibits.get().held_as, actor="task", reason="to read")


def test_while_tombstones_cannot_be_read_nothing_is_matched(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_report()
    folder.write_text("a file where the folder should be")
    with pytest.raises(OSError, match="Not a directory"):
        is_matched()
    with pytest.raises(CommandError, match="nothing is matched"):
        call_command("restore_check")
    folder.unlink()
    assert is_matched()


def test_tombstones_are_read_once_in_the_life_of_a_process(folder: Path) -> None:
    case = a_report().report.case
    assert is_matched()
    tombstones.write(bytes(case.locator), Case.Ending.WITHDRAWN)
    assert is_matched(), "the sweep's business from now on"
    sweep_endings()
    assert not is_matched()


def test_the_check_says_what_it_did(backup: Path) -> None:
    case = a_report().report.case
    copy(live(), backup)
    actions.withdraw_case(case)
    restore(backup)
    out = io.StringIO()
    call_command("restore_check", stdout=out)
    call_command("restore_check", stdout=out)
    assert out.getvalue().splitlines() == [
        "1 endings on file, 1 cases ended again.",
        "1 endings on file, 0 cases ended again.",
    ]
