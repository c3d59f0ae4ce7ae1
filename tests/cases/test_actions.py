from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.files.storage import storages
from nacl.secret import SecretBox
from pytest_django import DjangoCaptureOnCommitCallbacks

from portal.accounts.models import AuditEntry, User
from portal.cases import actions, evidence
from portal.cases.actions import Receipt, find_case, submit_report, withdraw_case
from portal.cases.events import WORDS, sentence
from portal.cases.models import Case, Consent, Event, Exhibit, KeyWrap, Report
from portal.cases.tasks import sweep_receipts
from tests.telling import told

pytestmark = pytest.mark.django_db
PICTURE = b"the bytes of a benign picture"


def a_report(
    token: str = "once", *, urls: Sequence[str] = ("https://chirp.example/1",)
) -> Receipt:
    return submit_report(
        token=token,
        told=told(
            urls=urls,
            pictures=[PICTURE],
            details="Amina's own words",
            consents=[Consent.Kind.MATCHING, Consent.Kind.NOTICES],
        ),
    )


def test_a_report_opens_a_case_that_only_its_passphrase_finds() -> None:
    receipt = a_report()
    assert receipt.passphrase
    assert find_case(receipt.passphrase) == receipt.report.case
    assert find_case("some other words entirely") is None


def test_nothing_the_victim_gave_lies_readable_in_the_database_or_the_store() -> None:
    receipt = a_report()
    exhibit = receipt.report.exhibits.get()
    with storages["evidence"].open(exhibit.stored_as) as kept:
        assert PICTURE not in kept.read()
    row = Report.objects.values_list().get()
    assert b"Amina" not in b"".join(
        bytes(cell) for cell in row if isinstance(cell, bytes)
    )
    assert receipt.passphrase
    locator = bytes(receipt.report.case.locator)
    assert receipt.passphrase.encode() not in locator


def test_the_same_form_sent_twice_is_one_report_with_one_passphrase() -> None:
    first, again = a_report("same"), a_report("same")
    assert Case.objects.count() == 1
    assert again.report == first.report
    assert again.passphrase == first.passphrase


def test_the_passphrase_is_not_shown_again_after_its_minutes() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        a_report("same")
    with time_machine.travel(start + timedelta(minutes=11), tick=False):
        assert a_report("same").passphrase is None
        sweep_receipts()
    assert bytes(Report.objects.get().receipt) == b""
    assert a_report("same").passphrase is None


def test_times_are_coarse() -> None:
    case = a_report().report.case
    for moment in (
        case.created_at,
        case.events.get().at,
        case.reports.get().created_at,
    ):
        assert (moment.minute, moment.second, moment.microsecond) == (0, 0, 0)


def test_equal_addresses_are_kept_once() -> None:
    report = a_report(urls=["https://chirp.example/1"] * 3).report
    assert report.urls.count() == 1


def test_opening_an_exhibit_records_who_and_why_first(wren: User) -> None:
    exhibit = a_report().report.exhibits.get()
    assert evidence.open_exhibit(exhibit, actor=wren, reason="to compare") == PICTURE
    entry = AuditEntry.objects.get(verb="open")
    assert (entry.user, entry.verb, entry.reason) == (wren, "open", "to compare")


@pytest.mark.parametrize("reason", ["", "   "])
def test_nothing_is_opened_for_no_reason(wren: User, reason: str) -> None:
    exhibit = a_report().report.exhibits.get()
    with pytest.raises(ValueError, match="reason"):
        evidence.open_exhibit(exhibit, actor=wren, reason=reason)


def test_an_exhibit_of_hashes_only_has_nothing_to_open(wren: User) -> None:
    exhibit = Exhibit.objects.create(
        case=(case := a_report().report.case), report=case.reports.get()
    )
    with pytest.raises(evidence.EvidenceError, match="hashes only"):
        evidence.open_exhibit(exhibit, actor=wren, reason="to compare")


def test_lost_and_damaged_evidence_is_a_plain_error(wren: User) -> None:
    exhibit = a_report().report.exhibits.get()
    with pytest.raises(evidence.EvidenceError, match="damaged"):
        evidence.unseal(exhibit.case, b"\x01" + b"noise" * 20)
    evidence.discard(exhibit.stored_as)
    evidence.discard(exhibit.stored_as)
    with pytest.raises(evidence.EvidenceError, match="no longer there"):
        evidence.open_exhibit(exhibit, actor=wren, reason="to compare")


def test_the_passphrase_unwraps_the_key_of_its_case() -> None:
    receipt = a_report()
    assert receipt.passphrase
    wrap = receipt.report.case.wraps.get(holder=KeyWrap.Holder.PASSPHRASE)
    key = actions._opened(receipt.passphrase).key
    assert len(SecretBox(key).decrypt(bytes(wrap.sealed)[1:])) == 32


def test_withdrawal_destroys_the_key_and_everything_sealed(
    wren: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    case = a_report().report.case
    exhibit = case.exhibits.get()
    with storages["evidence"].open(exhibit.stored_as) as kept:
        sealed = kept.read()
    with django_capture_on_commit_callbacks(execute=True):
        withdraw_case(case)
        withdraw_case(case)
    assert not storages["evidence"].exists(exhibit.stored_as)
    assert not Case.objects.active().exists()
    with pytest.raises(evidence.EvidenceError, match="destroyed"):
        evidence.unseal(case, sealed)
    assert case.events.filter(kind="withdrawn").count() == 1
    assert bytes(case.reports.get().details) == b""


def test_a_consent_is_given_and_taken_back_on_its_own() -> None:
    case = a_report().report.case
    assert case.consents_to(Consent.Kind.NOTICES)
    actions.revoke_consent(case, Consent.Kind.NOTICES)
    assert not case.consents_to(Consent.Kind.NOTICES)
    assert case.consents_to(Consent.Kind.MATCHING)
    actions.give_consent(case, Consent.Kind.NOTICES)
    actions.give_consent(case, Consent.Kind.NOTICES)
    assert case in Case.objects.consenting(Consent.Kind.NOTICES)
    assert case not in Case.objects.consenting(Consent.Kind.SHARING)


def test_an_event_recorded_once_stays_one_however_often_a_task_runs() -> None:
    case = a_report().report.case
    for _ in range(3):
        actions.record_event(case, "copy_found", once="copy:1", host="chirp.example")
    assert case.events.filter(kind="copy_found").count() == 1


@pytest.mark.parametrize("kind", WORDS)
def test_every_kind_of_event_has_a_sentence(kind: str) -> None:
    data = {
        "host": "h",
        "recipient": "r",
        "due": "2026-01-01T00:00:00+00:00",
        "outcome": "o",
    }
    assert sentence(Event(kind=kind, data=data))


def test_a_report_is_claimed_once_and_again_when_its_worker_is_lost() -> None:
    pk = a_report().report.pk
    assert Report.objects.claim(pk)
    assert Report.objects.claim(pk) is None
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1)):
        assert Report.objects.claim(pk)
