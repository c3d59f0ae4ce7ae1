import itertools
import os
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path
from typing import Any
from unittest.mock import patch

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker import Index, IndexFormatError, buckets, flat, scan, tables
from tracker.index import Found, Hashes, Ids
from tracker.probes import SHIFT

WIDTHS = (1, 3, 8, 16, 20, 32, 33, 64)


def an_array(seed: int, n: int, width: int, spread: int = 256) -> Hashes:
    """Random hashes; a small spread makes duplicates and near neighbours common."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, spread, (n, width), np.uint8)


def some_ids(seed: int, n: int) -> Ids:
    """Ids of the whole 64-bit range, with repeats."""
    rng = np.random.default_rng(seed)
    return rng.choice(rng.integers(0, 2**64, n + 1, np.uint64), n)


def brute_force(ids: Ids, hashes: Hashes, queries: Hashes, radius: int) -> list[Any]:
    return [
        sorted(
            (distance, int(id_))
            for id_, row in zip(ids, hashes, strict=True)
            if (distance := int(np.bitwise_count(row ^ query).sum())) <= radius
        )
        for query in queries
    ]


def as_lists(found: Found) -> list[Any]:
    lims, ids, distances = found
    assert [str(array.dtype) for array in found] == ["int64", "uint64", "int32"]
    assert lims[0] == 0
    assert lims[-1] == len(ids) == len(distances)
    pairs = list(zip(distances.tolist(), ids.tolist(), strict=True))
    return [pairs[a:b] for a, b in itertools.pairwise(lims)]


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(0, 40),
    asked=st.integers(0, 5),
    width=st.sampled_from(WIDTHS),
    spread=st.sampled_from([2, 16, 256]),
    radius=st.integers(0, 600),
)
@settings(max_examples=300, deadline=None)
def test_a_scan_finds_what_comparing_one_by_one_finds(
    *, seed: int, n: int, asked: int, width: int, spread: int, radius: int
) -> None:
    ids, hashes = some_ids(seed, n), an_array(seed, n, width, spread)
    queries = an_array(seed + 1, asked, width, spread)
    expected = brute_force(ids, hashes, queries, radius)
    assert as_lists(scan(ids, hashes, queries, radius)) == expected


@given(
    seed=st.integers(0, 2**32 - 1),
    width=st.sampled_from([8, 16, 32, 64]),
    spread=st.sampled_from([4, 256]),
    bits=st.integers(8, 14),
    radius=st.integers(0, 60),
)
@settings(max_examples=100, deadline=None)
def test_tables_find_what_a_scan_finds_however_hashes_are_cut_in_c_and_without(
    *, seed: int, width: int, spread: int, bits: int, radius: int
) -> None:
    hashes = an_array(seed, 400, width, spread)
    cut = tables.cut(8 * width, 8 * width // bits)
    made = tables.build(hashes, cut)
    queries = np.concatenate([hashes[:5] ^ np.uint8(1), an_array(seed + 1, 5, width)])
    radius = min(radius, 2 * len(cut.bits))  # more would take minutes
    # No scan, however close all are together.
    with patch.object(tables, "CANDIDATE", 1e-9), patch.object(flat, "compare", None):
        in_c = made.compare(queries, radius)
        with patch.object(buckets, "library", lambda: None):
            in_numpy = made.compare(queries, radius)
    ids = np.arange(400, dtype=np.uint64)
    expected = as_lists(scan(ids, hashes, queries, radius))
    assert as_lists(flat.in_order(ids, in_c, len(queries))) == expected
    assert as_lists(flat.in_order(ids, in_numpy, len(queries))) == expected


def test_the_program_in_c_is_built_and_used() -> None:
    assert buckets.library() is not None


def test_without_the_program_or_with_a_strange_one_numpy_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "BUILT", tmp_path / "none.so")
    assert buckets.library.__wrapped__() is None
    (tmp_path / "none.so").write_bytes(b"no program")
    assert buckets.library.__wrapped__() is None
    with monkeypatch.context() as before:
        before.setattr("tracker.buckets.SHIFT", SHIFT - 1)
        buckets.build()
    assert buckets.library.__wrapped__() is None


def test_one_query_with_more_neighbours_than_there_was_room_for_has_them_all() -> None:
    hashes = np.tile(an_array(1, 1, 32), (50_000, 1))
    made = tables.build(hashes, tables.cut(256, 16))
    queries = np.concatenate([hashes[:1], an_array(2, 1, 32), hashes[:2]])
    with patch.object(tables, "CANDIDATE", 1e-9):
        asked, rows, distances = made.compare(queries, 16)
    assert np.bincount(asked).tolist() == [50_000, 0, 50_000, 50_000]
    assert np.array_equal(np.sort(rows[asked == 3]), np.arange(50_000))
    assert not distances.any()


@pytest.mark.parametrize("width", [8, 16, 32, 64])
def test_an_index_with_tables_answers_as_a_scan_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(tables, "FEWEST", 1)
    monkeypatch.setattr(tables, "PROBE", 0)
    tables.cost.cache_clear()
    ids, hashes = some_ids(1, 3000), an_array(1, 3000, width)
    index = Index.build(tmp_path / "index", ids, hashes)
    index.verify()
    assert sum(index.info()["parts"]) == 8 * width
    queries = np.concatenate([hashes[:5] ^ np.uint8(1), an_array(7, 90, width)])
    for radius in (0, width - 1, width * 4, 10**12):
        expected = as_lists(scan(ids, hashes, queries, radius))
        assert as_lists(index.search(queries, radius)) == expected
    tables.cost.cache_clear()


def test_a_million_times_the_same_hash_is_answered_whole(tmp_path: Path) -> None:
    ids = np.arange(2**20, dtype=np.uint64)
    hashes = np.zeros((2**20, 32), np.uint8)
    hashes[7] = an_array(1, 1, 32)
    index = Index.build(tmp_path / "index", ids, hashes)
    lims, found, distances = index.search(hashes[6:8], 31)
    assert lims.tolist() == [0, 2**20 - 1, 2**20]
    assert found[-1] == 7
    assert not distances.any()


@pytest.mark.parametrize("n", [0, 1, 2, 500])
@pytest.mark.parametrize("width", WIDTHS)
def test_an_index_answers_as_a_scan_does(tmp_path: Path, n: int, width: int) -> None:
    ids, hashes = some_ids(n, n), an_array(n, n, width)
    index = Index.build(tmp_path / "index", ids, hashes)
    index.verify()
    queries = np.concatenate([hashes[:3], an_array(7, 3, width)])
    for radius in (0, width * 3, width * 8, 10**12):
        expected = as_lists(scan(ids, hashes, queries, radius))
        assert as_lists(index.search(queries, radius)) == expected
        assert expected == brute_force(ids, hashes, queries, radius)


def test_blocks_and_threads_change_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, hashes, queries = some_ids(1, 999), an_array(1, 999, 8), an_array(2, 20, 8)
    expected = brute_force(ids, hashes, queries, 20)
    monkeypatch.setattr(flat, "_BLOCK_BYTES", 100)
    assert as_lists(scan(ids, hashes, queries, 20)) == expected
    monkeypatch.setattr(flat, "_COMPARISONS_PER_THREAD", 1)
    assert as_lists(scan(ids, hashes, queries, 20)) == expected


def test_every_planted_neighbour_is_found_up_to_the_radius_and_none_beyond() -> None:
    ids, hashes = np.arange(5000, dtype=np.uint64), an_array(3, 5000, 32)
    for distance in range(60):
        query = hashes[distance].copy()
        for bit in np.random.default_rng(distance).choice(256, distance, replace=False):
            query[bit // 8] ^= 1 << (bit % 8)
        _, found, distances = scan(ids, hashes, query, distance)
        assert (found.tolist(), distances.tolist()) == ([distance], [distance])
        if distance:
            assert len(scan(ids, hashes, query, distance - 1)[1]) == 0


def test_one_query_may_come_without_its_own_axis() -> None:
    ids, hashes = some_ids(1, 50), an_array(1, 50, 8, 4)
    alone = scan(ids, hashes, hashes[0], 10)
    assert as_lists(alone) == as_lists(scan(ids, hashes, hashes[:1], 10))


def test_equal_hashes_and_equal_ids_are_all_answered_in_order() -> None:
    ids = np.array([9, 2, 9, 5], np.uint64)
    hashes = np.zeros((4, 8), np.uint8)
    _, found, distances = scan(ids, hashes, hashes[0], 0)
    assert (found.tolist(), distances.tolist()) == ([2, 5, 9, 9], [0, 0, 0, 0])


def test_arrays_that_lie_apart_in_memory_are_searched_alike() -> None:
    ids, hashes = some_ids(1, 100), an_array(1, 100, 32)
    apart = scan(ids[::2], hashes[::2], hashes[::7], 120)
    together = scan(ids[::2].copy(), hashes[::2].copy(), hashes[::7].copy(), 120)
    assert as_lists(apart) == as_lists(together)


@pytest.mark.parametrize(
    ("ids", "hashes"),
    [
        (np.zeros(2, np.int64), np.zeros((2, 8), np.uint8)),
        (np.zeros(2, np.uint64), np.zeros((2, 8), np.int8)),
        (np.zeros(2, np.uint64), np.zeros((3, 8), np.uint8)),
        (np.zeros((2, 1), np.uint64), np.zeros((2, 8), np.uint8)),
        (np.zeros(2, np.uint64), np.zeros(2, np.uint8)),
        (np.zeros(2, np.uint64), np.zeros((2, 0), np.uint8)),
    ],
)
def test_arrays_of_another_type_or_shape_are_refused(
    tmp_path: Path, ids: Any, hashes: Any
) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        Index.build(tmp_path / "index", ids, hashes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "queries",
    [
        np.zeros((1, 7), np.uint8),
        np.zeros(7, np.uint8),
        np.zeros((1, 1, 8), np.uint8),
        np.zeros((1, 8), np.float32),
        np.zeros(0, np.uint8),
    ],
)
def test_queries_of_another_type_or_shape_are_refused(queries: Any) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        scan(some_ids(1, 3), an_array(1, 3, 8), queries, 1)


def test_a_negative_radius_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        scan(some_ids(1, 3), an_array(1, 3, 8), an_array(2, 1, 8), -1)


def test_an_index_tells_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "index"
    Index.build(path, some_ids(1, 3), an_array(1, 3, 32), {"to": 17, "type": "pdq"})
    info = Index.open(str(path)).info()
    assert info.pop("built_at") > "2026"
    assert info.pop("size") == path.stat().st_size
    checksums = info.pop("checksums")
    assert {name: len(digest) for name, digest in checksums.items()} == {
        "ids": 64,
        "hashes": 64,
    }
    assert info == {
        "path": str(path),
        "format": 3,
        "n": 3,
        "bytes": 32,
        "bits": 256,
        "parts": [],
        "extra": {"to": 17, "type": "pdq"},
    }


def test_a_new_generation_takes_the_path_and_old_readers_go_on(tmp_path: Path) -> None:
    path, hashes = tmp_path / "index", an_array(1, 100, 32)
    old = Index.build(path, some_ids(1, 100), hashes)
    before = as_lists(old.search(hashes, 100))
    new = Index.build(path, some_ids(2, 5), hashes[:5])
    assert as_lists(old.search(hashes, 100)) == before
    assert (len(old), len(new), len(Index.open(path))) == (100, 5, 5)
    assert [entry.name for entry in tmp_path.iterdir()] == ["index"]


def test_a_build_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "index"
    Index.build(path, some_ids(1, 9), an_array(1, 9, 8))

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        Index.build(path, some_ids(2, 5), an_array(2, 5, 8))
    assert [entry.name for entry in tmp_path.iterdir()] == ["index"]
    assert len(Index.open(path)) == 9


def test_a_torn_file_is_refused_wherever_it_was_torn(tmp_path: Path) -> None:
    path = tmp_path / "index"
    Index.build(path, some_ids(1, 300), an_array(1, 300, 32))
    whole = path.read_bytes()
    for length in (0, 4, 8, 20, 48, 60, 4095, 4096, 8192, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(IndexFormatError, match=r"\.$"):
            Index.open(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(IndexFormatError):
        Index.open(path)


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "index"
    for content in (b"hello", bytes(10_000), b"RCLMIDX\x01" + bytes(10_000)):
        path.write_bytes(content)
        with pytest.raises(IndexFormatError):
            Index.open(path)


def test_a_changed_header_is_refused_at_opening(tmp_path: Path) -> None:
    path = tmp_path / "index"
    Index.build(path, some_ids(1, 3), an_array(1, 3, 8))
    path.write_bytes(path.read_bytes().replace(b"[3, 8]", b"[2, 8]"))
    with pytest.raises(IndexFormatError):
        Index.open(path)


@pytest.mark.parametrize("at", [4096, -1])
def test_a_single_changed_byte_is_found_by_verify(tmp_path: Path, at: int) -> None:
    path = tmp_path / "index"
    Index.build(path, some_ids(1, 300), an_array(1, 300, 32))
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    with pytest.raises(IndexFormatError, match="damaged"):
        Index.open(path).verify()


def test_a_file_cut_under_a_reader_is_refused_before_it_is_read(
    tmp_path: Path,
) -> None:
    """Reading beyond the cut would end the process: SIGBUS."""
    path, hashes = tmp_path / "index", an_array(1, 3000, 32)
    index = Index.build(path, some_ids(1, 3000), hashes)
    with path.open("r+b") as file:
        file.truncate(5000)
    for read in (lambda: index.search(hashes[:1], 31), index.verify):
        with pytest.raises(IndexFormatError, match="cut short"):
            read()


def test_tables_that_lead_out_of_themselves_are_damage_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "plan", lambda _, width: tables.cut(width, 22))
    monkeypatch.setattr(tables, "cost", lambda *_: 0)
    path, hashes = tmp_path / "index", an_array(1, 3000, 32)
    index = Index.build(path, some_ids(1, 3000), hashes)
    arrays = index._file.arrays
    # The ids start at the first page after the header, the others as far behind them.
    place = 4096 + arrays["coarse"].ctypes.data - arrays["ids"].ctypes.data
    with path.open("r+b") as file:
        file.seek(place)
        file.write(b"\xff" * arrays["coarse"].nbytes)
    with pytest.raises(IndexFormatError, match="damaged"):
        index.search(hashes[:50], 31)


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(0, 60),
    asked=st.integers(0, 5),
    most=st.integers(1, 20),
    radius=st.integers(0, 80),
)
@settings(max_examples=60, deadline=None)
def test_the_nearest_so_many_are_the_first_of_all(
    *, seed: int, n: int, asked: int, most: int, radius: int
) -> None:
    ids = np.arange(n, dtype=np.uint64)
    hashes, queries = an_array(seed, n, 8, 4), an_array(seed + 1, asked, 8, 4)
    whole = as_lists(scan(ids, hashes, queries, radius))
    with patch.object(flat, "_BLOCK_BYTES", 100), patch.object(flat, "_PAIRS", 30):
        assert as_lists(scan(ids, hashes, queries, radius, most)) == [
            answer[:most] for answer in whole
        ]


def test_many_questions_about_a_million_equal_hashes_take_bounded_memory(
    tmp_path: Path,
) -> None:
    """A hundred answers of 65,536 neighbours would be half a gigabyte while sorted."""
    n = 2**16
    hashes = np.zeros((n, 32), np.uint8)
    index = Index.build(tmp_path / "index", np.arange(n, dtype=np.uint64), hashes)
    queries = np.zeros((100, 32), np.uint8)
    tracemalloc.start()
    lims, found, _ = index.search(queries, 31, 10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert lims[-1] == 1000
    assert found[:10].tolist() == list(range(10))
    assert peak < 300 * 2**20


def test_the_hashes_are_the_file_itself_and_cannot_be_written(tmp_path: Path) -> None:
    index = Index.build(tmp_path / "index", some_ids(1, 9), an_array(1, 9, 8))
    assert not index.hashes.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        index.hashes[0, 0] = 1


def test_threads_may_search_one_index_at_once(tmp_path: Path) -> None:
    hashes = an_array(1, 2000, 32)
    index = Index.build(tmp_path / "index", some_ids(1, 2000), hashes)
    expected = as_lists(index.search(hashes[:50], 100))
    answers: list[Any] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(as_lists(index.search(hashes[:50], 100)))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 8


FORKS = """
import os, signal
import numpy as np
from tracker import index
index._BLOCK_BYTES = 1000
index._COMPARISONS_PER_THREAD = 1
ids, hashes = np.arange(999, dtype=np.uint64), np.zeros((999, 8), np.uint8)
index.scan(ids, hashes, hashes, 1)
child = os.fork()
signal.alarm(20)
assert len(index.scan(ids, hashes, hashes, 1)[1]) == 999 * 999
if child:
    assert os.waitpid(child, 0)[1] == 0
"""


def test_a_process_forked_after_a_search_can_search() -> None:
    """FAISS's own threads hang here, and Celery's workers are forked."""
    subprocess.run([sys.executable, "-c", FORKS], check=True, timeout=60)


def test_a_flat_faiss_index_gives_the_same_answers() -> None:
    ids, hashes = some_ids(4, 3000), an_array(4, 3000, 32)
    queries = hashes[:20] ^ np.uint8(3)
    peer = faiss.IndexBinaryFlat(256)
    peer.add(hashes)
    lims, distances, rows = peer.range_search(queries, 106)
    theirs = [
        sorted(
            zip(
                distances[a:b].astype(int).tolist(),
                ids[rows[a:b]].tolist(),
                strict=True,
            )
        )
        for a, b in itertools.pairwise(lims.astype(int))
    ]
    assert as_lists(scan(ids, hashes, queries, 105)) == theirs
