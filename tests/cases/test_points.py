from collections.abc import Sequence

import pytest
from django.conf import settings
from django.core.files.storage import storages
from pytest_django import DjangoCaptureOnCommitCallbacks

from portal.accounts import sealing
from portal.accounts.models import AuditEntry, User
from portal.cases import actions, evidence, keys, points
from portal.cases.ending import finish_endings
from portal.cases.holding import FileKeys, lasting_keys
from portal.cases.keys import CaseKey
from portal.cases.models import Case, Consent, Exhibit
from tests.telling import told

pytestmark = pytest.mark.django_db
MAP = b"the map of a benign picture's points"
PICTURE = b"the bytes of a benign picture"
PASSWORD = "wren's long password"
Committing = DjangoCaptureOnCommitCallbacks


def an_exhibit(
    consents: Sequence[Consent.Kind] = (Consent.Kind.POINTS,),
) -> Exhibit:
    given = told(pictures=[PICTURE], consents=consents)
    report = actions.submit_report(token="once", told=given).report
    Exhibit.objects.update(state=Exhibit.State.HASHED)
    return report.exhibits.get()


@pytest.fixture
def mapped(wren: User) -> Exhibit:
    exhibit = an_exhibit()
    assert points.keep(exhibit, MAP)
    exhibit.refresh_from_db()
    return exhibit


def in_wrens_hands(case: Case, wren: User) -> CaseKey:
    return keys.key_of_worker(case, wren, sealing.unlock(wren, PASSWORD))


def looked_for() -> dict[str, bytes]:
    names = Exhibit.objects.mapped().values_list("points_held_as", flat=True)
    return dict(points.opened(names, actor="task:test"))


def is_gone(exhibit: Exhibit) -> bool:
    names = (exhibit.points_as, exhibit.points_held_as)
    kept = any(storages["evidence"].exists(name) for name in names)
    return not kept and not evidence.is_lasting(exhibit.points_held_as)


def restart() -> None:
    """What a machine that starts anew has of its memory: nothing."""
    for name in lasting_keys().older_than(-10):
        lasting_keys().destroy(name)


def test_without_the_consent_no_map_is_kept() -> None:
    exhibit = an_exhibit([Consent.Kind.MATCHING])
    assert not points.keep(exhibit, MAP)
    assert looked_for() == {}


def test_a_map_is_kept_once_and_opened_by_programs_on_record(mapped: Exhibit) -> None:
    assert not points.keep(mapped, MAP)
    assert list(looked_for().values()) == [MAP]
    entry = AuditEntry.objects.latest("pk")
    assert (entry.actor, entry.verb) == ("task:test", "open")
    assert entry.reason == "looking for copies"


def test_no_byte_of_a_map_lies_readable_in_the_store(mapped: Exhibit) -> None:
    for name in (mapped.points_as, mapped.points_held_as):
        with storages["evidence"].open(name) as kept:
            assert MAP[:12] not in kept.read()


def test_its_key_is_beside_no_key_that_a_sweep_destroys(mapped: Exhibit) -> None:
    held = FileKeys(settings.LASTING_KEYS_URL)
    assert mapped.points_held_as.replace("/", "-") not in set(held.older_than(-10))


def test_after_a_restart_nobody_looks_until_the_case_is_opened(
    mapped: Exhibit, wren: User
) -> None:
    restart()
    assert looked_for() == {}
    assert points.bring_back(in_wrens_hands(mapped.case, wren)) == 1
    assert list(looked_for().values()) == [MAP]
    assert not storages["evidence"].exists(mapped.points_held_as)
    assert points.bring_back(in_wrens_hands(mapped.case, wren)) == 0


def test_the_victims_passphrase_brings_it_back() -> None:
    given = told(pictures=[PICTURE], consents=[Consent.Kind.POINTS])
    receipt = actions.submit_report(token="once", told=given)
    points.keep(receipt.report.exhibits.get(), MAP)
    restart()
    assert receipt.passphrase
    assert actions.open_case(receipt.passphrase)
    assert list(looked_for().values()) == [MAP]


def test_taking_the_consent_back_forgets_the_map(
    mapped: Exhibit, django_capture_on_commit_callbacks: Committing
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        actions.revoke_consent(mapped.case, Consent.Kind.POINTS)
    assert is_gone(mapped)
    assert looked_for() == {}


def test_taking_another_consent_back_leaves_it(mapped: Exhibit) -> None:
    actions.revoke_consent(mapped.case, Consent.Kind.MATCHING)
    assert looked_for()


def test_the_map_goes_with_the_picture(
    mapped: Exhibit, django_capture_on_commit_callbacks: Committing
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        actions.drop_upload(mapped)
    assert is_gone(mapped)


def test_withdrawal_leaves_nothing_of_it(
    mapped: Exhibit, django_capture_on_commit_callbacks: Committing
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        actions.withdraw_case(mapped.case)
    assert is_gone(mapped)


def test_of_a_frozen_case_no_program_looks_for_it_and_its_sealed_copy_stays(
    mapped: Exhibit, wren: User, django_capture_on_commit_callbacks: Committing
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        actions.freeze_case(mapped.case, wren, "a school uniform")
    finish_endings()
    assert not evidence.is_lasting(mapped.points_held_as)
    assert storages["evidence"].exists(mapped.points_as)
    assert looked_for() == {}


def test_what_a_killed_withdrawal_left_is_removed_by_the_sweep(
    mapped: Exhibit, django_capture_on_commit_callbacks: Committing
) -> None:
    Case.objects.update(withdrawn_at="2026-01-01T00:00Z", ending=Case.Ending.WITHDRAWN)
    with django_capture_on_commit_callbacks(execute=True):
        finish_endings()
    assert is_gone(mapped)


def test_an_ended_case_gets_no_map(mapped: Exhibit, wren: User) -> None:
    key = in_wrens_hands(mapped.case, wren)
    restart()
    Case.objects.update(withdrawn_at="2026-01-01T00:00Z", ending=Case.Ending.WITHDRAWN)
    assert points.bring_back(key) == 0
    assert not points.keep(mapped, MAP)
    assert looked_for() == {}


def test_a_damaged_map_is_left_out(mapped: Exhibit, wren: User) -> None:
    store = storages["evidence"]
    with store.open(mapped.points_held_as, "wb") as kept:
        kept.write(b"\x02" + bytes(90))
    assert looked_for() == {}
    with store.open(mapped.points_as, "wb") as kept:
        kept.write(b"\x02" + bytes(90))
    restart()
    assert points.bring_back(in_wrens_hands(mapped.case, wren)) == 0
