"""Delivery: once, only while it is wanted, and again later if it failed for now."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from pytest_django import Settings

from portal.accounts.models import User
from portal.cases.actions import revoke_consent, withdraw_case
from portal.cases.models import Case, Consent
from portal.notices import actions
from portal.notices.channels.outbox import Outbox
from portal.notices.models import Delivery, Notice
from portal.notices.tasks import deliver_notice, sweep_notices
from portal.platforms.models import Platform
from portal.sightings.models import Sighting
from tests.mailserver import MailServer, serve
from tests.notices.conftest import an_approved

pytestmark = pytest.mark.django_db
State = Notice.State
START = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def approved(
    clock: time_machine.Traveller, sighting: Sighting, wren: User, stella: User
) -> Notice:
    return an_approved(sighting, wren, stella)


@pytest.fixture
def server(settings: Settings, chirp: Platform) -> Iterator[MailServer]:
    Platform.objects.update(channel="smtp")
    with serve() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def mails(outbox: Path) -> list[Path]:
    return sorted(outbox.iterdir()) if outbox.exists() else []


def told(notice: Notice) -> str:
    event = notice.case.events.last()
    assert event
    return event.kind


def test_a_delivered_notice_has_a_receipt_a_deadline_and_is_watched(
    approved: Notice, outbox: Path
) -> None:
    deliver_notice(approved.pk)
    approved.refresh_from_db()
    assert approved.state == State.SENT
    assert approved.sent_at == START
    assert [path.name for path in mails(outbox)] == [f"{approved.reference}.eml"]
    delivery = approved.deliveries.get()
    assert delivery.ok
    assert delivery.receipt == f"outbox:{approved.reference}.eml"
    assert approved.deadline.due_at == START + timedelta(hours=48)
    event = approved.case.events.get(kind="notice_sent")
    assert event.data["due"] == "2026-11-23T12:00:00+00:00"
    assert Sighting.objects.get().watched_since == START


def test_a_bell_rung_twice_sends_one_mail(approved: Notice, outbox: Path) -> None:
    deliver_notice(approved.pk)
    deliver_notice(approved.pk)
    assert len(mails(outbox)) == 1
    assert Delivery.objects.count() == 1


@pytest.mark.usefixtures("bells")
def test_a_worker_that_dies_after_its_claim_costs_minutes_and_no_mail(
    approved: Notice, outbox: Path, clock: time_machine.Traveller
) -> None:
    assert Notice.objects.claim(approved.pk)
    sweep_notices()
    assert mails(outbox) == []
    clock.shift(timedelta(minutes=3))
    sweep_notices()
    sweep_notices()
    assert len(mails(outbox)) == 1
    assert Notice.objects.get().state == State.SENT


@pytest.mark.usefixtures("bells")
def test_a_worker_that_dies_after_sending_causes_no_second_file(
    approved: Notice, outbox: Path, clock: time_machine.Traveller
) -> None:
    claimed = Notice.objects.claim(approved.pk)
    assert claimed
    Outbox().send(claimed)
    clock.shift(timedelta(minutes=3))
    sweep_notices()
    assert len(mails(outbox)) == 1
    assert Notice.objects.get().state == State.SENT


def test_a_worker_that_was_taken_for_dead_changes_nothing_any_more(
    approved: Notice, outbox: Path, clock: time_machine.Traveller
) -> None:
    late = Notice.objects.claim(approved.pk)
    assert late
    clock.shift(timedelta(minutes=3))
    deliver_notice(approved.pk)
    sent = Notice.objects.get()
    clock.shift(timedelta(minutes=1))
    actions.deliver(late)
    assert Notice.objects.get().sent_at == sent.sent_at
    assert approved.case.events.filter(kind="notice_sent").count() == 1
    assert len(mails(outbox)) == 1


def test_only_a_claimed_notice_is_delivered(approved: Notice, outbox: Path) -> None:
    with pytest.raises(ValueError, match="Claim"):
        actions.deliver(approved)
    assert mails(outbox) == []


def test_a_withdrawn_case_is_never_sent(approved: Notice, outbox: Path) -> None:
    withdraw_case(Case.objects.get())
    deliver_notice(approved.pk)
    assert mails(outbox) == []
    assert not Notice.objects.stranded().exists()


def test_a_case_withdrawn_after_the_claim_is_not_sent_either(
    approved: Notice, outbox: Path
) -> None:
    claimed = Notice.objects.claim(approved.pk)
    assert claimed
    withdraw_case(Case.objects.get())
    actions.deliver(claimed)
    assert mails(outbox) == []
    assert claimed.state == State.CANCELLED


def test_a_consent_taken_back_cancels_what_is_not_yet_sent(
    approved: Notice, outbox: Path
) -> None:
    revoke_consent(approved.case, Consent.Kind.NOTICES)
    deliver_notice(approved.pk)
    assert mails(outbox) == []
    assert Notice.objects.get().state == State.CANCELLED
    assert told(approved) == "notice_cancelled"


@pytest.mark.usefixtures("bells")
def test_a_server_s_not_now_is_tried_again_later_and_later(
    approved: Notice, server: MailServer, clock: time_machine.Traveller
) -> None:
    server.replies["RCPT"] = "451 greylisted"
    waits = []
    for _ in range(3):
        sweep_notices()
        approved.refresh_from_db()
        assert approved.state == State.APPROVED
        waits.append(approved.try_at - datetime.now(UTC))
        sweep_notices()  # not yet due: nothing happens
        clock.move_to(approved.try_at)
    assert waits == [timedelta(minutes=minutes) for minutes in (1, 2, 4)]
    assert list(approved.deliveries.values_list("error", flat=True)) == ["smtp_451"] * 3
    server.replies.clear()
    sweep_notices()
    approved.refresh_from_db()
    assert approved.state == State.SENT
    assert len(server.mails) == 1


def test_a_server_s_no_ends_it(approved: Notice, server: MailServer) -> None:
    server.replies["RCPT"] = "550 no such mailbox"
    deliver_notice(approved.pk)
    approved.refresh_from_db()
    assert approved.state == State.FAILED
    assert approved.deliveries.get().error == "smtp_550"
    assert told(approved) == "notice_failed"
    assert not hasattr(approved, "deadline")


@pytest.mark.usefixtures("bells")
def test_a_server_that_stays_away_ends_it_after_about_a_day(
    approved: Notice, server: MailServer, clock: time_machine.Traveller
) -> None:
    server.drops_at = "DATA"
    while Notice.objects.get().state == State.APPROVED:
        clock.move_to(Notice.objects.get().try_at)
        sweep_notices()
    assert Notice.objects.get().state == State.FAILED
    assert Delivery.objects.count() == actions.MAX_ATTEMPTS
    assert datetime.now(UTC) - START < timedelta(hours=30)


def test_a_notice_that_kills_its_workers_ends(
    approved: Notice, outbox: Path, clock: time_machine.Traveller
) -> None:
    for _ in range(actions.MAX_ATTEMPTS):
        assert Notice.objects.claim(approved.pk)
        clock.shift(timedelta(minutes=3))
    deliver_notice(approved.pk)
    assert Notice.objects.get().state == State.FAILED
    assert mails(outbox) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [({"channel": "pigeon"}, "unknown_channel"), ({"contact": "nobody"}, "bad_mail")],
)
def test_what_can_never_be_sent_fails_at_once(
    approved: Notice, outbox: Path, change: dict[str, str], code: str
) -> None:
    Platform.objects.update(**change)
    deliver_notice(approved.pk)
    assert Notice.objects.get().state == State.FAILED
    assert Delivery.objects.get().error == code


def test_a_rule_that_is_gone_fails_before_anything_is_sent(
    approved: Notice, outbox: Path
) -> None:
    Notice.objects.update(rule="repealed")
    deliver_notice(approved.pk)
    assert Delivery.objects.get().error == "unknown_rule"
    assert mails(outbox) == []


def test_an_outbox_that_cannot_be_written_is_tried_again(
    approved: Notice, outbox: Path
) -> None:
    outbox.parent.mkdir(exist_ok=True)
    outbox.write_text("a file where the folder should be")
    deliver_notice(approved.pk)
    assert Notice.objects.get().state == State.APPROVED
    assert Delivery.objects.get().error == "outbox_unwritable"


def test_a_disk_that_fills_up_leaves_no_half_file(
    approved: Notice, outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("portal.notices.channels.outbox.os.fsync", full)
    deliver_notice(approved.pk)
    assert Notice.objects.get().state == State.APPROVED
    assert mails(outbox) == []


def test_a_reference_that_is_a_path_writes_nothing(
    approved: Notice, outbox: Path
) -> None:
    Notice.objects.update(reference="../../evil")
    deliver_notice(approved.pk)
    assert Delivery.objects.get().error == "bad_reference"
    assert mails(outbox) == []


def test_a_sender_without_an_organisation_sends_nothing(
    approved: Notice, outbox: Path
) -> None:
    User.objects.update(organisation=None)
    deliver_notice(approved.pk)
    assert Delivery.objects.get().error == "bad_mail"
