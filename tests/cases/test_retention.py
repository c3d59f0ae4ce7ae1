"""Two days for each case, holds of two people, and what is deleted when."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
import time_machine
from django.conf import settings
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from portal.accounts.models import AuditEntry, User
from portal.cases import actions, ending, messaging, retention
from portal.cases.models import Case, Consent, Hold
from portal.cases.retention import HoldError, What, decisions
from portal.cases.tasks import sweep_retention
from tests import telling

pytestmark = pytest.mark.django_db
START = datetime(2026, 1, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
Commit = DjangoCaptureOnCommitCallbacks


def a_case(token: str = "amina") -> Case:
    told = telling.told(
        urls=["https://chirp.example/1"],
        pictures=[b"a picture"],
        details="her own words",
        consents=[Consent.Kind.MATCHING],
    )
    return actions.submit_report(token=token, told=told).report.case


@pytest.fixture
def case() -> Case:
    with time_machine.travel(START, tick=False):
        return a_case()


def after(days: int) -> time_machine.travel:
    return time_machine.travel(START + days * DAY, tick=False)


def said(command: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


# -- the two days ----------------------------------------------------------------------
def test_a_case_has_a_day_to_be_reviewed_and_a_day_to_be_deleted(case: Case) -> None:
    assert case.review_on == START.date() + settings.REVIEW_AFTER
    assert case.delete_on == START.date() + settings.DELETE_AFTER


@pytest.mark.parametrize(
    "does",
    [
        lambda case: messaging.send_message(case, "hello"),
        lambda case: actions.give_consent(case, Consent.Kind.NOTICES),
        lambda case: actions.revoke_consent(case, Consent.Kind.MATCHING),
        lambda case: actions.keep_contact(case, "{}"),
        lambda case: actions.add_report(case, token="more", told=telling.told()),
    ],
    ids=["message", "consent", "consent taken back", "contact", "report"],
)
def test_any_act_of_the_victim_moves_both_days_on(
    case: Case, does: Callable[[Case], object]
) -> None:
    with after(100):
        does(case)
    case.refresh_from_db()
    assert case.review_on == START.date() + 100 * DAY + settings.REVIEW_AFTER
    assert case.delete_on == START.date() + 100 * DAY + settings.DELETE_AFTER


def test_an_act_never_moves_a_day_back(case: Case) -> None:
    late = date(2031, 1, 1)
    Case.objects.update(delete_on=late, review_on=None)
    with after(10):
        actions.act(case)
    case.refresh_from_db()
    assert case.delete_on == late
    assert case.review_on == START.date() + 10 * DAY + settings.REVIEW_AFTER


def test_a_letter_from_the_desk_is_no_act_of_the_victim(case: Case, wren: User) -> None:
    with after(100):
        messaging.send_message(case, "hello", written_by=wren)
    assert Case.objects.get().delete_on == case.delete_on


# -- expiry ----------------------------------------------------------------------------
def test_a_case_whose_day_has_come_leaves_a_tombstone_without_content(
    case: Case, wren: User, django_capture_on_commit_callbacks: Commit
) -> None:
    stored = case.exhibits.get().stored_as
    messaging.send_message(case, "a letter", written_by=wren)
    with after(365), django_capture_on_commit_callbacks(execute=True):
        sweep_retention()
    case.refresh_from_db()
    assert case.ending == Case.Ending.EXPIRED
    assert not case.wraps.exists()
    assert not case.messages.exists()
    assert not storages["evidence"].exists(stored)
    report = case.reports.get()
    assert (bytes(report.details), report.kinds, report.urls.count()) == (b"", [], 0)
    assert [event.kind for event in case.events.all()] == ["expired"]
    entry = AuditEntry.objects.get(verb="expire")
    assert (entry.actor, entry.subject) == ("sweep:retention", f"case:{case.pk}")


def test_a_day_before_nothing_is_decided(case: Case) -> None:
    with after(364):
        assert decisions() == []
        assert said("retention") == "No case's time for anything has come.\n"


def test_a_victim_who_comes_back_in_the_last_moment_is_heard(case: Case) -> None:
    with after(365):
        (decided,) = decisions()
        actions.act(case)
        assert not ending.carry_out(decided)
    assert not Case.objects.get().is_withdrawn


# -- closing ---------------------------------------------------------------------------
def test_a_closed_case_loses_its_files_and_later_its_words_but_is_watched_on(
    case: Case, wren: User, django_capture_on_commit_callbacks: Commit
) -> None:
    stored = case.exhibits.get().stored_as
    actions.keep_contact(case, '{"mail": "a@b.example"}')
    with after(0):
        retention.close_case(case, wren, "all copies are gone")
    with after(30), django_capture_on_commit_callbacks(execute=True):
        sweep_retention()
    assert not storages["evidence"].exists(stored)
    assert bytes(case.reports.get().details) != b""
    with after(180):
        sweep_retention()
        assert decisions() == []
    case.refresh_from_db()
    assert (bytes(case.reports.get().details), bytes(case.contact)) == (b"", b"")
    assert not case.events.exists()
    assert not case.is_withdrawn
    assert case.consents_to(Consent.Kind.MATCHING)


def test_a_closed_case_opens_again_when_the_victim_comes_back(
    case: Case, wren: User
) -> None:
    with after(0):
        retention.close_case(case, wren, "all copies are gone")
        with pytest.raises(HoldError, match="closed already"):
            retention.close_case(case, wren, "again")
        messaging.send_message(case, "there is a new one")
    with after(180):
        assert decisions() == []


def test_a_case_is_closed_from_the_command_line_with_a_reason(
    case: Case, wren: User
) -> None:
    with pytest.raises(CommandError, match="write why"):
        call_command("close_case", case.reference, by="wren", reason=" ")
    call_command("close_case", case.reference, by="wren", reason="gone", verbosity=0)
    assert AuditEntry.objects.filter(verb="close", user=wren).exists()
    with pytest.raises(CommandError, match="no such case"):
        call_command("close_case", "R-NONE", by="wren", reason="gone")


# -- holds -----------------------------------------------------------------------------
def a_hold(case: Case, wren: User, stella: User, days: int = 400) -> Hold:
    with after(100):
        until = START.date() + days * DAY
        hold = retention.ask_hold(case, wren, reason="a court asked", until=until)
        retention.approve_hold(hold, stella)
    return hold


def test_a_hold_of_two_people_stops_deletion_until_its_day(
    case: Case, wren: User, stella: User
) -> None:
    a_hold(case, wren, stella)
    with after(400):
        sweep_retention()
        assert not Case.objects.get().is_withdrawn
    with after(401):
        sweep_retention()
        assert Case.objects.get().ending == Case.Ending.EXPIRED


def test_a_hold_that_one_person_asked_for_stops_nothing(
    case: Case, wren: User, stella: User
) -> None:
    with after(100):
        until = START.date() + 400 * DAY
        hold = retention.ask_hold(case, wren, reason="a court asked", until=until)
        with pytest.raises(HoldError, match="Another person"):
            retention.approve_hold(hold, wren)
    with after(365):
        assert [decision.is_held for decision in decisions()] == [False]


@pytest.mark.parametrize("path", ["update", "create", "bulk"])
def test_the_database_refuses_the_same_person_twice_on_every_path(
    case: Case, wren: User, path: str
) -> None:
    row = {"case": case, "reason": "x", "until": date(2027, 1, 1), "asked_by": wren}
    Hold.objects.create(**row)
    paths: dict[str, Callable[[], object]] = {
        "update": partial(Hold.objects.update, approved_by=wren),
        "create": partial(Hold.objects.create, **row, approved_by=wren),
        "bulk": partial(Hold.objects.bulk_create, [Hold(**row, approved_by=wren)]),
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        paths[path]()


def test_a_hold_is_ended_before_its_day_and_all_steps_are_on_record(
    case: Case, wren: User, stella: User
) -> None:
    hold = a_hold(case, wren, stella)
    with after(200):
        with pytest.raises(HoldError, match="not waiting"):
            retention.approve_hold(hold, stella)
        retention.end_hold(hold, wren, "the court is done")
        with pytest.raises(HoldError, match="ended already"):
            retention.end_hold(hold, wren, "again")
    verbs = AuditEntry.objects.values_list("verb", flat=True)
    assert set(verbs) >= {"ask_hold", "approve_hold", "end_hold"}
    with after(365):
        assert [decision.is_held for decision in decisions()] == [False]


@pytest.mark.parametrize(
    ("reason", "days"), [(" ", 10), ("court", 0), ("court", -1), ("court", 400)]
)
def test_a_hold_needs_a_reason_and_a_day_within_a_year(
    case: Case, wren: User, reason: str, days: int
) -> None:
    until = START.date() + days * DAY
    with after(0), pytest.raises(HoldError):
        retention.ask_hold(case, wren, reason=reason, until=until)
    assert not Hold.objects.exists()


def test_a_hold_cannot_stop_a_victim_who_withdraws(
    case: Case, wren: User, stella: User
) -> None:
    a_hold(case, wren, stella)
    actions.withdraw_case(case)
    assert not case.wraps.exists()
    until = START.date() + 200 * DAY
    with after(100), pytest.raises(HoldError, match="nothing left"):
        retention.ask_hold(case, wren, reason="late", until=until)


def test_holds_are_kept_from_the_command_line(
    case: Case, wren: User, stella: User
) -> None:
    until = (datetime.now(UTC) + 30 * DAY).date().isoformat()
    asks = ("ask", case.reference, f"--until={until}", "--by=wren", "--reason=court")
    assert "a second person" in said("hold", *asks)
    hold = Hold.objects.get()
    with pytest.raises(CommandError, match="Another person"):
        said("hold", "approve", str(hold.pk), "--by=wren")
    assert until in said("hold", "approve", str(hold.pk), "--by=stella")
    assert "ended" in said("hold", "end", str(hold.pk), "--by=wren", "--reason=done")
    for wrong in (
        ("approve", "999", "--by=wren"),
        ("approve", "1", "--by=nobody"),
        ("ask", "R-NONE", f"--until={until}", "--by=wren", "--reason=court"),
    ):
        with pytest.raises(CommandError):
            said("hold", *wrong)


# -- the explanation -------------------------------------------------------------------
def test_a_dry_run_explains_each_decision_and_does_nothing(
    case: Case, wren: User, stella: User
) -> None:
    a_hold(case, wren, stella)
    with after(0):
        free = a_case("ben")
        closed = a_case("cho")
        retention.close_case(closed, wren, "gone")
        Case.objects.filter(pk=closed.pk).update(delete_on=date(2040, 1, 1))
    with after(365):
        lines = said("retention", "--dry-run").splitlines()
    told = (
        "delete everything: its day was 2027-01-01; the victim last came by 2026-01-01."
    )
    words = "delete messages, words, addresses and old steps"
    since = "closed since 2026-01-01, and they are kept for"
    assert sorted(lines) == sorted(
        [
            f"{case.reference}: {told} Not now: held by wren and stella until 2027-02-05.",
            f"{free.reference}: {told}",
            f"{closed.reference}: delete the files: {since} 30 days.",
            f"{closed.reference}: {words}: {since} 180 days.",
            "Nothing was done.",
        ]
    )
    assert Case.objects.active().count() == 3


def test_without_dry_run_the_command_does_what_it_says(case: Case) -> None:
    with after(365):
        assert f"{case.reference}: delete everything" in said("retention")
        assert said("retention") == "No case's time for anything has come.\n"
    assert Case.objects.get().ending == Case.Ending.EXPIRED


def test_every_decision_has_its_words() -> None:
    assert all(what.label for what in What)
