"""A database of hashes in memory, and brute force: what an index is held against."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from tracker import Generations
from tracker.flat import Found, Hashes, Ids

BITS = 256
LARGEST = 2**63 - 1  # the widest id that a database gives a row


@dataclass
class Truth:
    """The database that generations are made from: each row an id, a hash, and a state."""

    ids: list[int] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    chunk: int = 7
    last: tuple[int, str] = (0, "")

    def deposit(self, hashes: Hashes, first: int = 1) -> None:
        start = max([first - 1, *(i for i in self.ids if i < LARGEST)]) + 1
        self.ids += range(start, start + len(hashes))
        self.hashes += [row.tobytes() for row in hashes]
        self.last = len(self.ids), self.hashes[-1].hex()

    def known(self, seq: int, value: str) -> bool:
        return 0 < seq <= len(self.ids) and self.hashes[seq - 1].hex() == value

    def active(self, after: int) -> Iterator[tuple[Ids, Hashes]]:
        rows = range(after, self.last[0])
        kept = [row for row in rows if self.ids[row] not in self.gone]
        for at in range(0, len(kept), self.chunk):
            yield self._arrays(kept[at : at + self.chunk])

    def count(self, seq: int) -> int:
        return len(set(self.ids[:seq]) - self.gone)

    def withdrawn(self) -> Iterator[Ids]:
        yield np.array(sorted(self.gone), np.uint64)

    def _arrays(self, rows: list[int]) -> tuple[Ids, Hashes]:
        joined = b"".join(self.hashes[row] for row in rows)
        ids = np.array([self.ids[row] for row in rows], np.uint64)
        return ids, np.frombuffer(joined, np.uint8).reshape(len(rows), -1)

    def neighbours(self, query: bytes, radius: int) -> list[tuple[int, int]]:
        """By brute force: distance and id of each active one, in order."""
        asked = int.from_bytes(query)
        apart = ((asked ^ int.from_bytes(row)).bit_count() for row in self.hashes)
        return sorted(
            (bits, id_)
            for bits, id_ in zip(apart, self.ids, strict=True)
            if bits <= radius and id_ not in self.gone
        )


def some(n: int, seed: int = 0) -> Hashes:
    return np.random.default_rng(seed).integers(0, 256, (n, BITS // 8), np.uint8)


def turned(row: Hashes, bits: int) -> Hashes:
    """The hash with that many of its bits turned."""
    flips = np.zeros(BITS, np.uint8)
    flips[np.random.default_rng(bits).choice(BITS, bits, replace=False)] = 1
    return np.asarray(row ^ np.packbits(flips), np.uint8)


def as_pairs(found: Found) -> list[list[tuple[int, int]]]:
    lims, ids, distances = found
    assert [str(array.dtype) for array in found] == ["int64", "uint64", "int32"]
    pairs = list(zip(distances.tolist(), ids.tolist(), strict=True))
    return [pairs[a:b] for a, b in itertools.pairwise(lims)]


def assert_true(
    published: Generations, truth: Truth, queries: Hashes, radius: int = 52
) -> None:
    newest = published.newest(truth.known)
    assert newest is not None
    found = as_pairs(newest.search(queries, radius, 10_000))
    assert found == [truth.neighbours(row.tobytes(), radius) for row in queries]
