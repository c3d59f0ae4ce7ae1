"""Exact Hamming search: all neighbours within a radius, in files that never change.

The only file that knows FAISS and the layout on disk. It must not know what the ids or
the hashes stand for.
"""

import hashlib
import json
import mmap
import operator
import os
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

import faiss
import faiss.loader
import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.uint64]
Hashes = npt.NDArray[np.uint8]
Found = tuple[npt.NDArray[np.int64], Ids, npt.NDArray[np.int32]]

# The file: MAGIC, the header's length (8 bytes, little-endian), the header's SHA-256,
# the header (JSON); then the ids (little-endian uint64) and the hashes, both starting
# at the next multiple of ALIGNMENT.
FORMAT = 1
MAGIC = b"RCLMIDX" + bytes([FORMAT])
ALIGNMENT = 4096
_PREAMBLE = len(MAGIC) + 8 + 32
_LONGEST_HEADER = 2**20

# Hashes are compared in blocks that stay in the processor's cache while all queries
# pass over them: 1.4 times faster than query by query once they outgrow the cache.
_BLOCK_BYTES = 8 * 2**20

# A thread is started only where it saves more than its own few tenths of a millisecond.
_COMPARISONS_PER_THREAD = 2**25


# FAISS's type stubs leave this function out; its loader has it.
_range_search: Callable[..., None] = faiss.loader.hamming_range_search


class IndexFormatError(Exception):
    """The file is no index of ours, or it is torn; str() is a plain sentence."""


