"""Exact Hamming search: all neighbours within a radius, in files that never change.

The only file that knows the layout on disk. It must not know what the ids or the hashes
stand for.
"""

import hashlib
import json
import mmap
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tracker import flat, tables
from tracker.flat import Found, Hashes, Ids, scan

__all__ = ["Found", "Hashes", "Ids", "Index", "IndexFormatError", "scan"]

# The file: MAGIC, the header's length (8 bytes, little-endian), the header's SHA-256,
# the header (JSON); then the arrays that it names, in their order, each at the next
# multiple of ALIGNMENT.
FORMAT = 2
MAGIC = b"RCLMIDX" + bytes([FORMAT])
ALIGNMENT = 4096
_PREAMBLE = len(MAGIC) + 8 + 32
_LONGEST_HEADER = 2**20

Arrays = dict[str, npt.NDArray[Any]]

_CUT = "The index {} is cut short or longer."
_DAMAGED = "The index {} has been damaged."


class IndexFormatError(Exception):
    """The file is no index of ours, or it is torn; str() is a plain sentence."""


class Index:
    """One immutable generation, read from disk through a memory map without a copy.

    Processes that open the same generation share its memory. `ids` (n,) uint64 and
    `hashes` (n, bytes) uint8 are read-only views of the file, and stay valid when a
    newer generation takes its path.
    """

    def __init__(
        self, path: Path, header: dict[str, Any], content: mmap.mmap, arrays: Arrays
    ) -> None:
        self.path = path
        self._map = content
        self._header = header
        self._arrays = arrays
        self.ids: Ids = arrays["ids"]
        self.hashes: Hashes = arrays["hashes"]
        self._tables: tables.Tables | None = None
        if parts := header["parts"]:
            order, coarse, fine = (arrays[name] for name in ("order", "coarse", "fine"))
            self._tables = tables.Tables(
                tables.Parts(tuple(parts)), order, coarse, fine
            )

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
        ids, hashes = flat.checked(ids, hashes)
        arrays: Arrays = {"ids": ids.astype("<u8", copy=False), "hashes": hashes}
        parts = tables.plan(len(ids), 8 * hashes.shape[1])
        if parts:
            made = tables.build(hashes, parts)
            arrays |= {"order": made.order, "coarse": made.coarse, "fine": made.fine}
        header = {
            "built_at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "parts": parts and list(parts.bits),
            "arrays": {
                name: [array.dtype.str, array.shape, _sha256(array)]
                for name, array in arrays.items()
            },
            "extra": dict(extra or {}),
        }
        _write(Path(path), json.dumps(header).encode(), arrays)
        return cls.open(path)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open a generation: magic, header and size are checked; contents by verify().

        Raises IndexFormatError for a torn or foreign file, OSError if there is none.
        """
        path = Path(path)
        with path.open("rb") as file:
            header, start = _read_header(file.read(_PREAMBLE + _LONGEST_HEADER), path)
            places, end = _layout(start, header["arrays"])
            if os.fstat(file.fileno()).st_size != end:
                raise IndexFormatError(_CUT.format(path.name))
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        arrays: Arrays = {
            name: np.ndarray(shape, dtype, content, places[name])
            for name, (dtype, shape, _) in header["arrays"].items()
        }
        return cls(path, header, content, arrays)

    def __len__(self) -> int:
        return len(self.ids)

    def search(self, queries: Hashes, radius: int, most: int | None = None) -> Found:
        """All neighbours of each query at `radius` bits or less, as scan() returns them.

        With `most`, the nearest so many of each query. Through the tables where that is
        cheaper than a scan, which finds the same. Raises IndexFormatError where the file
        has been damaged since it was opened.
        """
        self.require_whole()
        queries, radius = flat.question(queries, radius, self.hashes.shape[1])
        n = len(self)
        if self._tables and tables.cost(self._tables.parts, n, radius) < n:
            try:
                found = self._tables.compare(self.hashes, queries, radius, most)
            except (IndexError, ValueError):  # tables that lead out of themselves
                raise IndexFormatError(_DAMAGED.format(self.path.name)) from None
        else:
            found = flat.compare(self.hashes, queries, radius, most)
        return flat.in_order(self.ids, found, len(queries))

    def require_whole(self) -> None:
        """Raise IndexFormatError if the file has been cut short since it was opened.

        To read beyond the cut would end the process (SIGBUS). A cut in the instant
        between this look and the reading still does.
        """
        if self._map.size() < len(self._map):
            raise IndexFormatError(_CUT.format(self.path.name))

    def info(self) -> dict[str, Any]:
        """What this generation is: n, bytes, bits, path, format, parts, built_at, extra.

        `parts` are the bits of each part that has a table, empty where there is none;
        `size` is the file's, in bytes; `checksums` is the SHA-256 that each array had when
        it was written.
        """
        width = self.hashes.shape[1]
        return {
            "path": str(self.path),
            "format": FORMAT,
            "n": len(self),
            "bytes": width,
            "bits": 8 * width,
            "parts": self._header["parts"] or [],
            "size": len(self._map),
            "checksums": {
                name: written
                for name, (_, _, written) in self._header["arrays"].items()
            },
            "built_at": self._header["built_at"],
            "extra": dict(self._header["extra"]),
        }

    def verify(self) -> None:
        """Read it all; raises IndexFormatError if a bit is not as it was written."""
        self.require_whole()
        for name, (_, _, written) in self._header["arrays"].items():
            if _sha256(self._arrays[name]) != written:
                raise IndexFormatError(_DAMAGED.format(self.path.name))


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT


def _layout(start: int, arrays: Mapping[str, Any]) -> tuple[dict[str, int], int]:
    """Where each array starts, and where the file ends."""
    places, end = {}, start
    for name, (dtype, shape, _) in arrays.items():
        places[name] = _aligned(end)
        end = (
            places[name]
            + int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        )
    return places, end


def _sha256(array: npt.NDArray[Any]) -> str:
    return hashlib.sha256(array.data).hexdigest()


def _read_header(beginning: bytes, path: Path) -> tuple[dict[str, Any], int]:
    """The header, and where the first array starts."""
    foreign = IndexFormatError(f"{path.name} is no index that this version can read.")
    length = int.from_bytes(beginning[len(MAGIC) : len(MAGIC) + 8], "little")
    text = beginning[_PREAMBLE : _PREAMBLE + length]
    if not beginning.startswith(MAGIC) or len(text) != length:
        raise foreign
    if hashlib.sha256(text).digest() != beginning[_PREAMBLE - 32 : _PREAMBLE]:
        raise foreign
    return json.loads(text), _aligned(_PREAMBLE + length)


def _write(path: Path, header: bytes, arrays: Arrays) -> None:
    """Write beside the path, flush to the disk, then rename: no reader sees a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    named = {name: (array.dtype, array.shape, "") for name, array in arrays.items()}
    places, end = _layout(_aligned(_PREAMBLE + len(header)), named)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(MAGIC + len(header).to_bytes(8, "little"))
            file.write(hashlib.sha256(header).digest() + header)
            for array_name, array in arrays.items():
                file.seek(places[array_name])
                file.write(array.data)
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
