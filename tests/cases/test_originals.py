"""Features of a harmless photo: sealed twice, kept as long as they may be, and not longer."""

import pytest
from django.core.files.storage import storages
from pytest_django import DjangoCaptureOnCommitCallbacks

from portal.accounts import sealing
from portal.accounts.models import AuditEntry, User
from portal.cases import actions, evidence, keys, originals
from portal.cases.ending import finish_endings
from portal.cases.exposure import exposure_of
from portal.cases.holding import lasting_keys
from portal.cases.models import Case, Original
from tests.telling import told

pytestmark = pytest.mark.django_db
FEATURES = b"the features of a harmless photo"
PASSWORD = "wren's long password"
Committing = DjangoCaptureOnCommitCallbacks


@pytest.fixture
def case(wren: User) -> Case:
    del wren  # on duty, so that the case is hers, too
    given = told(urls=["https://chirp.example/1"])
    return actions.submit_report(token="once", told=given).report.case


@pytest.fixture
def original(case: Case) -> Original:
    assert actions.give_original(case, FEATURES, token="a")
    return Original.objects.get()


def seen_by_programs(case: Case) -> list[bytes]:
    return originals.opened(case, actor="task:test")


def is_gone(original: Original) -> bool:
    names = (original.stored_as, original.held_as)
    kept = any(storages["evidence"].exists(name) for name in names)
    return not kept and not evidence.is_lasting(original.held_as)


def restart() -> None:
    """What a machine that starts anew has of its memory: nothing."""
    for name in lasting_keys().older_than(-10):
        lasting_keys().destroy(name)


def test_what_is_given_is_sealed_and_opened_by_programs_on_record(
    original: Original,
) -> None:
    assert seen_by_programs(original.case) == [FEATURES]
    assert AuditEntry.objects.filter(actor="task:test", verb="open").exists()
    for name in (original.stored_as, original.held_as):
        with storages["evidence"].open(name) as kept:
            assert FEATURES not in kept.read()
    assert original.case.events.filter(kind="original_given").count() == 1


def test_the_same_form_gives_it_once_and_there_is_an_end_to_it(
    original: Original,
) -> None:
    assert not actions.give_original(original.case, FEATURES, token="a")
    for number in range(originals.MOST - 1):
        assert actions.give_original(original.case, FEATURES, token=f"more {number}")
    with pytest.raises(originals.TooManyError):
        actions.give_original(original.case, FEATURES, token="too many")
    assert original.case.originals.count() == originals.MOST


def test_what_is_taken_back_is_gone(
    original: Original, django_capture_on_commit_callbacks: Committing
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        actions.drop_original(original)
    assert is_gone(original)
    assert not Original.objects.exists()
    assert original.case.events.filter(kind="original_dropped").exists()


def test_withdrawal_leaves_nothing_of_it(
    original: Original, django_capture_on_commit_callbacks: Committing
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        actions.withdraw_case(original.case)
    assert is_gone(original)
    assert not actions.give_original(original.case, FEATURES, token="late")


def test_of_a_frozen_case_no_program_sees_it_and_its_sealed_copy_stays(
    original: Original, django_capture_on_commit_callbacks: Committing
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        actions.freeze_case(original.case, "a test", "may be a minor")
        finish_endings()
    assert seen_by_programs(original.case) == []
    assert not evidence.is_lasting(original.held_as)
    assert storages["evidence"].exists(original.stored_as)


def test_after_a_restart_a_worker_who_opens_the_case_brings_it_back_unseen(
    original: Original, wren: User
) -> None:
    restart()
    assert seen_by_programs(original.case) == []
    key = keys.key_of_worker(original.case, wren, sealing.unlock(wren, PASSWORD))
    assert originals.bring_back(key) == 1
    assert originals.bring_back(key) == 0
    assert seen_by_programs(original.case) == [FEATURES]
    assert exposure_of(wren).today == 0


def test_what_a_killed_withdrawal_left_is_removed_by_the_sweep(
    original: Original, django_capture_on_commit_callbacks: Committing
) -> None:
    Case.objects.update(ending="withdrawn", withdrawn_at=original.case.created_at)
    with django_capture_on_commit_callbacks(execute=True):
        finish_endings()
    assert is_gone(original)
