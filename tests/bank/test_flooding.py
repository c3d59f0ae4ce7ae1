from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

import tracker
from portal.accounts.models import AuditEntry, User
from portal.bank import flooding, tallying
from portal.bank.actions import deposit, lookup
from portal.bank.flooding import Flood, flood, quarantine, release
from portal.bank.models import Signal, Tally
from portal.cases.actions import submit_report
from tests.telling import told

NOW = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
LONG_AGO = NOW - timedelta(days=60)
counts = st.dictionaries(
    st.integers(-240, 3).map(lambda hours: tallying.hour_of(NOW) + hours * HOUR),
    st.integers(0, 3_000),
)


@pytest.fixture
def tally(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has counted nothing yet."""
    monkeypatch.setattr(tallying, "_hour", tallying._Hour())


def a_signal(type_: str = "pdq") -> Signal:
    report = submit_report(token="amina", told=told(pictures=[b"sealed"])).report
    made = tracker.Signal(type_, "9c1e" * 16, 100, f"{type_}/1")
    return deposit(report.exhibits.get(), [made])[0]


def asked(number: int) -> list[tracker.Signal]:
    """A question of its own, some bits from the banked signal."""
    value = int("9c1e" * 16, 16) ^ (number + 1)
    return [tracker.Signal("pdq", f"{value:064x}", 100, "pdq/1")]


# -- when it is a flood ------------------------------------------------------------------
@given(counts, st.integers(0, 59))
def test_few_pictures_are_no_flood(pictures: dict[datetime, int], minute: int) -> None:
    few = {at: n % 81 for at, n in pictures.items()}  # 160 in two hours, 2,000 in 25
    assert flood(few, NOW.replace(minute=minute), LONG_AGO) is None


@given(
    st.lists(st.timedeltas(timedelta(), timedelta(minutes=59, seconds=59)), min_size=1)
)
def test_whatever_comes_within_an_hour_is_seen_at_its_end_across_every_edge(
    ages: list[timedelta],
) -> None:
    pictures: dict[datetime, int] = {}
    for age in ages:
        at = tallying.hour_of(NOW - age)
        pictures[at] = pictures.get(at, 0) + 201
    assert flood(pictures, NOW, LONG_AGO) == Flood(201 * len(ages), 1, 0)


@given(st.integers(201, 100_000))
def test_what_is_usual_is_no_flood(usual: int) -> None:
    this = tallying.hour_of(NOW)
    steady = {this - n * HOUR: usual for n in range(24 * 8)}
    assert flood(steady, NOW, LONG_AGO) is None
    burst = steady | {this: 40 * usual}
    found = flood(burst, NOW, LONG_AGO)
    assert found
    assert found.usual == usual


@given(counts, st.timedeltas(timedelta(), timedelta(days=2)))
def test_a_clock_that_goes_backwards_accuses_nobody(
    pictures: dict[datetime, int], back: timedelta
) -> None:
    then = NOW - back
    known = {at: n for at, n in pictures.items() if at <= then}
    assert flood(pictures, then, LONG_AGO) == flood(known, then, LONG_AGO)


@given(counts, st.integers(1, 5_000))
def test_more_pictures_are_never_less_of_a_flood(
    pictures: dict[datetime, int], more: int
) -> None:
    this = tallying.hour_of(NOW)
    if flood(pictures, NOW, LONG_AGO):
        assert flood(pictures | {this: pictures.get(this, 0) + more}, NOW, LONG_AGO)


def test_of_a_signal_banked_an_hour_ago_the_past_is_an_hour_long() -> None:
    this = tallying.hour_of(NOW)
    pictures = {this: 600, this - 2 * HOUR: 40}
    assert flood(pictures, NOW, NOW - 2 * HOUR) is None  # 40 an hour is its usual
    assert flood(pictures, NOW, LONG_AGO)  # 40 in a week is not


def test_a_slow_flood_is_seen_by_the_day() -> None:
    this = tallying.hour_of(NOW)
    found = flood({this - n * HOUR: 90 for n in range(25)}, NOW, LONG_AGO)
    assert found == Flood(2250, 24, 0)


# -- what is counted ---------------------------------------------------------------------
@pytest.mark.django_db
def test_lookups_are_tallied_once_for_each_picture_and_written_now_and_then(
    tally: None,
) -> None:
    signal = a_signal()
    with time_machine.travel(NOW, tick=False):
        for number in range(tallying.AT_ONCE - 1):
            lookup([asked(number), asked(number)], "near")
        assert not Tally.objects.exists()
        lookup([asked(tallying.AT_ONCE)], "near")
    row = Tally.objects.get()
    assert (row.signal, row.pictures) == (signal, tallying.AT_ONCE)
    assert row.hour == tallying.hour_of(NOW)


@pytest.mark.django_db
def test_what_people_look_at_is_not_tallied(tally: None) -> None:
    a_signal()
    for number in range(tallying.AT_ONCE):
        lookup([asked(number)])
    assert not Tally.objects.exists()


@pytest.mark.django_db
def test_an_hour_that_comes_twice_is_counted_once(tally: None) -> None:
    a_signal()
    for moment in (NOW, NOW + HOUR, NOW):
        with time_machine.travel(moment, tick=False):
            for number in range(tallying.AT_ONCE):
                lookup([asked(number)], "near")
    told = {row.hour: row.pictures for row in Tally.objects.all()}
    assert told == dict.fromkeys(
        (NOW.replace(minute=0), NOW.replace(minute=0) + HOUR), 20
    )


@pytest.mark.django_db
def test_the_same_file_is_never_tallied(tally: None) -> None:
    a_signal("sha256")
    same = [tracker.Signal("sha256", "9c1e" * 16, None, "sha256/1")]
    for number in range(tallying.AT_ONCE):
        lookup([[*same, *asked(number)]], "near")
    assert not Tally.objects.exists()


def test_a_process_remembers_no_more_than_it_may(
    tally: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallying, "MOST_SIGNALS", 3)
    monkeypatch.setattr(tallying, "MOST_PICTURES", 5)
    for signal in range(10):
        for picture in range(50):
            tallying._hour.add(signal, picture, NOW)
    assert len(tallying._hour.pictures) <= 3
    assert all(len(seen) <= 5 for seen in tallying._hour.pictures.values())


@pytest.mark.django_db
def test_old_tallies_are_forgotten() -> None:
    signal = a_signal()
    with time_machine.travel(NOW, tick=False):
        for days in (1, 8, 10):
            Tally.objects.create(signal=signal, hour=NOW - timedelta(days=days))
        flooding.forget_tallies()
    assert Tally.objects.count() == 2


# -- quarantine --------------------------------------------------------------------------
FLOOD = Flood(500, 1, 2)


@pytest.mark.django_db
def test_in_quarantine_a_match_is_possible_at_most_and_machines_hear_nothing() -> None:
    signal = a_signal()
    (hit,) = lookup([asked(0)], "near")[0]
    assert hit.kind == "near"
    assert quarantine(signal, FLOOD)
    assert lookup([asked(0)], "near") == [[]]
    (hit,) = lookup([asked(0)])[0]
    assert (hit.kind, hit.distance) == ("possible", 1)


@pytest.mark.django_db
def test_the_same_file_stays_exact_while_the_looks_are_in_quarantine() -> None:
    signal = a_signal()
    same = tracker.Signal("sha256", "ab" * 32, None, "sha256/1")
    deposit(signal.exhibit, [same])
    quarantine(signal, FLOOD)
    (hit,) = lookup([[same, *asked(0)]], "near")[0]
    assert hit.kind == "exact"
    assert not quarantine(hit.signal, FLOOD), "the same file is no flood"


@pytest.mark.django_db
def test_a_person_releases_it_and_is_not_contradicted_for_a_while(wren: User) -> None:
    signal = a_signal()
    with time_machine.travel(NOW, tick=False):
        assert quarantine(signal, FLOOD)
        assert not quarantine(signal, FLOOD), "two sweeps at once: one does it"
        with pytest.raises(ValueError, match="reason"):
            release(signal, wren, " ")
        assert release(signal, wren, "it spreads like that")
        assert not release(signal, wren, "it spreads like that")
        assert not quarantine(signal, FLOOD)
    assert lookup([asked(0)], "near") != [[]]
    with time_machine.travel(NOW + flooding.REST + HOUR, tick=False):
        assert quarantine(signal, FLOOD)
    verbs = list(AuditEntry.objects.values_list("verb", flat=True))
    assert verbs[-3:] == ["quarantine", "release", "quarantine"]
