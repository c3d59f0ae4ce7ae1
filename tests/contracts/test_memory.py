"""Every place that keeps spans of the memory gives the same answers: brute force's."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clickhouse_server import serve
from tracker.clickhouse import STRAYS, ClickHouse
from tracker.flat import Found, Hashes, Ids
from tracker.memory import (
    Memory,
    MemoryDamagedError,
    Pipeline,
    Span,
    chain,
    open_memory,
)

PDQ = Pipeline("pdq", "pdq/1")
PHASH = Pipeline("phash", "phash/1 imagehash/4.3.2")
BEGAN = datetime(2026, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)

Opens = Callable[[str], Memory]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"chdb://{tmp_path_factory.mktemp('chdb')}"


@pytest.fixture(scope="module")
def server(engine: str) -> Iterator[str]:
    with serve(engine) as url:
        yield url


@pytest.fixture(params=["files", "engine", "server"])
def opens(request: pytest.FixtureRequest, tmp_path: Path) -> Opens:
    """Opens the memory of an instance by that name."""
    if request.param == "files":
        return lambda instance: open_memory(f"file://{tmp_path}", instance)
    url = request.getfixturevalue(request.param)
    return lambda instance: open_memory(url, f"{tmp_path.name} {instance}")


@pytest.fixture
def memory(opens: Opens) -> Memory:
    return opens("ours")


def a_span(after: int = 0, upto: int = 100, *, days: int = 0, row: int = 0) -> Span:
    began = BEGAN + timedelta(days=days)
    return Span(after, upto, began, began + timedelta(hours=5), bytes([row]) * 32)


def hashes_of(seed: int, n: int, spread: int = 256) -> Hashes:
    """A small spread makes clusters: many neighbours, and repeats."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, spread, (n, 32), np.uint8)


def ids_of(span: Span, n: int) -> Ids:
    return np.arange(span.after + 1, span.after + 1 + n, dtype=np.uint64)


def brute_force(
    ids: Ids, hashes: Hashes, queries: Hashes, radius: int
) -> list[list[tuple[int, int]]]:
    apart = np.bitwise_count(queries[:, np.newaxis] ^ hashes[np.newaxis]).sum(
        axis=2, dtype=int
    )
    return [
        sorted((int(row[at]), int(ids[at])) for at in np.flatnonzero(row <= radius))
        for row in apart
    ]


def pairs(found: Found) -> list[list[tuple[int, int]]]:
    lims, ids, distances = found
    assert [str(array.dtype) for array in found] == ["int64", "uint64", "int32"]
    every = list(zip(distances.tolist(), ids.tolist(), strict=True))
    return [every[a:b] for a, b in pairwise(lims.tolist())]


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(0, 60),
    asked=st.integers(0, 4),
    spread=st.sampled_from([2, 4, 256]),
    radius=st.sampled_from([0, 31, 52, 100, 256]),
)
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_answers_are_those_of_brute_force(
    opens: Opens, *, seed: int, n: int, asked: int, spread: int, radius: int
) -> None:
    memory, span = opens(f"{seed} {n} {spread}"), a_span()
    ids, hashes = ids_of(span, n), hashes_of(seed, n, spread)
    queries = hashes_of(seed + 1, asked, spread)
    memory.pack(span, {PDQ: (ids, hashes)})
    found = memory.radius(span, PDQ, queries, radius)
    assert pairs(found) == brute_force(ids, hashes, queries, radius)


def test_more_queries_than_are_asked_at_once_are_answered_in_their_order(
    memory: Memory,
) -> None:
    span, hashes = a_span(), hashes_of(1, 3)
    memory.pack(span, {PDQ: (ids_of(span, 3), hashes)})
    queries = np.concatenate([hashes_of(2, 100), hashes[2:]])
    lims, ids, _ = memory.radius(span, PDQ, queries, 31)
    assert (ids.tolist(), lims.tolist()[-2:]) == ([3], [0, 1])


def test_pipelines_never_meet(memory: Memory) -> None:
    span, hashes = a_span(), hashes_of(1, 4)
    other = Pipeline("pdq", "pdq/2")
    packed = {PDQ: (ids_of(span, 2), hashes[:2]), PHASH: (ids_of(span, 4), hashes)}
    memory.pack(span, packed)
    found = [memory.radius(span, made, hashes, 0)[1] for made in (PDQ, PHASH, other)]
    assert [ids.tolist() for ids in found] == [[1, 2], [1, 2, 3, 4], []]


