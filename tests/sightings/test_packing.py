"""Rows are packed into spans and forgotten in time; whatever breaks, every row is found."""

import errno
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from pytest_django import Settings

import tracker
from portal.bank.models import Sequence
from portal.sightings import actions, packing
from portal.sightings.models import Observation, Sighting
from portal.sightings.tasks import pack_observations, sweep_observations
from tests.sightings.memory import a_hash_report, far, near, observe

pytestmark = pytest.mark.django_db

TODAY = datetime(2026, 7, 5, 12, tzinfo=UTC)
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    settings.OBSERVATIONS_URL = f"file://{tmp_path / 'memory'}"
    settings.OBSERVATIONS_PACK_AFTER = 1000
    with time_machine.travel(TODAY, tick=False):
        yield tmp_path / "memory"


def shards(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.shard"))


def kept() -> list[tuple[int, int]]:
    spans = packing.spans(packing.memory())
    return [(span.after, span.upto) for span in spans]


def looked_back() -> list[Sighting]:
    report = a_hash_report(f"report {Sighting.objects.count()}")
    actions.process_report(report)
    return list(report.case.sightings.order_by("seen_at"))


def test_nothing_is_packed_of_nothing(folder: Path) -> None:
    pack_observations()
    assert (packing.pack(), packing.forget(), shards(folder)) == (0, 0, [])
    assert looked_back() == []


def test_past_days_are_packed_and_a_few_rows_of_today_wait(folder: Path) -> None:
    old = observe(near(3), far(1), seen_at=YESTERDAY)
    (new,) = observe(near(5))
    assert packing.pack() == 1
    assert kept() == [(0, old[-1].pk)]
    assert packing.pack() == 0
    assert [copy.url for copy in looked_back()] == [old[0].url, new.url]


def test_many_rows_of_today_are_packed_at_once(settings: Settings) -> None:
    settings.OBSERVATIONS_PACK_AFTER = 3
    rows = observe(near(3), far(1), far(2))
    assert packing.pack() == 1
    assert kept() == [(0, rows[-1].pk)]
    assert [copy.distance for copy in looked_back()] == [3]


def test_each_day_and_each_million_is_a_span_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packing, "LARGEST", 2)
    first = observe(far(1), far(2), far(3), seen_at=YESTERDAY - timedelta(days=1))
    second = observe(far(4), seen_at=YESTERDAY)
    assert packing.pack() == 3
    ends = [0, first[1].pk, first[2].pk, second[0].pk]
    assert kept() == list(pairwise(ends))


def test_a_row_that_is_too_plain_or_of_another_version_is_packed_and_never_met() -> (
    None
):
    observe(near(0), version="pdq/0", seen_at=YESTERDAY)
    plain, found = observe(far(1), near(1), seen_at=YESTERDAY)
    Observation.objects.filter(pk=plain.pk).update(pdq=None, pdq_version="")
    packing.pack()
    assert [copy.url for copy in looked_back()] == [found.url]


def test_the_files_only_name_and_the_row_judges(folder: Path) -> None:
    row, gone = observe(near(1), near(2), seen_at=YESTERDAY)
    observe(far(1), seen_at=YESTERDAY)
    packing.pack()
    Observation.objects.filter(pk=row.pk).update(pdq=far(9))
    Observation.objects.filter(pk=gone.pk).delete()
    assert looked_back() == []


@pytest.mark.parametrize("harm", ["cut", "flip", "remove", "foreign"])
def test_what_a_damaged_shard_held_is_found_in_the_rows_and_packed_anew(
    folder: Path, harm: str
) -> None:
    rows = observe(near(3), far(1), seen_at=YESTERDAY)
    packing.pack()
    (path,) = shards(folder)
    whole = path.read_bytes()
    match harm:
        case "cut":
            path.write_bytes(whole[:-5])
        case "flip":
            at = whole.index(near(3))
            path.write_bytes(whole[:at] + far(7) + whole[at + 32 :])
        case "remove":
            path.unlink()
        case "foreign":
            bank = str(Sequence.objects.get().bank)
            path.write_bytes(whole.replace(bank.encode(), bank[::-1].encode()))
    assert [copy.url for copy in looked_back()] == [rows[0].url]
    assert packing.pack() == 1
    assert shards(folder)[0].read_bytes() == whole
    assert [copy.url for copy in looked_back()] == [rows[0].url]


def test_a_span_of_a_database_that_was_put_back_since_is_not_ours(
    folder: Path,
) -> None:
    """Its numbers are given out again, to other pictures."""
    rows = observe(far(1), far(2), seen_at=YESTERDAY)
    packing.pack()
    key = far(8)
    again = {"key": key, "pdq": near(1)}
    Observation.objects.filter(pk=rows[-1].pk).update(**again)
    assert kept() == []
    assert [copy.distance for copy in looked_back()] == [1]
    assert packing.pack() == 1
    assert kept() == [(0, rows[-1].pk)]


