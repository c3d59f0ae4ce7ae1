"""A report looks back in steps: each is committed, a killed worker's rest is gone on with."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

import tracker
from portal.accounts.models import User
from portal.cases.actions import withdraw_case
from portal.cases.models import Case
from portal.sightings import actions, packing, remembering, tasks
from portal.sightings.models import LookBack, Observation, Sighting
from tests.conftest import signs_in
from tests.sightings.memory import a_hash_report, far, near, observe

pytestmark = pytest.mark.django_db

TODAY = datetime(2026, 7, 5, 12, tzinfo=UTC)
DAYS = 4


class KilledError(Exception):
    """As far as a task can be killed within a test."""


@pytest.fixture(autouse=True)
def days(settings: Settings, tmp_path: Path) -> Iterator[list[Observation]]:
    """A copy on each of four days, each in a shard of its own, and one of today."""
    settings.OBSERVATIONS_URL = f"file://{tmp_path / 'memory'}"
    rows = []
    with time_machine.travel(TODAY, tick=False):
        for day in range(DAYS, 0, -1):
            copy, _ = observe(near(day), far(day), seen_at=TODAY - timedelta(days=day))
            rows.append(copy)
            packing.pack()
        yield [*rows, *observe(near(9))]


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> LookBack:
    """A report that was read, and has not begun to look back."""
    with monkeypatch.context() as patched:
        patched.setattr(actions, "look_back", _give_back)
        actions.process_report(a_hash_report())
    return LookBack.objects.get()


def _give_back(look: LookBack, seconds: float) -> None:
    LookBack.objects.filter(pk=look.pk).update(claimed_at=None)


def urls(case: Case) -> list[str]:
    return list(case.sightings.order_by("seen_at").values_list("url", flat=True))


def test_a_small_memory_is_looked_through_at_once(days: list[Observation]) -> None:
    report = a_hash_report()
    actions.process_report(report)
    assert urls(report.case) == [row.url for row in days]
    assert not LookBack.objects.exists()
    seen = report.case.sightings.order_by("seen_at").first()
    assert seen is not None
    assert seen.seen_at == seen.first_at == TODAY - timedelta(days=DAYS)
    assert (seen.account, seen.found) == ("mallory", Sighting.Found.REMEMBERED)


def test_a_large_one_is_given_back_after_a_while_and_gone_on_with(
    days: list[Observation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "LOOKS_FOR", -1)
    report = a_hash_report()
    actions.process_report(report)
    assert urls(report.case) == [days[0].url], "one step, and its sighting is there"
    assert LookBack.objects.percent(report.case) == 22
    assert LookBack.objects.get().claimed_at is None
    tasks.look_back(LookBack.objects.get().pk)
    assert urls(report.case) == [row.url for row in days]
    assert LookBack.objects.percent(report.case) is None


def test_a_worker_killed_on_the_way_leaves_what_it_found_and_the_rest_to_a_sweep(
    days: list[Observation],
    waiting: LookBack,
    bells: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    really = actions._record_remembered

    def dies(observation: Observation, *how: Any) -> Sighting:
        if observation == days[2]:
            raise KilledError
        return really(observation, *how)

    with monkeypatch.context() as patched:
        patched.setattr(actions, "_record_remembered", dies)
        with pytest.raises(KilledError):
            tasks.look_back(waiting.pk)
    case = waiting.exhibit.case
    assert urls(case) == [row.url for row in days[:2]]
    tasks.sweep_look_backs()
    assert len(urls(case)) == 2, "its worker may be alive"
    with time_machine.travel(TODAY + timedelta(minutes=3)):
        tasks.sweep_look_backs()
    assert urls(case) == [row.url for row in days]
    assert case.events.filter(kind="copy_found").count() == len(days)


def test_a_worker_that_was_taken_for_dead_stops_at_its_next_step(
    waiting: LookBack,
) -> None:
    slow = LookBack.objects.claim(waiting.pk)
    assert slow
    with time_machine.travel(TODAY + timedelta(minutes=3)):
        assert LookBack.objects.claim(waiting.pk)
        actions.look_back(slow)
    assert urls(waiting.exhibit.case) == []
    assert LookBack.objects.filter(pk=waiting.pk).exists()


def test_shards_packed_and_dropped_on_the_way_change_nothing(
    days: list[Observation], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(actions, "LOOKS_FOR", -1)
    report = a_hash_report()
    actions.process_report(report)
    settings.OBSERVATIONS_PACK_AFTER = 1
    packing.pack()
    memory = packing.memory()
    memory.forget(packing.spans(memory)[1])
    tasks.look_back(LookBack.objects.get().pk)
    assert urls(report.case) == [row.url for row in days]


def test_what_is_crawled_later_is_not_waited_for(
    days: list[Observation], waiting: LookBack
) -> None:
    """It asks the bank itself, which has had the signals since."""
    observe(near(2))
    tasks.look_back(waiting.pk)
    assert urls(waiting.exhibit.case) == [row.url for row in days]


def test_a_case_that_ended_meanwhile_is_not_matched_and_its_question_is_dropped(
    waiting: LookBack,
) -> None:
    withdraw_case(waiting.exhibit.case)
    assert LookBack.objects.percent(waiting.exhibit.case) is None
    tasks.look_back(waiting.pk)
    assert not Sighting.objects.exists()
    assert not LookBack.objects.exists()


def test_an_exhibit_that_is_read_again_goes_on_with_its_question(
    waiting: LookBack,
) -> None:
    remembering.begin(waiting.exhibit, [tracker.Signal("pdq", "00" * 32, 100, "pdq/1")])
    assert LookBack.objects.get() == waiting


def test_the_desk_sees_how_far_it_is(
    wren: User, waiting: LookBack, client: Client
) -> None:
    signs_in(client, wren)
    LookBack.objects.update(reached=waiting.after + 4)
    path = f"/desk/cases/{waiting.exhibit.case_id}/"
    words = "Looking through what was crawled before the report: 44 % done."
    assert words in client.get(path).content.decode()
    tasks.look_back(waiting.pk)
    page = client.get(path).content.decode()
    assert "crawled before the report" not in page
    assert "2026-07-03 12:00" in page, "the day when the copy was really seen"
