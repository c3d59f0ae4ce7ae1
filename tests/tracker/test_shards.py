"""Shards on disk: torn, foreign and bit-flipped ones, a full disk, and killed packers."""

import errno
import os
import resource
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tracker import arrays
from tracker.flat import Hashes, Ids
from tracker.memory import MemoryDamagedError, Pipeline, Span, open_memory
from tracker.shards import Shards

PDQ, PHASH = Pipeline("pdq", "pdq/1"), Pipeline("phash", "phash/1")
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
SPAN = Span(0, 100, BEGAN, BEGAN + timedelta(hours=1), b"a" * 32)
IDS: Ids = np.arange(1, 101, dtype=np.uint64)
HASHES: Hashes = np.random.default_rng(1).integers(0, 256, (100, 32), np.uint8)
PACKED = {PDQ: (IDS, HASHES), PHASH: (IDS[:10], HASHES[:10])}


@pytest.fixture
def shards(tmp_path: Path) -> Shards:
    made = Shards(tmp_path, "ours")
    made.pack(SPAN, PACKED)
    return made


@pytest.fixture
def path(shards: Shards, tmp_path: Path) -> Path:
    (found,) = (tmp_path / "ours").iterdir()
    return found


def place_of(path: Path, array: Hashes | Ids) -> int:
    return path.read_bytes().index(array.tobytes())


def flip(path: Path, at: int) -> None:
    """As a failing disk would: in place, in the file that is there."""
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def found(shards: Shards, pipeline: Pipeline = PDQ) -> list[int]:
    ids: list[int] = shards.radius(SPAN, pipeline, HASHES[:2], 0)[1].tolist()
    return ids


@pytest.mark.parametrize("cut", [0, 5, 60, 5000, -1])
def test_a_shard_that_is_cut_short_is_refused_and_swept(
    shards: Shards, path: Path, cut: int
) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:cut] if cut >= 0 else whole + b"\0")
    assert shards.spans() == []
    with pytest.raises(MemoryDamagedError):
        found(shards)
    assert len(shards.verify()) == 1
    shards.tidy()
    assert not path.exists()


@pytest.mark.parametrize("at", [0, 8, 20, 100])
def test_a_flipped_bit_of_the_header_makes_it_no_shard(
    shards: Shards, path: Path, at: int
) -> None:
    flip(path, at)
    assert shards.spans() == []
    with pytest.raises(MemoryDamagedError):
        found(shards)


@pytest.mark.parametrize("what", [IDS, HASHES])
def test_a_bit_flipped_under_a_running_reader_is_seen_at_its_next_question(
    shards: Shards, path: Path, what: Hashes | Ids
) -> None:
    assert found(shards) == [1, 2]
    flip(path, place_of(path, what) + 3)
    with pytest.raises(MemoryDamagedError, match="damaged"):
        found(shards)
    assert found(shards, PHASH) == [1, 2], "the other pipeline's are as they were"
    assert shards.verify() == [f"{path.name} has been damaged."]


def test_a_shard_that_is_packed_anew_leaves_its_readers_what_they_read(
    shards: Shards, path: Path
) -> None:
    before = arrays.read(path, b"RCLMOBS\x01").arrays
    shards.pack(SPAN, {PDQ: (IDS[:1], HASHES[:1])})
    np.testing.assert_array_equal(before["hashes 0"], HASHES)
    assert found(shards) == [1]


def test_a_shard_of_another_instance_is_refused(shards: Shards, path: Path) -> None:
    path.with_name(path.name).rename(path.parent.parent / path.name)
    theirs = Shards(path.parent.parent, "theirs")
    theirs.pack(SPAN, {PDQ: (IDS, HASHES)})
    copied = path.parent.parent / "theirs" / path.name
    copied.rename(path)
    assert shards.spans() == []
    with pytest.raises(MemoryDamagedError, match="another instance"):
        found(shards)


def test_a_shard_under_another_name_is_refused(shards: Shards, path: Path) -> None:
    path.rename(path.with_name(path.name.replace("100", "101")))
    assert shards.spans() == []


def test_another_kind_of_file_is_no_shard(shards: Shards, path: Path) -> None:
    arrays.write(path, b"RCLMIDX\x02", {}, {"hashes": HASHES})
    assert shards.spans() == []


def test_on_a_full_disk_nothing_is_lost_and_no_half_stays(
    shards: Shards, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    more = Span(100, 200, BEGAN, BEGAN, b"b" * 32)
    monkeypatch.setattr(os, "fsync", refuses)
    with pytest.raises(OSError, match="No space"):
        shards.pack(more, PACKED)
    assert list(path.parent.iterdir()) == [path]
    assert (shards.spans(), found(shards)) == ([SPAN], [1, 2])


def test_a_file_that_may_grow_no_more_is_given_up_whole(
    shards: Shards, path: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            shards.pack(SPAN, PACKED)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(path.parent.iterdir()) == [path]
    assert found(shards) == [1, 2]


def test_halves_of_dead_packers_are_swept_and_those_of_living_ones_are_not(
    shards: Shards, path: Path
) -> None:
    dead, living = path.with_name(".dead"), path.with_name(".living")
    for half in (dead, living):
        half.write_bytes(b"half")
    os.utime(dead, (time.time() - 4000,) * 2)
    shards.tidy()
    assert sorted(path.parent.iterdir()) == [living, path]


def test_a_memory_is_opened_by_its_url(tmp_path: Path) -> None:
    open_memory(f"file://{tmp_path}", "ours").pack(SPAN, PACKED)
    assert Shards(tmp_path, "ours").spans() == [SPAN]
    with pytest.raises(ValueError, match="begins with one of file"):
        open_memory("ftp://127.0.0.1/memory", "ours")
