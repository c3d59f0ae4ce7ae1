"""The clock: met, missed, and never missed before somebody looked."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from portal.accounts.models import User
from portal.cases.actions import withdraw_case
from portal.cases.models import Case
from portal.notices import actions
from portal.notices.models import Notice
from portal.notices.tasks import sweep_deadlines
from portal.platforms.models import Platform
from portal.sightings.models import Alert, Sighting
from tests.notices.conftest import US, a_sent

pytestmark = pytest.mark.django_db
State = Notice.State
START = datetime(2026, 11, 21, 12, tzinfo=UTC)
DUE = START + timedelta(hours=48)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def sent(
    clock: time_machine.Traveller,
    sighting: Sighting,
    wren: User,
    stella: User,
    outbox: Path,
) -> Notice:
    return a_sent(sighting, wren, stella)


def look(**found: object) -> None:
    Sighting.objects.update(checked_at=timezone.now(), **found)


def missed(notice: Notice) -> bool:
    sweep_deadlines()
    notice.refresh_from_db()
    notice.deadline.refresh_from_db()
    return notice.deadline.missed_at is not None


@pytest.mark.parametrize("status", [Sighting.Status.GONE, Sighting.Status.REPLACED])
def test_a_copy_that_is_gone_meets_the_deadline(
    sent: Notice, clock: time_machine.Traveller, status: Sighting.Status
) -> None:
    clock.shift(timedelta(hours=20))
    look(status=status)
    clock.shift(timedelta(hours=40))
    assert not missed(sent)
    assert sent.state == State.REMOVED
    assert sent.deadline.met_at == START + timedelta(hours=20)
    assert not Alert.objects.filter(kind="overdue").exists()


def test_an_acknowledged_notice_is_settled_too(
    sent: Notice, wren: User, clock: time_machine.Traveller
) -> None:
    actions.acknowledge(sent, wren, "ticket 7")
    look(status=Sighting.Status.GONE)
    assert not missed(sent)
    assert sent.state == State.REMOVED


def test_nothing_is_missed_before_its_time(
    sent: Notice, clock: time_machine.Traveller
) -> None:
    clock.move_to(DUE - timedelta(seconds=1))
    look()
    assert not missed(sent)


def test_a_copy_seen_after_the_deadline_is_overdue_once(
    sent: Notice, clock: time_machine.Traveller
) -> None:
    clock.move_to(DUE)
    look()
    assert missed(sent)
    assert missed(sent)
    assert sent.deadline.missed_at == DUE
    assert sent.state == State.SENT, "the next step is a person's"
    alert = Alert.objects.get(kind="overdue")
    assert alert.subject == f"notice:{sent.pk}"
    assert sent.case.events.filter(kind="deadline_missed").count() == 1


def test_nobody_is_accused_before_somebody_looked(
    sent: Notice, clock: time_machine.Traveller
) -> None:
    clock.move_to(DUE + timedelta(minutes=1))
    Sighting.objects.update(next_check_at=DUE + timedelta(hours=5))
    assert not missed(sent)
    assert Sighting.objects.get().next_check_at == timezone.now(), "a look is asked for"
    clock.shift(timedelta(minutes=1))
    assert not missed(sent)
    assert Sighting.objects.get().next_check_at != timezone.now(), "and asked for once"
    look(misses=1)
    assert not missed(sent), "it may just be going"
    look(misses=0)
    assert missed(sent)


def test_a_copy_that_nobody_can_look_at_is_overdue_after_a_while(
    sent: Notice, clock: time_machine.Traveller
) -> None:
    clock.move_to(DUE + timedelta(minutes=59))
    assert not missed(sent)
    clock.shift(timedelta(minutes=1))
    assert missed(sent)


def test_a_removal_after_the_deadline_is_still_a_removal(
    sent: Notice, clock: time_machine.Traveller
) -> None:
    clock.move_to(DUE)
    look()
    assert missed(sent)
    clock.shift(timedelta(days=3))
    look(status=Sighting.Status.GONE)
    assert missed(sent), "what was missed stays missed"
    assert sent.state == State.REMOVED
    assert sent.deadline.met_at == DUE + timedelta(days=3)


def test_a_withdrawn_case_raises_no_alarm(
    sent: Notice, clock: time_machine.Traveller
) -> None:
    withdraw_case(Case.objects.get())
    clock.move_to(DUE + timedelta(days=1))
    assert not missed(sent)


def test_a_refused_notice_is_not_overdue(
    sent: Notice, wren: User, clock: time_machine.Traveller
) -> None:
    actions.refuse(sent, wren, "they see no violation")
    clock.move_to(DUE + timedelta(days=1))
    assert not missed(sent)


def test_a_copy_that_returns_gets_a_new_notice(
    sent: Notice, wren: User, clock: time_machine.Traveller
) -> None:
    look(status=Sighting.Status.GONE)
    sweep_deadlines()
    look(status=Sighting.Status.UP)
    again = actions.draft(Sighting.objects.get(), wren, rule_id=US)
    assert again.pk != sent.pk


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize(
    "start",
    [
        datetime(2027, 3, 13, 12, tzinfo=UTC),  # summer time begins in New York
        datetime(2027, 3, 27, 12, tzinfo=UTC),  # and in Berlin
        datetime(2027, 10, 30, 12, tzinfo=UTC),  # and ends there
        datetime(2027, 11, 6, 12, tzinfo=UTC),  # a weekend, too
    ],
)
def test_48_hours_are_48_hours_whatever_the_clocks_on_the_wall_do(
    zone: str,
    start: datetime,
    sighting: Sighting,
    wren: User,
    stella: User,
    outbox: Path,
) -> None:
    with time_machine.travel(start, tick=False), timezone.override(ZoneInfo(zone)):
        notice = a_sent(sighting, wren, stella)
    assert notice.deadline.due_at - start == timedelta(seconds=48 * 3600)


def test_an_unknown_platform_s_copy_can_be_settled(
    sent: Notice, chirp: Platform, clock: time_machine.Traveller
) -> None:
    Sighting.objects.update(platform=None)
    look(status=Sighting.Status.GONE)
    assert not missed(sent)
    assert sent.state == State.REMOVED
