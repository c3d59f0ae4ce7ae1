"""Exact Hamming search of arrays in memory, by comparing with every one: FAISS does it.

The only file that knows FAISS.
"""

import operator
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import faiss
import faiss.loader
import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.uint64]
Hashes = npt.NDArray[np.uint8]
Found = tuple[npt.NDArray[np.int64], Ids, npt.NDArray[np.int32]]
Triples = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32]]

NOTHING: Triples = (
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, np.int32),
)

# Hashes are compared in blocks that stay in the processor's cache while all queries
# pass over them: 1.4 times faster than query by query once they outgrow the cache.
_BLOCK_BYTES = 8 * 2**20

# Asked once: the kernel opens a file to answer. Who runs several of us says how many.
_told = os.environ.get("OMP_NUM_THREADS", "")
THREADS = int(_told) if _told.isdecimal() and int(_told) else os.cpu_count() or 1

# A thread is started only where it saves more than its own few tenths of a millisecond.
_COMPARISONS_PER_THREAD = 2**25

# Pairs that one pass may find: a million equal hashes, asked for a thousand times, are
# trimmed to the nearest of each query before the memory is full.
_PAIRS = 2**22


# FAISS's type stubs leave these functions out; its loader has them.
_range_search: Callable[..., None] = faiss.loader.hamming_range_search
_all_distances: Callable[..., None] = faiss.loader.hammings


def scan(
    ids: Ids, hashes: Hashes, queries: Hashes, radius: int, most: int | None = None
) -> Found:
    """Exact search of arrays in memory.

    Takes ids (n,) uint64, hashes (n, bytes) uint8, queries (q, bytes) or (bytes,)
    uint8, radius in bits. Returns lims (q + 1,) int64, ids uint64, distances int32: the
    neighbours of query i, at `radius` or less, stand at lims[i]:lims[i + 1], the
    nearest first and the lower id before the higher. With `most` they are the nearest
    so many of each query, in bounded memory. Raises ValueError for arrays of another
    type or shape, or a negative radius.
    """
    ids, hashes = checked(ids, hashes)
    queries, radius = question(queries, radius, hashes.shape[1])
    return in_order(ids, compare(hashes, queries, radius, most), len(queries))


def in_order(ids: Ids, triples: Triples, count: int) -> Found:
    """What scan() returns, of the pairs found for so many queries."""
    asked, rows, distances = triples
    found = ids[rows]
    order = np.lexsort((found, distances, asked))
    lims = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(asked, minlength=count), out=lims[1:])
    return lims, found[order].astype(np.uint64, copy=False), distances[order]


def nearest(triples: Triples, most: int | None) -> Triples:
    """The nearest `most` of each query; of those equally near, the earlier rows.

    Rows of one query and distance come in order, and stay so. Distances are counted, not
    sorted: among a million equal hashes a sort would take a tenth of a second each.
    """
    asked, _, distances = triples
    if most is None or not len(asked):
        return triples
    found = np.bincount(asked)
    if found.max() <= most:
        return triples
    width = int(distances.max()) + 1
    each = np.bincount(asked * width + distances, minlength=len(found) * width)
    upto = np.cumsum(each.reshape(-1, width), axis=1)
    last = (upto < most).sum(
        axis=1
    )  # where the row is that is one too many, or the last
    nearer = np.where(last > 0, upto[np.arange(len(found)), last - 1], 0)
    limit = last[asked]
    tied = np.flatnonzero(distances == limit)
    tied = tied[np.argsort(asked[tied], kind="stable")]
    ties = np.bincount(asked[tied], minlength=len(found))
    place = np.arange(len(tied)) - (np.cumsum(ties) - ties)[asked[tied]]
    tied = tied[place < (most - nearer)[asked[tied]]]
    kept = np.concatenate([np.flatnonzero(distances < limit), tied])
    return asked[kept], triples[1][kept], distances[kept]


def joined(parts: Sequence[Triples]) -> Triples:
    """The pairs of all parts together."""
    asked, rows, distances = zip(NOTHING, *parts, strict=True)
    return np.concatenate(asked), np.concatenate(rows), np.concatenate(distances)


