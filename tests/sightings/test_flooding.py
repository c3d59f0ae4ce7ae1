from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from pytest_django import Settings

import tracker
from portal.bank.models import Signal, Tally
from portal.cases.models import Case
from portal.sightings import actions, flooding
from portal.sightings.models import Alert, Sighting
from tests import drawing
from tests.sightings.conftest import REPORTED, a_processed_case

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 3, 1, 20, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def low_floors(settings: Settings) -> None:
    settings.FLOOD_AN_HOUR, settings.FLOOD_A_DAY = 6, 40


def seen(case: Case, count: int, at: datetime = NOW, **facts: Any) -> None:
    """Copies of so many different files, as a crawl would have recorded them."""
    signal = case.signals.whole().get(type="pdq")
    first = Sighting.objects.count()
    Sighting.objects.bulk_create(
        Sighting(
            **{
                "case": case,
                "exhibit": signal.exhibit,
                "signal": signal,
                "key": f"{number}".encode(),
                "url": f"https://chirp.example/{number}",
                "media_url": f"https://chirp.example/{number}.jpg",
                "host": "chirp.example",
                "seen_at": at,
                "found": Sighting.Found.CRAWLED,
                "kind": Sighting.Kind.NEAR,
                "distance": 20,
                "matched_type": "pdq",
                "sha256": f"{number:064x}",
            }
            | facts
        )
        for number in range(first, first + count)
    )


def held() -> list[str]:
    rows = Signal.objects.exclude(quarantined_at=None)
    return list(rows.values_list("type", flat=True))


def swept() -> int:
    with time_machine.travel(NOW, tick=False):
        return len(flooding.sweep())


def test_a_signal_that_matches_everything_is_held_back_and_the_desk_alerted() -> None:
    case = a_processed_case()
    seen(case, 7)
    assert (swept(), swept()) == (1, 0), "once"
    assert held() == ["pdq"]
    alert = Alert.objects.get(kind=Alert.Kind.FLOOD)
    assert alert.case == case


def test_what_machines_asked_about_counts_together_with_what_was_seen() -> None:
    case = a_processed_case()
    seen(case, 4)
    assert swept() == 0
    signal = case.signals.whole().get(type="pdq")
    Tally.objects.create(signal=signal, hour=NOW.replace(minute=0), pictures=3)
    assert swept() == 1


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": Sighting.Kind.EXACT},
        {"decision": Sighting.Decision.CONFIRMED},
        {"sha256": "ab" * 32},
        {"seen_at": NOW - timedelta(days=3)},
    ],
    ids=["the same file", "confirmed", "one file at many places", "long ago"],
)
def test_what_is_no_flood(facts: dict[str, Any]) -> None:
    seen(a_processed_case(), 30, **facts)
    assert swept() == 0


def test_a_copy_that_is_everywhere_from_the_start_counts_with_its_deposit() -> None:
    with time_machine.travel(NOW, tick=False):
        case = a_processed_case()
    long_ago = NOW - timedelta(days=90)
    seen(case, 7, long_ago, found=Sighting.Found.REMEMBERED)
    assert swept() == 1


def test_nothing_of_a_case_that_ended_is_held_back() -> None:
    case = a_processed_case()
    seen(case, 7)
    Case.objects.update(withdrawn_at=NOW, ending=Case.Ending.WITHDRAWN)
    assert swept() == 0


def test_while_it_is_held_back_every_copy_still_reaches_the_desk() -> None:
    case = a_processed_case()
    seen(case, 7)
    swept()
    before = case.events.filter(kind="copy_found").count()
    find = tracker.Find(
        "https://chirp.example/new",
        tracker.Media("https://chirp.example/new.jpg", recompressed(), "image/jpeg"),
        "mallory",
        None,
        "",
    )
    Signal.objects.filter(type="phash").update(quarantined_at=NOW)
    (sighting,) = actions.handle_find(find, found=Sighting.Found.CRAWLED)
    assert sighting.kind == Sighting.Kind.POSSIBLE
    assert case.events.filter(kind="copy_found").count() == before


def recompressed() -> bytes:
    return drawing.encode(drawing.landscape(REPORTED), "JPEG", quality=60)