def test_spans_come_back_as_they_were_packed_also_to_who_opens_it_later(
    opens: Opens,
) -> None:
    first, second = a_span(0, 70, row=7), a_span(70, 2**40, days=1, row=9)
    for span in (second, first):
        opens("ours").pack(span, {PDQ: (ids_of(span, 1), hashes_of(1, 1))})
    assert sorted(opens("ours").spans(), key=lambda span: span.after) == [first, second]


def test_a_span_of_which_no_hash_was_made_is_still_a_span(memory: Memory) -> None:
    memory.pack(a_span(), {})
    assert memory.spans() == [a_span()]
    assert memory.radius(a_span(), PDQ, hashes_of(1, 2), 256)[0].tolist() == [0, 0, 0]


def test_what_is_forgotten_is_gone_and_the_rest_stays(memory: Memory) -> None:
    old, new = a_span(0, 10), a_span(10, 20, days=1)
    hashes = hashes_of(1, 1)
    for span in (old, new):
        memory.pack(span, {PDQ: (ids_of(span, 1), hashes)})
    memory.forget(old)
    memory.forget(old)
    assert memory.spans() == [new]
    assert memory.radius(new, PDQ, hashes, 0)[1].tolist() == [11]
    with pytest.raises(MemoryDamagedError, match="gone"):
        memory.radius(old, PDQ, hashes, 0)


def test_another_instance_sees_nothing_of_ours(opens: Opens) -> None:
    opens("ours").pack(a_span(), {PDQ: (ids_of(a_span(), 1), hashes_of(1, 1))})
    assert opens("theirs").spans() == []
    opens("theirs").forget(a_span())
    opens("theirs").tidy()
    assert opens("ours").spans() == [a_span()]


def test_packed_twice_is_found_once(memory: Memory) -> None:
    span, hashes = a_span(), hashes_of(1, 1)
    for _ in range(2):
        memory.pack(span, {PDQ: (ids_of(span, 1), hashes)})
    assert chain(memory.spans()) == [span]
    assert memory.radius(span, PDQ, hashes, 0)[1].tolist() == [1]
    assert memory.verify() == []


def test_two_packers_at_once_leave_spans_that_make_one_chain(memory: Memory) -> None:
    mine, wider, later = a_span(0, 50), a_span(0, 80), a_span(80, 90)
    for span in (mine, later, wider):
        memory.pack(span, {PDQ: (ids_of(span, 1), hashes_of(1, 1))})
    assert chain(memory.spans()) == [wider, later]


@pytest.mark.parametrize("width", [16, 33])
def test_queries_of_another_width_are_refused(memory: Memory, width: int) -> None:
    memory.pack(a_span(), {PDQ: (ids_of(a_span(), 1), hashes_of(1, 1))})
    with pytest.raises(ValueError, match="shape"):
        memory.radius(a_span(), PDQ, np.zeros((1, width), np.uint8), 31)


def test_a_version_in_quotes_is_a_value_and_no_sql(memory: Memory) -> None:
    quoted = Pipeline("pdq", "x'; DROP TABLE reclaim_spans; --{pack:UInt64}\\")
    hashes = hashes_of(1, 1)
    memory.pack(a_span(), {quoted: (ids_of(a_span(), 1), hashes)})
    assert memory.radius(a_span(), quoted, hashes, 0)[1].tolist() == [1]
    assert memory.radius(a_span(), PDQ, hashes, 0)[1].tolist() == []


def test_a_server_that_is_away_is_said_to_be_so_and_its_password_is_not() -> None:
    with pytest.raises(OSError, match="does not answer") as told:
        open_memory("clickhouse://reclaim:secret@127.0.0.1:9/reclaim", "ours")
    assert "secret" not in str(told.value)
    assert told.value.__cause__ is None


def test_what_a_killed_packer_left_in_the_database_is_swept(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = ClickHouse(engine, "killed")
    with monkeypatch.context() as patched:
        patched.setattr("tracker.clickhouse._span_row", _dies)
        with pytest.raises(InterruptedError):
            memory.pack(a_span(), {PDQ: (ids_of(a_span(), 1), hashes_of(1, 1))})
    memory.tidy()
    assert _strays(memory), "its packer may be alive"
    monkeypatch.setattr("tracker.clickhouse.ABANDONED", -60)
    memory.tidy()
    assert not _strays(memory)
    assert memory.spans() == []


def _dies(*_: object) -> bytes:
    raise InterruptedError


def _strays(memory: ClickHouse) -> bytes:
    return memory._ask(STRAYS, {"seconds": -60})