def compare(
    hashes: Hashes, queries: Hashes, radius: int, most: int | None = None
) -> Triples:
    """Query number, row and distance of every pair within the radius, in no order.

    With `most`, of the nearest so many pairs of each query. The threads are Python's,
    each with FAISS pinned to one of its own: FAISS drops the GIL, and OpenMP's pool would
    hang in a process forked after its first use.
    """
    height = max(1, _BLOCK_BYTES // hashes.shape[1])
    starts = range(0, len(hashes), height)
    block = partial(_compare_block, hashes, height, queries, radius, most)
    worth = len(hashes) * len(queries) // _COMPARISONS_PER_THREAD
    threads = min(worth, len(starts), THREADS)
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(block, starts))
    else:
        parts = [block(start) for start in starts]
    return parts[0] if len(parts) == 1 else nearest(joined(parts), most)


def _compare_block(
    hashes: Hashes,
    height: int,
    queries: Hashes,
    radius: int,
    most: int | None,
    start: int,
) -> Triples:
    block = hashes[start : start + height]
    step = len(queries) if most is None else max(1, _PAIRS // max(1, len(block)))
    parts = []
    for first in range(0, len(queries), max(1, step)):
        found = _range(block, queries[first : first + step], radius)
        asked, rows, distances = nearest(found, most)
        parts.append((asked + first, rows + start, distances))
    return parts[0] if len(parts) == 1 else joined(parts)


def _range(block: Hashes, queries: Hashes, radius: int) -> Triples:
    result = faiss.RangeSearchResult(len(queries))
    faiss.omp_set_num_threads(1)  # of this thread alone
    _range_search(
        faiss.swig_ptr(queries),
        faiss.swig_ptr(block),  # the memory map itself: nothing is copied
        len(queries),
        len(block),
        radius + 1,  # FAISS means "less than"
        block.shape[1],
        result,
    )
    lims = faiss.rev_swig_ptr(result.lims, len(queries) + 1).astype(np.int64)
    total = int(lims[-1])
    asked = np.repeat(np.arange(len(queries)), np.diff(lims))
    if not total:
        return asked, np.empty(0, np.int64), np.empty(0, np.int32)
    rows = np.array(faiss.rev_swig_ptr(result.labels, total))
    return asked, rows, faiss.rev_swig_ptr(result.distances, total).astype(np.int32)


def checked(ids: Ids, hashes: Hashes) -> tuple[Ids, Hashes]:
    """Both as arrays without gaps. Raises ValueError for another type or shape."""
    ids, hashes = np.asarray(ids), np.asarray(hashes)
    if ids.dtype != np.uint64 or ids.ndim != 1:
        raise ValueError("The ids are an array of type uint64 and shape (n,).")
    if hashes.dtype != np.uint8 or hashes.ndim != 2 or hashes.shape[1] < 1:
        raise ValueError("The hashes are an array of type uint8 and shape (n, bytes).")
    if len(ids) != len(hashes):
        raise ValueError("There are as many ids as hashes.")
    return np.ascontiguousarray(ids), np.ascontiguousarray(hashes)


def question(queries: Hashes, radius: int, width: int) -> tuple[Hashes, int]:
    """Queries of shape (q, width) and the radius, no wider than a hash. Raises ValueError."""
    radius = operator.index(radius)
    if radius < 0:
        raise ValueError("The radius is a number of bits, 0 or more.")
    queries = np.asarray(queries)
    if queries.dtype != np.uint8:
        raise ValueError("Queries are an array of type uint8.")
    if queries.shape == (width,):
        queries = queries[np.newaxis]
    if queries.ndim != 2 or queries.shape[1] != width:
        raise ValueError(f"Queries have the shape (q, {width}) or ({width},) here.")
    return np.ascontiguousarray(queries), min(radius, 8 * width)


def distances(ours: Hashes, theirs: Hashes) -> npt.NDArray[np.int32]:
    """Bits between every two of hashes (n, bytes) and (m, bytes) uint8, as (n, m)."""
    ours, theirs = np.ascontiguousarray(ours), np.ascontiguousarray(theirs)
    apart = np.empty((len(ours), len(theirs)), np.int32)
    _all_distances(
        faiss.swig_ptr(ours),
        faiss.swig_ptr(theirs),
        len(ours),
        len(theirs),
        ours.shape[1],
        faiss.swig_ptr(apart),
    )
    return apart
