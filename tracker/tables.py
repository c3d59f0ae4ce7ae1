"""Multi-index hashing: all neighbours within a small radius, exactly, without a scan.

Norouzi, Punjani, Fleet, "Fast Exact Search in Hamming Space with Multi-Index Hashing"
(PAMI 2014): cut every hash into m parts. Where two hashes are r bits apart, some part of
them is at most r / m apart; so a table for each part, asked with that part and its near
variants, gives all neighbours among few candidates, and each candidate is compared whole.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from tracker import flat
from tracker.flat import Hashes, Triples

Places = npt.NDArray[np.int64]

# What things cost, in the time that a scan takes to compare one hash of 256 bits (1.2 ns):
# measured on two processors, bench/lookup.py.
PROBE = 25.0  # to look into one bucket
CANDIDATE = 30.0  # to fetch and compare one row that it names
WORD = 64  # bits: hashes are compared in words of this size
FEWEST = 2**16  # rows: below, a scan is over before a table has been asked

NARROWEST, WIDEST = 8, 24  # bits of one part
SHIFT = 4
GROUP = 1 << SHIFT  # buckets that share one full-size offset
FULL = 255  # an offset within a group that no longer fits
AT_ONCE = 2**17  # probes made together, so that what they need stays in the cache
MOST = 2**24  # candidates fetched together: past that, memory is better spent on a scan
CHUNK = 2**20  # rows read together while building


@dataclass(frozen=True, slots=True)
class Parts:
    """How hashes are cut: the number of bits of each part, in order."""

    bits: tuple[int, ...]

    @property
    def starts(self) -> tuple[int, ...]:
        return tuple(sum(self.bits[:i]) for i in range(len(self.bits)))

    @property
    def bases(self) -> tuple[int, ...]:
        """Where each part's buckets begin, and where the last one's end."""
        sizes = [2**bits + GROUP for bits in self.bits]  # a group of ends behind each
        return tuple(sum(sizes[:i]) for i in range(len(sizes) + 1))

    def flips(self, radius: int) -> tuple[int, ...]:
        """For each part, how many of its bits to turn; -1 for one that need not be asked.

        Two hashes further apart than that in every part are further than `radius` apart
        in all, as the sum over the parts of flips + 1 is radius + 1.
        """
        share, more = divmod(radius + 1, len(self.bits))
        # The narrow parts take what is over: they have fewer variants.
        narrow = sorted(range(len(self.bits)), key=lambda i: self.bits[i])
        return tuple(share - 1 + (i in narrow[:more]) for i in range(len(self.bits)))


@lru_cache(maxsize=256)
def cost(parts: Parts, n: int, radius: int) -> float:
    """Of one query among n hashes cut so, in comparisons of a scan."""
    probes = [
        sum(math.comb(bits, k) for k in range(flips + 1))
        for bits, flips in zip(parts.bits, parts.flips(radius), strict=True)
    ]
    candidates = sum(
        p * n / float(1 << bits) for p, bits in zip(probes, parts.bits, strict=True)
    )
    return PROBE * sum(probes) + CANDIDATE * candidates


def cut(width: int, parts: int) -> Parts:
    """`width` bits in so many parts, as even as can be.

    >>> cut(256, 11).bits
    (24, 24, 24, 23, 23, 23, 23, 23, 23, 23, 23)
    """
    share, more = divmod(width, parts)
    return Parts(tuple(share + (i < more) for i in range(parts)))


def plan(n: int, width: int) -> Parts | None:
    """The cheapest way to cut n hashes of `width` bits; None where a scan is cheaper.

    It is chosen for an eighth of the bits, which is what PDQ's authors call near.
    """
    if n < FEWEST or width % WORD:
        return None
    radius = width // 8 - 1
    ways = [cut(width, m) for m in range(-(-width // WIDEST), width // NARROWEST + 1)]
    best = min(ways, key=lambda parts: cost(parts, n, radius))
    return best if cost(best, n, radius) < n else None


@dataclass(frozen=True, slots=True)
class Tables:
    """The buckets of every part, one part after the other.

    `order` (m * n,) holds the rows by part and bucket. Bucket b begins there at
    `coarse[b // GROUP] + fine[b]`, and ends where b + 1 begins; where `fine` has no room
    (FULL), it may be taken for larger than it is: each row is compared anyway.
    """

    parts: Parts
    order: npt.NDArray[np.uint32]
    coarse: npt.NDArray[Any]  # uint32, or uint64 where there are too many rows
    fine: npt.NDArray[np.uint8]

    def compare(
        self, hashes: Hashes, queries: Hashes, radius: int, most: int | None = None
    ) -> Triples:
        """Query number, row and distance of every pair within the radius, in no order.

        With `most`, of the nearest so many pairs of each query. Queries whose buckets are
        so full that a scan is cheaper are answered by one.
        """
        probes = _Probes.of(self.parts, radius)
        height = max(1, AT_ONCE // len(probes.flips))

        def ask(start: int) -> Triples:
            some = queries[start : start + height]
            found = self._ask(hashes, some, radius, probes)
            if found is None:
                found = flat.compare(hashes, some, radius, most)
            asked, rows, distances = flat.nearest(found, most)
            return asked + start, rows, distances

        starts = range(0, len(queries), height)
        if len(starts) == 1:
            return ask(0)
        with ThreadPoolExecutor(min(len(starts) or 1, flat.THREADS)) as pool:
            return flat.joined(list(pool.map(ask, starts)))

    def _ask(
        self, hashes: Hashes, queries: Hashes, radius: int, probes: "_Probes"
    ) -> Triples | None:
        begin, count = self._buckets(queries, probes)
        total = int(count.sum())
        if total * CANDIDATE > len(queries) * len(hashes) or total > MOST:
            return None
        filled = np.flatnonzero(count)
        begin, count = begin[filled], count[filled]
        before = np.cumsum(count) - count
        rows = self.order.take(np.repeat(begin - before, count) + np.arange(total))
        asked = np.repeat(filled // len(probes.flips), count)
        distances = _distances(hashes, rows, queries, asked)
        near = np.flatnonzero(distances <= radius)
        if not len(near):
            return flat.NOTHING
        # One row is found once in each part in which it is near enough.
        pairs, first = np.unique(
            asked[near] * len(hashes) + rows[near], return_index=True
        )
        return *np.divmod(pairs, len(hashes)), distances[near[first]].astype(np.int32)

    def _buckets(self, queries: Hashes, probes: "_Probes") -> tuple[Places, Places]:
        """Where the rows of each probe begin in `order`, and how many they are."""
        words = queries.take(probes.at, axis=1).view(">u4")[:, :, 0]
        keys = (words.astype(np.int64) >> probes.below) & probes.mask
        buckets = keys.take(probes.part, axis=1)
        buckets ^= probes.flips
        buckets += probes.base
        buckets = buckets.ravel()
        group = buckets >> SHIFT
        begin = self.coarse.take(group).astype(np.int64) + self.fine.take(buckets)
        buckets += 1
        last = self.fine.take(buckets)
        end = self.coarse.take(buckets >> SHIFT).astype(np.int64) + last
        full = np.flatnonzero(last == FULL)
        end[full] = self.coarse.take(group.take(full) + 1)
        return begin, end - begin


@dataclass(frozen=True, slots=True)
class _Probes:
    """All buckets that one query looks into, and how its own parts are read.

    `at` (m, 4) are the bytes that hold each part, `below` the bits after it in them,
    `mask` its own bits.
    """

    at: Places
    below: Places
    mask: Places
    part: Places
    flips: Places
    base: Places

    @staticmethod
    @cache
    def of(parts: Parts, radius: int) -> "_Probes":
        each = [
            _flips(bits, flips)
            for bits, flips in zip(parts.bits, parts.flips(radius), strict=True)
        ]
        sizes = [len(flips) for flips in each]
        read = [_place(*part) for part in zip(parts.starts, parts.bits, strict=True)]
        return _Probes(
            np.array([first for first, _ in read])[:, np.newaxis] + np.arange(4),
            np.array([below for _, below in read]),
            np.array([2**bits - 1 for bits in parts.bits]),
            np.repeat(np.arange(len(each)), sizes),
            np.concatenate(each),
            np.repeat(np.array(parts.bases[:-1], np.int64), sizes),
        )


@cache
def _flips(bits: int, most: int) -> Places:
    """Every way to turn at most `most` of `bits` bits; none for -1."""
    return np.array(
        [
            sum(1 << place for place in places)
            for k in range(most + 1)
            for places in combinations(range(bits), k)
        ],
        np.int64,
    )


def _place(start: int, bits: int) -> tuple[int, int]:
    """The first of the four bytes that hold a part, and how many bits follow it there.

    >>> _place(24, 24), _place(0, 9)
    ((2, 0), (0, 23))
    """
    first = max(0, -(-(start + bits) // 8) - 4)
    return first, 8 * (first + 4) - start - bits


def _keys(hashes: Hashes, start: int, bits: int) -> npt.NDArray[np.uint64]:
    """Bits start to start + bits of every hash, the first of them highest."""
    first, below = _place(start, bits)
    word = np.ascontiguousarray(hashes[:, first : first + 4]).view(">u4")[:, 0]
    return (word.astype(np.uint64) >> np.uint64(below)) & np.uint64(2**bits - 1)


def _distances(
    hashes: Hashes, rows: npt.NDArray[np.uint32], queries: Hashes, asked: Places
) -> npt.NDArray[np.uint16]:
    """Bits between each row and the query that asked for it."""
    found = hashes.view(np.uint64).take(rows, axis=0)
    bits = np.bitwise_count(found ^ queries.view(np.uint64).take(asked, axis=0))
    total: npt.NDArray[np.uint16] = bits[:, 0].astype(np.uint16)
    for column in range(1, bits.shape[1]):
        total += bits[:, column]
    return total


def build(hashes: Hashes, parts: Parts) -> Tables:
    """Sort the rows by every part; two parts at once where there are two processors."""
    n, m = len(hashes), len(parts.bits)
    order = np.empty(m * n, np.uint32)
    wide = np.uint32 if m * n < 2**32 else np.uint64
    coarse = np.empty(parts.bases[-1] // GROUP, wide)
    fine = np.empty(parts.bases[-1], np.uint8)

    def fill(part: int) -> None:
        bits, start = parts.bits[part], parts.starts[part]
        base, end = parts.bases[part], parts.bases[part + 1]
        pairs = np.empty(n, np.uint64)  # a key above, its row below: sorted as numbers
        for at in range(0, n, CHUNK):
            keys = _keys(hashes[at : at + CHUNK], start, bits)
            pairs[at : at + CHUNK] = keys << np.uint64(32)
            pairs[at : at + CHUNK] |= np.arange(at, at + len(keys), dtype=np.uint64)
        pairs.sort()
        order[part * n : (part + 1) * n] = pairs  # the lower half of each
        counts = np.bincount((pairs >> np.uint64(32)).view(np.int64), minlength=2**bits)
        begins = np.full(end - base, n, np.int64)
        begins[0] = 0
        np.cumsum(counts, out=begins[1 : 2**bits + 1])
        groups = begins[::GROUP]
        coarse[base // GROUP : end // GROUP] = groups + part * n
        within = begins.reshape(-1, GROUP) - groups[:, np.newaxis]
        fine[base:end] = np.minimum(within, FULL).ravel()

    with ThreadPoolExecutor(min(m, flat.THREADS)) as pool:
        list(pool.map(fill, range(m)))
    return Tables(parts, order, coarse, fine)
