"""Exact Hamming search: all neighbours within a radius, in files that never change.

The only file that knows which arrays a generation has; tracker/arrays.py knows how they
lie on the disk. It must not know what the ids or the hashes stand for.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from tracker import arrays, flat, tables
from tracker.flat import Found, Hashes, Ids, scan
from tracker.probes import Parts

__all__ = ["Found", "Hashes", "Ids", "Index", "IndexFormatError", "scan"]

FORMAT = 3
MAGIC = b"RCLMIDX" + bytes([FORMAT])
TABLES = ("order", "coarse", "fine", "filled")


class IndexFormatError(Exception):
    """The file is no index of ours, or it is torn; str() is a plain sentence."""


class Index:
    """One immutable generation, read from disk through a memory map without a copy.

    Processes that open the same generation share its memory. `ids` (n,) uint64 and
    `hashes` (n, bytes) uint8 are read-only views of the file, and stay valid when a
    newer generation takes its path.
    """

    def __init__(self, file: arrays.File) -> None:
        self.path = file.path
        self._file = file
        self.ids: Ids = file.arrays["ids"]
        self.hashes: Hashes = file.arrays["hashes"]
        self._tables: tables.Tables | None = None
        if parts := file.header["parts"]:
            order, coarse, fine, filled = (file.arrays[name] for name in TABLES)
            cut = Parts(tuple(parts))
            self._tables = tables.Tables(cut, self.hashes, order, coarse, fine, filled)

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
        kept: dict[str, arrays.Array] = {
            "ids": ids.astype("<u8", copy=False),
            "hashes": hashes,
        }
        parts = tables.plan(len(ids), 8 * hashes.shape[1])
        if parts:
            made = tables.build(hashes, parts)
            kept |= {name: getattr(made, name) for name in TABLES}
        header = {
            "built_at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "parts": parts and list(parts.bits),
            "extra": dict(extra or {}),
        }
        arrays.write(Path(path), MAGIC, header, kept)
        return cls.open(path)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open a generation: magic, header and size are checked; contents by verify().

        Raises IndexFormatError for a torn or foreign file, OSError if there is none.
        """
        try:
            return cls(arrays.read(Path(path), MAGIC))
        except arrays.ArraysFormatError as error:
            raise IndexFormatError(str(error)) from None

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
                found = self._tables.compare(queries, radius, most)
            except (IndexError, ValueError):  # tables that lead out of themselves
                raise IndexFormatError(f"{self.path.name} has been damaged.") from None
        else:
            found = flat.compare(self.hashes, queries, radius, most)
        return flat.in_order(self.ids, found, len(queries))

    def require_whole(self) -> None:
        """Raise IndexFormatError if the file has been cut short since it was opened."""
        try:
            self._file.require_whole()
        except arrays.ArraysFormatError as error:
            raise IndexFormatError(str(error)) from None

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
            "parts": self._file.header["parts"] or [],
            "size": self._file.size,
            "checksums": self._file.checksums(),
            "built_at": self._file.header["built_at"],
            "extra": dict(self._file.header["extra"]),
        }

    def verify(self) -> None:
        """Read it all; raises IndexFormatError if a bit is not as it was written."""
        try:
            self._file.verify()
        except arrays.ArraysFormatError as error:
            raise IndexFormatError(str(error)) from None