def test_a_hole_between_spans_is_filled_however_few_its_rows(folder: Path) -> None:
    for day in (3, 2, 1):
        observe(near(day), seen_at=TODAY - timedelta(days=day))
        packing.pack()
    before = kept()
    shards(folder)[1].unlink()
    assert len(kept()) == 2
    assert packing.pack() == 1
    assert kept() == before
    assert [copy.distance for copy in looked_back()] == [3, 2, 1]


def test_on_a_full_disk_the_rows_serve_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (row,) = observe(near(3), seen_at=YESTERDAY)
    monkeypatch.setattr("tracker.arrays.os.fsync", refuses)
    with pytest.raises(OSError, match="No space"):
        packing.pack()
    monkeypatch.undo()
    assert list(folder.rglob("*shard*")) == []
    assert [copy.url for copy in looked_back()] == [row.url]


def test_two_packers_at_once_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = observe(near(3), far(1), seen_at=YESTERDAY)
    really = packing._gather

    def meanwhile(after: int, upto: int) -> object:
        monkeypatch.setattr(packing, "_gather", really)
        observe(near(4), seen_at=YESTERDAY)
        assert packing.pack() == 1, "the other packer was here in between"
        return really(after, upto)

    monkeypatch.setattr(packing, "_gather", meanwhile)
    packing.pack()
    assert kept() == [(0, rows[-1].pk + 1)]
    assert [copy.distance for copy in looked_back()] == [3, 4]
    packing.pack()
    assert len(packing.memory().spans()) == 1


def test_a_clock_that_went_backwards_loses_nothing() -> None:
    observe(near(1), seen_at=YESTERDAY)
    observe(near(2), seen_at=YESTERDAY - timedelta(days=400))
    observe(near(3), seen_at=YESTERDAY)
    with time_machine.travel(YESTERDAY - timedelta(days=2)):
        assert packing.pack() == 0, "no day is past yet"
    assert packing.pack() == 1
    assert [copy.distance for copy in looked_back()] == [1, 3], "one has expired"


def test_retention_drops_whole_shards_and_no_expired_row_matches(
    folder: Path, settings: Settings
) -> None:
    settings.OBSERVATION_LIFETIME = timedelta(days=3)
    observe(near(1), seen_at=TODAY - timedelta(days=2))
    packing.pack()
    observe(near(2), seen_at=YESTERDAY)
    packing.pack()
    with time_machine.travel(TODAY + timedelta(days=1, hours=1)):
        assert [copy.distance for copy in looked_back()] == [2], "before any sweep"
        sweep_observations()
        assert Observation.objects.count() == 1
        assert len(kept()) == len(shards(folder)) == 1
        assert [copy.distance for copy in looked_back()] == [2]


def test_a_shard_that_a_wrong_clock_made_young_is_packed_anew_without_the_old(
    folder: Path, settings: Settings
) -> None:
    settings.OBSERVATION_LIFETIME = timedelta(days=3)
    observe(far(1), seen_at=YESTERDAY + timedelta(days=3000))
    observe(near(1), seen_at=YESTERDAY)
    observe(near(2), seen_at=YESTERDAY + timedelta(days=3000))
    with time_machine.travel(TODAY + timedelta(days=3001)):
        packing.pack()
    (path,) = shards(folder)
    assert near(1) in path.read_bytes()
    with time_machine.travel(TODAY + timedelta(days=7)):
        assert packing.forget() == 1
        assert shards(folder) == []
        assert [copy.distance for copy in looked_back()] == [2]


def test_the_memory_is_verified_from_the_command_line(folder: Path) -> None:
    def verify() -> str:
        call_command("verify_memory", stdout=(out := io.StringIO()))
        return out.getvalue()

    rows = observe(near(1), seen_at=YESTERDAY)
    packing.pack()
    assert verify() == f"1 spans up to observation {rows[0].pk}, all sound.\n"
    (path,) = shards(folder)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CommandError, match="cut short"):
        verify()


def test_a_place_of_spans_that_does_not_answer_costs_time_and_no_match(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Away:
        def spans(self) -> list[tracker.Span]:
            raise ConnectionError("ClickHouse does not answer.")

    observe(near(3), seen_at=YESTERDAY)
    packing.pack()
    monkeypatch.setattr(packing, "memory", Away)
    assert [copy.distance for copy in looked_back()] == [3]


def test_while_a_crawler_writes_for_long_nothing_is_packed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def times_out(*_: object, **__: object) -> None:
        raise OperationalError("canceling statement due to lock timeout")

    observe(near(3), seen_at=YESTERDAY)
    with connection.execute_wrapper(times_out):
        assert packing._settled() == 0
    assert packing.pack() == 1
