"""The bank's answers, whatever becomes of its index: bounded, true, never silently empty."""

import errno
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pytest_django.fixtures import Settings

import tracker
from portal.bank import answering, following
from portal.bank.actions import BankAwayError, deposit, lookup
from portal.bank.models import Sequence, Signal
from portal.bank.tasks import check_index, publish_index
from portal.cases.actions import submit_report, withdraw_case
from portal.cases.models import Case, Exhibit
from tests.telling import told
from tests.truth import some, turned
from tracker import Index

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_followers(tmp_path: Path, settings: Settings) -> Iterator[None]:
    settings.INDEX_URL = f"file://{tmp_path / 'index'}"
    following.follower.cache_clear()
    yield
    following.follower.cache_clear()


def signal(value: bytes, version: str = "pdq/1", type_: str = "pdq") -> tracker.Signal:
    return tracker.parse_signal(type_, value.hex(), None, version)


def an_exhibit(name: str = "amina") -> Exhibit:
    return submit_report(
        token=name, told=told(pictures=[b"sealed"])
    ).report.exhibits.get()


def hits(value: bytes, **limits: Any) -> list[tuple[int, int]]:
    """Exhibit and distance of each hit of one PDQ hash."""
    (found,) = lookup([[signal(value)]], **limits)
    return [(hit.signal.exhibit_id, hit.distance) for hit in found]


def flooded(value: bytes, count: int) -> tuple[Case, list[int]]:
    """One case with so many exhibits, all of the same hash; their numbers."""
    case = an_exhibit("mallory").case
    report = case.reports.get()
    exhibits = Exhibit.objects.bulk_create(
        Exhibit(case=case, report=report) for _ in range(count)
    )
    counter, _ = Sequence.objects.get_or_create(pk=1)
    Signal.objects.bulk_create(
        Signal(
            case=case,
            exhibit=exhibit,
            type="pdq",
            value=value.hex(),
            version="pdq/1",
            seq=counter.last + place,
        )
        for place, exhibit in enumerate(exhibits, 1)
    )
    Sequence.objects.update(last=counter.last + count)
    return case, [exhibit.pk for exhibit in exhibits]


A, B = (row.tobytes() for row in some(2))
NEAR_A = turned(some(2)[0], 9).tobytes()


# -- versions ----------------------------------------------------------------------------


def test_signals_of_different_versions_never_meet() -> None:
    deposit(an_exhibit(), [signal(A, "pdq/0")])
    assert hits(A) == []
    following.publish("pdq")
    assert hits(A) == []


def test_a_question_of_another_version_finds_nothing_and_one_without_finds_all() -> (
    None
):
    exhibit = an_exhibit()
    deposit(exhibit, [signal(A)])
    assert lookup([[signal(A, "pdq/0")]]) == [[]]
    assert hits(A) == [(exhibit.pk, 0)]
    assert lookup([[signal(A, tracker.UNSTATED)]])[0]


# -- a flood -----------------------------------------------------------------------------


@pytest.mark.parametrize("published", [True, False])
def test_of_a_flood_the_best_are_told_and_memory_is_bounded(
    monkeypatch: pytest.MonkeyPatch, *, published: bool
) -> None:
    monkeypatch.setattr(answering, "FEW", 4)
    monkeypatch.setattr(answering, "MOST_HITS", 10)
    _, exhibits = flooded(A, 60)
    victim = an_exhibit()
    deposit(victim, [signal(NEAR_A)])
    if published:
        following.publish("pdq")
    assert hits(A) == [(exhibit, 0) for exhibit in exhibits[:10]]
    assert hits(NEAR_A)[0] == (victim.pk, 0)
    assert len(hits(NEAR_A)) == 10


def test_who_may_hear_of_some_only_is_not_crowded_out_by_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answering, "FEW", 4)
    monkeypatch.setattr(answering, "MOST_HITS", 10)
    flooded(A, 60)
    victim = an_exhibit()
    deposit(victim, [signal(NEAR_A)])
    assert hits(A, among={victim.case_id}.intersection) == [(victim.pk, 9)]