class Index:
    """One immutable generation, read from disk through a memory map without a copy.

    Processes that open the same generation share its memory. `ids` (n,) uint64 and
    `hashes` (n, bytes) uint8 are read-only views of the file, and stay valid when a
    newer generation takes its path.
    """

    def __init__(self, path: Path, header: dict[str, Any], content: mmap.mmap) -> None:
        self.path = path
        self._header = header
        n, width = header["n"], header["bytes"]
        ids_at, hashes_at, _ = _layout(header["start"], n, width)
        self.ids: Ids = np.frombuffer(content, "<u8", n, ids_at)
        flat: Hashes = np.frombuffer(content, np.uint8, n * width, hashes_at)
        self.hashes: Hashes = flat.reshape(n, width)

    @classmethod
    def build(
        cls,
        path: str | os.PathLike[str],
        ids: Ids,
        hashes: Hashes,
        extra: Mapping[str, str | int] | None = None,
    ) -> Self:
        """Write a generation and open it.

        Takes ids (n,) uint64 and hashes (n, bytes) uint8; both may repeat. The file
        appears at `path` whole or not at all, and takes the place of an older one whose
        readers go on undisturbed. `extra` comes back from info(). Raises ValueError for
        arrays of another type or shape, OSError where the disk refuses.
        """
        ids, hashes = _checked(ids, hashes)
        header = {
            "n": len(ids),
            "bytes": hashes.shape[1],
            "built_at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "ids_sha256": _sha256(ids.astype("<u8", copy=False)),
            "hashes_sha256": _sha256(hashes),
            "extra": dict(extra or {}),
        }
        _write(Path(path), json.dumps(header).encode(), ids, hashes)
        return cls.open(path)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open a generation: magic, header and size are checked; contents by verify().

        Raises IndexFormatError for a torn or foreign file, OSError if there is none.
        """
        path = Path(path)
        with path.open("rb") as file:
            header = _read_header(file.read(_PREAMBLE + _LONGEST_HEADER), path)
            end = _layout(header["start"], header["n"], header["bytes"])[2]
            if os.fstat(file.fileno()).st_size != end:
                raise IndexFormatError(f"The index {path.name} is cut short or longer.")
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return cls(path, header, content)

    def __len__(self) -> int:
        return len(self.ids)

    def search(self, queries: Hashes, radius: int) -> Found:
        """All neighbours of each query at `radius` bits or less; see scan()."""
        return scan(self.ids, self.hashes, queries, radius)

    def info(self) -> dict[str, Any]:
        """What this generation is: n, bytes, bits, path, format, built_at, extra."""
        return {
            "path": str(self.path),
            "format": FORMAT,
            "n": len(self),
            "bytes": self._header["bytes"],
            "bits": 8 * self._header["bytes"],
            "built_at": self._header["built_at"],
            "extra": dict(self._header["extra"]),
        }

    def verify(self) -> None:
        """Read it all; raises IndexFormatError if a bit is not as it was written."""
        written = (self._header["ids_sha256"], self._header["hashes_sha256"])
        if (_sha256(self.ids), _sha256(self.hashes)) != written:
            raise IndexFormatError(f"The index {self.path.name} has been damaged.")


def scan(ids: Ids, hashes: Hashes, queries: Hashes, radius: int) -> Found:
    """Exact search of arrays in memory.

    Takes ids (n,) uint64, hashes (n, bytes) uint8, queries (q, bytes) or (bytes,)
    uint8, radius in bits. Returns lims (q + 1,) int64, ids uint64, distances int32: the
    neighbours of query i, at `radius` or less, stand at lims[i]:lims[i + 1], the
    nearest first and the lower id before the higher. Raises ValueError for arrays of
    another type or shape, or a negative radius.
    """
    ids, hashes = _checked(ids, hashes)
    queries = _as_queries(queries, hashes.shape[1])
    radius = operator.index(radius)
    if radius < 0:
        raise ValueError("The radius is a number of bits, 0 or more.")
    radius = min(radius, 8 * hashes.shape[1])
    asked, rows, distances = _compare(hashes, queries, radius)
    found = ids[rows]
    order = np.lexsort((found, distances, asked))
    lims = np.zeros(len(queries) + 1, np.int64)
    np.cumsum(np.bincount(asked, minlength=len(queries)), out=lims[1:])
    return lims, found[order].astype(np.uint64, copy=False), distances[order]


_Triples = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32]]


def _compare(hashes: Hashes, queries: Hashes, radius: int) -> _Triples:
    """Query number, row and distance of every pair within the radius, in no order.

    The threads are Python's, each with FAISS pinned to one of its own: FAISS drops the
    GIL, and OpenMP's pool would hang in a process forked after its first use.
    """
    height = max(1, _BLOCK_BYTES // hashes.shape[1])
    starts = range(0, len(hashes), height)
    block = partial(_compare_block, hashes, height, queries, radius)
    worth = len(hashes) * len(queries) // _COMPARISONS_PER_THREAD
    threads = min(worth, len(starts), os.cpu_count() or 1)
    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(block, starts))
    else:
        parts = [block(start) for start in starts]
    if len(parts) == 1:
        return parts[0]
    return (
        np.concatenate([np.empty(0, np.int64), *(asked for asked, _, _ in parts)]),
        np.concatenate([np.empty(0, np.int64), *(rows for _, rows, _ in parts)]),
        np.concatenate([np.empty(0, np.int32), *(bits for _, _, bits in parts)]),
    )


def _compare_block(
    hashes: Hashes, height: int, queries: Hashes, radius: int, start: int
) -> _Triples:
    block = hashes[start : start + height]
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
    rows = faiss.rev_swig_ptr(result.labels, total) + start
    return asked, rows, faiss.rev_swig_ptr(result.distances, total).astype(np.int32)


def _checked(ids: Ids, hashes: Hashes) -> tuple[Ids, Hashes]:
    ids, hashes = np.asarray(ids), np.asarray(hashes)
    if ids.dtype != np.uint64 or ids.ndim != 1:
        raise ValueError("The ids are an array of type uint64 and shape (n,).")
    if hashes.dtype != np.uint8 or hashes.ndim != 2 or hashes.shape[1] < 1:
        raise ValueError("The hashes are an array of type uint8 and shape (n, bytes).")
    if len(ids) != len(hashes):
        raise ValueError("There are as many ids as hashes.")
    return np.ascontiguousarray(ids), np.ascontiguousarray(hashes)


def _as_queries(queries: Hashes, width: int) -> Hashes:
    queries = np.asarray(queries)
    if queries.dtype != np.uint8:
        raise ValueError("Queries are an array of type uint8.")
    if queries.shape == (width,):
        queries = queries[np.newaxis]
    if queries.ndim != 2 or queries.shape[1] != width:
        raise ValueError(f"Queries have the shape (q, {width}) or ({width},) here.")
    return np.ascontiguousarray(queries)


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT


def _layout(start: int, n: int, width: int) -> tuple[int, int, int]:
    """Where the ids start, the hashes start, and the file ends."""
    hashes_at = _aligned(start + 8 * n)
    return start, hashes_at, hashes_at + n * width


def _sha256(array: npt.NDArray[Any]) -> str:
    return hashlib.sha256(array.data).hexdigest()


def _read_header(beginning: bytes, path: Path) -> dict[str, Any]:
    foreign = IndexFormatError(f"{path.name} is no index that this version can read.")
    length = int.from_bytes(beginning[len(MAGIC) : len(MAGIC) + 8], "little")
    text = beginning[_PREAMBLE : _PREAMBLE + length]
    if not beginning.startswith(MAGIC) or len(text) != length:
        raise foreign
    if hashlib.sha256(text).digest() != beginning[_PREAMBLE - 32 : _PREAMBLE]:
        raise foreign
    header: dict[str, Any] = json.loads(text)
    return header | {"start": _aligned(_PREAMBLE + length)}


def _write(path: Path, header: bytes, ids: Ids, hashes: Hashes) -> None:
    """Write beside the path, flush to the disk, then rename: no reader sees a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    start = _aligned(_PREAMBLE + len(header))
    ids_at, hashes_at, end = _layout(start, len(ids), hashes.shape[1])
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(MAGIC + len(header).to_bytes(8, "little"))
            file.write(hashlib.sha256(header).digest() + header)
            file.seek(ids_at)
            file.write(ids.astype("<u8", copy=False).data)
            file.seek(hashes_at)
            file.write(hashes.data)
            file.truncate(end)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
