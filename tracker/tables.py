"""Multi-index hashing: all neighbours within a small radius, exactly, without a scan.

Norouzi, Punjani, Fleet, "Fast Exact Search in Hamming Space with Multi-Index Hashing"
(PAMI 2014): cut every hash into m parts. Where two hashes are r bits apart, some part of
them is at most r / m apart; so a table for each part, asked with that part and its near
variants, gives all neighbours among few candidates, and each candidate is compared whole.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tracker import buckets, flat
from tracker.buckets import Buckets
from tracker.flat import Hashes, Triples
from tracker.probes import GROUP, SHIFT, Parts, Places, Probes, place

# What things cost, in the time that a scan takes to compare one hash of 256 bits (1.2 ns):
# measured on two processors, bench/lookup.py.
PROBE = 25.0  # to look into one bucket
CANDIDATE = 30.0  # to fetch and compare one row that it names
WORD = 64  # bits: hashes are compared in words of this size
FEWEST = 2**16  # rows: below, a scan is over before a table has been asked

NARROWEST, WIDEST = 8, 24  # bits of one part
FULL = 255  # an offset within a group that no longer fits
AT_ONCE = 2**17  # probes made together, so that what they need stays in the cache
MOST = 2**24  # candidates fetched together: past that, memory is better spent on a scan
CHUNK = 2**20  # rows read together while building


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


@dataclass(frozen=True, eq=False)
class Tables:
    """The buckets of every part of hashes (n, bytes), one part after the other.

    `order` (m * n,) holds the rows by part and bucket. Bucket b begins there at
    `coarse[b // GROUP] + fine[b]`, and ends where b + 1 begins; where `fine` has no room
    (FULL), it may be taken for larger than it is: each row is compared anyway.
    """

    parts: Parts
    hashes: Hashes
    order: npt.NDArray[np.uint32]
    coarse: npt.NDArray[Any]  # uint32, or uint64 where there are too many rows
    fine: npt.NDArray[np.uint8]
    filled: npt.NDArray[np.uint8]  # one bit for each bucket, the lowest first
    in_c: dict[int, Buckets] = field(default_factory=dict, repr=False)  # by radius

    def compare(self, queries: Hashes, radius: int, most: int | None = None) -> Triples:
        """Query number, row and distance of every pair within the radius, in no order.

        With `most`, of the nearest so many pairs of each query. Queries whose buckets are
        so full that a scan is cheaper are answered by one. Asked in C where it was built.
        """
        ask = self._ask if buckets.library() else self._ask_in_numpy
        probes = Probes.of(self.parts, radius)
        height = max(1, AT_ONCE // len(probes.flips))

        def answer(start: int) -> Triples:
            some = queries[start : start + height]
            found = ask(some, radius, probes, most)
            asked, rows, distances = flat.nearest(found, most)
            return asked + start, rows, distances

        starts = range(0, len(queries), height)
        threads = min(len(starts), flat.THREADS)
        if threads < 2:
            found = [answer(start) for start in starts]
            return found[0] if len(found) == 1 else flat.joined(found)
        with ThreadPoolExecutor(threads) as pool:
            return flat.joined(list(pool.map(answer, starts)))

    def _ask(
        self, queries: Hashes, radius: int, probes: Probes, most: int | None
    ) -> Triples:
        if radius not in self.in_c:
            self.in_c[radius] = Buckets(
                self.hashes,
                self.order,
                self.coarse,
                self.fine,
                self.filled,
                first=probes.at[:, 0].copy(),
                below=probes.below,
                mask=probes.mask,
                base=np.array(self.parts.bases[:-1], np.int64),
                turned=np.array(self.parts.flips(radius), np.int64),
                until=np.cumsum(np.bincount(probes.part, minlength=len(probes.mask))),
                flips=probes.flips,
            )
        worth = int(len(self.hashes) / CANDIDATE)
        found, crowded = self.in_c[radius].ask(queries, radius, worth)
        if not len(crowded):
            return found
        scanned = flat.compare(self.hashes, queries[crowded], radius, most)
        return flat.joined([found, (crowded[scanned[0]], *scanned[1:])])

    def _ask_in_numpy(
        self, queries: Hashes, radius: int, probes: Probes, most: int | None
    ) -> Triples:
        """The same without a compiler's help."""
        hashes = self.hashes
        begin, count = self._buckets(queries, probes)
        total = int(count.sum())
        if total * CANDIDATE > len(queries) * len(hashes) or total > MOST:
            return flat.compare(hashes, queries, radius, most)
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

    def _buckets(self, queries: Hashes, probes: Probes) -> tuple[Places, Places]:
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


def _keys(hashes: Hashes, start: int, bits: int) -> npt.NDArray[np.uint64]:
    """Bits start to start + bits of every hash, the first of them highest."""
    first, below = place(start, bits)
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
    filled = np.empty(parts.bases[-1] // 8, np.uint8)

    def fill(part: int) -> None:
        width, start = parts.bits[part], parts.starts[part]
        base, end = parts.bases[part], parts.bases[part + 1]
        pairs = np.empty(n, np.uint64)  # a key above, its row below: sorted as numbers
        for at in range(0, n, CHUNK):
            keys = _keys(hashes[at : at + CHUNK], start, width)
            pairs[at : at + CHUNK] = keys << np.uint64(32)
            pairs[at : at + CHUNK] |= np.arange(at, at + len(keys), dtype=np.uint64)
        pairs.sort()
        order[part * n : (part + 1) * n] = pairs  # the lower half of each
        counts = np.bincount(
            (pairs >> np.uint64(32)).view(np.int64), minlength=2**width
        )
        begins = np.full(end - base, n, np.int64)
        begins[0] = 0
        np.cumsum(counts, out=begins[1 : 2**width + 1])
        groups = begins[::GROUP]
        coarse[base // GROUP : end // GROUP] = groups + part * n
        within = begins.reshape(-1, GROUP) - groups[:, np.newaxis]
        fine[base:end] = np.minimum(within, FULL).ravel()
        bits = np.packbits(counts > 0, bitorder="little")
        filled[base // 8 : base // 8 + len(bits)] = bits
        filled[base // 8 + len(bits) : end // 8] = 0

    with ThreadPoolExecutor(min(m, flat.THREADS)) as pool:
        list(pool.map(fill, range(m)))
    return Tables(parts, hashes, order, coarse, fine, filled)
