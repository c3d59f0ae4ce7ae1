from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.platforms.models import Platform
from portal.sightings import rechecking, visiting
from portal.sightings.models import Alert, Sighting
from portal.sightings.tasks import recheck_sighting, sweep_rechecks
from tests.loopback_sites import Answer
from tests.sightings.conftest import World, a_processed_case, page, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def sighting(world: World) -> Sighting:
    a_processed_case()
    visiting.crawl(world.source)
    return Sighting.objects.get()


def looked(sighting: Sighting) -> tuple[str, str]:
    seen = rechecking.recheck(Sighting.objects.get(pk=sighting.pk)).seen
    return seen, Sighting.objects.get(pk=sighting.pk).status


def test_a_copy_that_is_there_is_still_up(sighting: Sighting) -> None:
    assert looked(sighting) == ("up", "up")


def test_a_copy_is_gone_after_three_misses(world: World, sighting: Sighting) -> None:
    del world.site.pages["/copy.jpg"]
    world.site.pages["/"] = page("/other.jpg")
    assert looked(sighting) == ("missing", "up")
    assert looked(sighting) == ("missing", "up")
    assert looked(sighting) == ("missing", "gone")
    assert sighting.case.events.filter(kind="gone").count() == 1
    assert looked(sighting) == ("missing", "gone")
    assert sighting.case.events.filter(kind="gone").count() == 1


def test_misses_too_near_together_count_as_one(
    world: World, sighting: Sighting
) -> None:
    Platform.objects.update(recheck_gap=180)
    del world.site.pages["/copy.jpg"]
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for seconds, status in [
        (0, "up"),
        (10, "up"),
        (20, "up"),
        (190, "up"),
        (380, "gone"),
    ]:
        with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
            assert looked(sighting) == ("missing", status)


def test_one_flicker_begins_the_count_anew(world: World, sighting: Sighting) -> None:
    kept = world.site.pages.pop("/copy.jpg")
    looked(sighting)
    looked(sighting)
    world.site.pages["/copy.jpg"] = kept
    assert looked(sighting) == ("up", "up")
    del world.site.pages["/copy.jpg"]
    assert looked(sighting) == ("missing", "up")


def test_a_page_that_says_removed_in_place_of_the_picture_is_a_miss(
    world: World, sighting: Sighting
) -> None:
    world.site.pages["/copy.jpg"] = "<h1>This picture was removed</h1>"
    assert looked(sighting)[0] == "missing"


def test_another_picture_in_its_place_is_replaced(
    world: World, sighting: Sighting
) -> None:
    world.site.pages["/copy.jpg"] = picture(7)
    assert looked(sighting) == ("replaced", "replaced")
    assert sighting.case.events.filter(kind="replaced").count() == 1


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_wall_never_counts_as_removed(
    world: World, sighting: Sighting, status: int
) -> None:
    world.site.pages["/copy.jpg"] = Answer(b"log in", status=status)
    for _ in range(4):
        assert looked(sighting) == ("walled", "unknown")


@pytest.mark.parametrize("status", [500, 503])
def test_a_broken_server_never_counts_as_removed(
    world: World, sighting: Sighting, status: int
) -> None:
    world.site.pages["/copy.jpg"] = Answer(b"oops", status=status)
    for _ in range(4):
        assert looked(sighting) == ("unreachable", "unknown")


def test_a_server_that_is_away_never_counts_as_removed(sighting: Sighting) -> None:
    Sighting.objects.update(media_url="http://127.0.0.1:9/copy.jpg")
    for _ in range(4):
        assert looked(sighting) == ("unreachable", "unknown")


def test_gone_media_behind_a_walled_page_is_not_yet_gone(
    world: World, sighting: Sighting
) -> None:
    del world.site.pages["/copy.jpg"]
    world.site.pages["/"] = Answer(b"log in", status=403)
    for _ in range(4):
        assert looked(sighting) == ("walled", "unknown")


def test_a_copy_that_comes_back_raises_an_alert(
    world: World, sighting: Sighting
) -> None:
    kept = world.site.pages.pop("/copy.jpg")
    for _ in range(3):
        looked(sighting)
    world.site.pages["/copy.jpg"] = kept
    assert looked(sighting) == ("up", "up")
    assert Alert.objects.filter(kind=Alert.Kind.RETURNED).count() == 1
    assert sighting.case.events.filter(kind="returned").count() == 1


def test_after_a_removal_was_asked_for_checks_follow_the_clock(
    sighting: Sighting,
) -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)

    def hours() -> float:
        due = Sighting.objects.get().next_check_at
        assert due
        return (due - start).total_seconds() / 3600

    with time_machine.travel(start, tick=False):
        rechecking.watch(sighting)
    assert hours() == 1
    for now, then in [
        (1, 3),
        (3, 6),
        (24, 48),
        (48, 72),
        (200, 336),
        (1440, 1440 + 720),
    ]:
        with time_machine.travel(start + timedelta(hours=now), tick=False):
            looked(sighting)
        assert hours() == then


def test_a_check_that_was_asked_for_is_made_by_the_sweep(sighting: Sighting) -> None:
    rechecking.check_now(sighting)
    assert Sighting.objects.to_recheck().count() == 1
    sweep_rechecks()
    recheck_sighting(sighting.pk)
    recheck_sighting(sighting.pk)
    assert sighting.checks.count() == 1
