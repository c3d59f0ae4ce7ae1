from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.files.storage import storages
from pytest_django import DjangoCaptureOnCommitCallbacks

from portal.accounts import sealing
from portal.accounts.models import AuditEntry, User
from portal.cases import actions, evidence, keys, messaging
from portal.cases.actions import find_case, submit_report, withdraw_case
from portal.cases.events import WORDS, sentence
from portal.cases.holding import held_keys
from portal.cases.models import Case, Consent, Event, Report
from portal.cases.receipts import Receipt
from portal.cases.tasks import sweep_receipts
from tests.telling import told

pytestmark = pytest.mark.django_db
PICTURE = b"the bytes of a benign picture"
PASSWORD = "wren's long password"


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


def test_withdrawal_destroys_the_key_and_everything_sealed(
    wren: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    case = a_report().report.case
    exhibit = case.exhibits.get()
    with django_capture_on_commit_callbacks(execute=True):
        withdraw_case(case)
        withdraw_case(case)
    assert not storages["evidence"].exists(exhibit.stored_as)
    assert not storages["evidence"].exists(exhibit.held_as)
    assert held_keys().get(exhibit.held_as.replace("/", "-")) is None
    assert not Case.objects.active().exists()
    assert not case.wraps.exists()
    assert case.events.filter(kind="withdrawn").count() == 1
    assert bytes(case.reports.get().details) == b""
    case.refresh_from_db()
    assert case.ending == Case.Ending.WITHDRAWN


def test_a_later_report_to_the_same_case_is_one_however_often_it_is_sent() -> None:
    case = a_report().report.case
    more = told(urls=["https://chirp.example/2"], pictures=[PICTURE])
    first = actions.add_report(case, token="more", told=more)
    assert actions.add_report(case, token="more", told=more) == first
    assert case.reports.count() == 2
    assert case.exhibits.count() == 2
    assert bytes(first.receipt) == b""


def test_a_frozen_case_is_stopped_and_opened_by_nobody(
    wren: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    case = a_report().report.case
    exhibit = case.exhibits.get()
    with django_capture_on_commit_callbacks(execute=True):
        actions.freeze_case(case, wren, "a school uniform")
    assert held_keys().get(exhibit.held_as.replace("/", "-")) is None
    case.refresh_from_db()
    key = keys.key_of_worker(case, wren, sealing.unlock(wren, PASSWORD))
    with pytest.raises(evidence.EvidenceError, match="frozen"):
        evidence.open_exhibit(key, exhibit, reason="to look all the same")
    assert not Case.objects.active().exists()


def test_messages_are_sealed_and_both_sides_read_them(wren: User) -> None:
    receipt = a_report()
    case = receipt.report.case
    messaging.send_message(case, "Please help me")
    messaging.send_message(case, "We are here", written_by=wren)
    assert receipt.passphrase
    found = actions.open_case(receipt.passphrase)
    assert found
    mine, victims = found
    assert mine == case
    assert victims
    workers = keys.key_of_worker(case, wren, sealing.unlock(wren, PASSWORD))
    for key in (victims, workers):
        read = [
            evidence.open_message(key, message, reason="to read")
            for message in case.messages.all()
        ]
        assert read == ["Please help me", "We are here"]
    assert b"help me" not in bytes(case.messages.all()[0].sealed)
    # The worker is on record; of a victim's visit nothing is.
    openings = AuditEntry.objects.filter(verb="open")
    assert {entry.user for entry in openings} == {wren}


def test_any_act_of_the_victim_postpones_the_end() -> None:
    start = datetime(2026, 1, 10, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        case = a_report().report.case
    before = case.delete_on
    with time_machine.travel(start + timedelta(days=100), tick=False):
        messaging.send_message(case, "I am still here")
    case.refresh_from_db()
    assert before
    assert case.delete_on == before + timedelta(days=100)


def test_a_consent_reaches_only_whom_it_names() -> None:
    case = a_report().report.case
    actions.give_consent(case, Consent.Kind.SHARING, ["7"])
    actions.give_consent(case, Consent.Kind.SHARING, ["7"])
    actions.give_consent(case, Consent.Kind.SHARING, ["7", "8"])
    given = case.consents.filter(kind=Consent.Kind.SHARING)
    assert given.count() == 2  # what was given before stays on record, dated
    assert given.get(revoked_at=None).scope == ["7", "8"]


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