def test_behind_a_flood_that_was_withdrawn_the_next_one_is_found_or_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answering, "FEW", 4)
    case, _ = flooded(A, 60)
    victim = an_exhibit()
    deposit(victim, [signal(NEAR_A)])
    following.publish("pdq")
    withdraw_case(case)
    assert hits(A) == [(victim.pk, 9)]
    monkeypatch.setattr(answering, "MOST", 50)
    with pytest.raises(BankAwayError):
        hits(A)
    check_index()  # within the hour, they leave the index
    assert hits(A) == [(victim.pk, 9)]


# -- damage ------------------------------------------------------------------------------


def test_an_index_that_lies_is_measured_against_the_database() -> None:
    """Flipped bits lead to another victim's signal: that is no match."""
    exhibit = an_exhibit()
    deposit(exhibit, [signal(A), signal(B)])
    path = following.publish("pdq")
    assert path
    index = Index.open(path)
    swapped = index.ids[::-1].copy()
    Index.build(path, swapped, index.hashes.copy(), {"last": B.hex()})
    assert hits(A) == []
    Path(path).write_bytes(b"torn")
    following.follower.cache_clear()
    assert hits(A) == [(exhibit.pk, 0)]


def cut_short(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(4500)


def flip_a_bit_of_a_hash(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8192] ^= 1
    with path.open("r+b") as file:  # the same file, under its reader
        file.write(content)


@pytest.mark.parametrize("damage", [Path.unlink, cut_short, flip_a_bit_of_a_hash])
def test_what_is_damaged_under_a_reader_is_never_a_false_answer_and_is_mended(
    damage: Callable[[Path], object],
) -> None:
    exhibit = an_exhibit()
    deposit(exhibit, [signal(A), *(signal(row.tobytes()) for row in some(200, 3))])
    path = following.publish("pdq")
    assert path
    assert hits(A) == [(exhibit.pk, 0)]
    damage(path)
    assert hits(A) in ([(exhibit.pk, 0)], [])
    if damage is not flip_a_bit_of_a_hash:  # which only reading it all can find
        assert hits(A) == [(exhibit.pk, 0)]
    check_index()
    assert hits(A) == [(exhibit.pk, 0)]
    publish_index()
    assert hits(A) == [(exhibit.pk, 0)]


def test_a_full_disk_loses_nothing_and_the_last_good_one_serves(
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.INDEX_PUBLISH_AFTER = 1
    first, second = an_exhibit(), an_exhibit("ben")
    deposit(first, [signal(A)])
    publish_index()
    deposit(second, [signal(B)])

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device: /secret/place")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        publish_index()
    assert "pdq not published (OSError)" in caplog.text
    assert "secret" not in caplog.text
    assert (hits(A), hits(B)) == ([(first.pk, 0)], [(second.pk, 0)])
    folder = next(Path(settings.INDEX_URL.removeprefix("file://")).glob("*/pdq_1"))
    assert len([path for path in folder.iterdir() if path.name != ".lock"]) == 1
    publish_index()
    assert following.tail_length("pdq") == 0


def test_a_clock_that_goes_backwards_changes_nothing() -> None:
    exhibits = [an_exhibit("amina"), an_exhibit("ben")]
    for exhibit, value, year in zip(exhibits, (A, B), (2040, 2020), strict=True):
        with time_machine.travel(datetime(year, 1, 1, tzinfo=UTC)):
            deposit(exhibit, [signal(value)])
            following.publish("pdq")
            assert hits(value) == [(exhibit.pk, 0)]
    assert following.tail_length("pdq") == 0
    assert hits(A) == [(exhibits[0].pk, 0)]


def test_numbers_that_a_restored_database_gives_out_again_are_no_trouble() -> None:
    lost = an_exhibit("amina")
    deposit(lost, [signal(A), signal(B)])
    following.publish("pdq")
    assert hits(A)
    Signal.objects.all().delete()  # the backup knew of neither
    Sequence.objects.update(last=0)
    following.follower.cache_clear()  # the processes were stopped for it
    exhibit = an_exhibit("ben")
    deposit(exhibit, [signal(NEAR_A), signal(turned(some(2)[1], 3).tobytes())])
    assert hits(A) == [(exhibit.pk, 9)]
    following.publish("pdq")
    assert (hits(A), hits(B)) == ([(exhibit.pk, 9)], [(exhibit.pk, 3)])


# -- Milvus ------------------------------------------------------------------------------


def test_with_milvus_deposits_and_withdrawals_count_at_once(
    lite: str, settings: Settings
) -> None:
    settings.INDEX_URL = lite
    following.follower.cache_clear()
    first, second = an_exhibit(), an_exhibit("ben")
    deposit(first, [signal(A)])
    assert hits(A) == [(first.pk, 0)]
    following.publish("pdq")
    deposit(second, [signal(NEAR_A)])
    assert hits(A) == [(first.pk, 0), (second.pk, 9)]
    following.publish("pdq")
    assert following.tail_length("pdq") == 0
    withdraw_case(first.case)
    assert hits(A) == [(second.pk, 9)]
    check_index()
    assert not following.needs_anew("pdq")
    assert hits(A) == [(second.pk, 9)]


def test_a_milvus_that_is_away_is_said_and_takes_deposits_all_the_same(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    milvus = pytest.importorskip("tracker.milvus")
    monkeypatch.setattr(milvus, "SECONDS", 0.2)
    settings.INDEX_URL = "milvus://127.0.0.1:1"
    following.follower.cache_clear()
    deposit(an_exhibit(), [signal(A)])
    with pytest.raises(BankAwayError, match="does not answer"):
        hits(A)
    publish_index()


# -- random histories --------------------------------------------------------------------

MIDDLES = some(2)
POOL = [turned(row, bits).tobytes() for row in MIDDLES for bits in (0, 31, 32, 52, 53)]


class Histories(RuleBasedStateMachine):
    """Deposits, withdrawals, publications and new processes, in any order."""

    def __init__(self) -> None:
        super().__init__()
        Case.objects.all().delete()
        Sequence.objects.all().delete()
        following.follower.cache_clear()
        self.exhibits: list[Exhibit] = []

    @rule(places=st.lists(st.integers(0, len(POOL) - 1), min_size=1, max_size=4))
    def deposit(self, places: list[int]) -> None:
        exhibit = an_exhibit(f"case {len(self.exhibits)}")
        self.exhibits.append(exhibit)
        deposit(exhibit, [signal(POOL[place]) for place in places])

    @precondition(lambda self: self.exhibits)
    @rule(pick=st.integers(0, 99))
    def withdraw(self, pick: int) -> None:
        withdraw_case(self.exhibits[pick % len(self.exhibits)].case)

    @rule()
    def publish(self) -> None:
        following.publish("pdq")

    @rule()
    def check(self) -> None:
        check_index()

    @rule()
    def a_new_process_asks(self) -> None:
        following.follower.cache_clear()

    @invariant()
    def answers_are_those_of_brute_force(self) -> None:
        rows = list(Signal.objects.active().values_list("exhibit", "value"))
        for middle in MIDDLES:
            asked = middle.tobytes()
            best: dict[int, int] = {}
            for exhibit, value in rows:
                bits = tracker.bits_apart(asked.hex(), value)
                if bits <= 52:
                    best[exhibit] = min(bits, best.get(exhibit, 256))
            assert sorted(hits(asked)) == sorted(best.items())


def test_random_histories_are_answered_as_by_brute_force() -> None:
    is_long = hypothesis_settings.get_current_profile_name() == "long"
    run_state_machine_as_test(
        Histories,
        settings=hypothesis_settings(
            max_examples=100 if is_long else 6,
            stateful_step_count=30 if is_long else 8,
            deadline=None,
        ),
    )
