"""Spans of the memory as files: one immutable, checksummed shard for each.

The only file that knows their layout. A shard is read through a memory map, by FAISS
without a copy, and every byte that answers is checked against its SHA-256 first.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from tracker import arrays
from tracker.flat import Found, Hashes, checked, scan
from tracker.memory import MemoryDamagedError, Packed, Pipeline, Span

MAGIC = b"RCLMOBS\x01"  # the last byte is the format's number
ABANDONED = 3600  # seconds after which a half-written file is a dead packer's


class Shards:
    """One instance's shards, in a folder of their own: a shard of another is refused."""

    def __init__(self, folder: Path, instance: str) -> None:
        self._folder = folder / instance
        self._instance = instance

    def spans(self) -> list[Span]:
        found = []
        for path in self._paths():
            with suppress(MemoryDamagedError):
                found.append(self._open(path)[0])
        return found

    def pack(self, span: Span, hashes: Packed) -> None:
        header = {
            "instance": self._instance,
            "after": span.after,
            "upto": span.upto,
            "oldest": span.oldest.isoformat(),
            "youngest": span.youngest.isoformat(),
            "anchor": span.anchor.hex(),
            "pipelines": list(hashes),
        }
        kept: dict[str, arrays.Array] = {}
        for at, (ids, rows) in enumerate(hashes.values()):
            kept[f"ids {at}"], kept[f"hashes {at}"] = checked(ids, rows)
        arrays.write(self._path(span), MAGIC, header, kept)

    def radius(
        self, span: Span, pipeline: Pipeline, queries: Hashes, radius: int
    ) -> Found:
        path = self._path(span)
        there, file = self._open(path)
        if there != span:
            raise MemoryDamagedError(f"{path.name} has been packed anew.")
        if list(pipeline) not in file.header["pipelines"]:
            width = queries.shape[-1]
            return scan(
                np.empty(0, np.uint64), np.empty((0, width), np.uint8), queries, radius
            )
        at = file.header["pipelines"].index(list(pipeline))
        names = f"ids {at}", f"hashes {at}"
        try:
            file.verify(*names)
        except arrays.ArraysFormatError as error:
            raise MemoryDamagedError(str(error)) from None
        ids, hashes = (file.arrays[name] for name in names)
        return scan(ids, hashes, queries, radius)

    def forget(self, span: Span) -> None:
        self._path(span).unlink(missing_ok=True)

    def tidy(self) -> None:
        for half in self._folder.glob(".*"):
            with suppress(FileNotFoundError):
                if time.time() - half.stat().st_mtime > ABANDONED:
                    half.unlink()
        for path in self._paths():
            try:
                self._open(path)
            except MemoryDamagedError:
                path.unlink(missing_ok=True)

    def verify(self) -> list[str]:
        damaged = []
        for path in self._paths():
            try:
                self._open(path)[1].verify()
            except (MemoryDamagedError, arrays.ArraysFormatError) as error:
                damaged.append(str(error))
        return damaged

    def _paths(self) -> Iterator[Path]:
        yield from sorted(self._folder.glob("*.shard"))

    def _path(self, span: Span) -> Path:
        return self._folder / f"{span.after:020d}-{span.upto:020d}.shard"

    def _open(self, path: Path) -> tuple[Span, arrays.File]:
        """Raises MemoryDamagedError for a shard that is torn, foreign or gone."""
        try:
            file = arrays.read(path, MAGIC)
        except arrays.ArraysFormatError as error:
            raise MemoryDamagedError(str(error)) from None
        except FileNotFoundError:
            raise MemoryDamagedError(f"{path.name} is gone.") from None
        span, instance = _span(file.header), file.header["instance"]
        if instance != self._instance or path.name != self._path(span).name:
            raise MemoryDamagedError(f"{path.name} is another instance's.")
        return span, file


def opened(url: str, instance: str) -> Shards:
    return Shards(Path(urlsplit(url).path), instance)


def _span(header: dict[str, Any]) -> Span:
    return Span(
        header["after"],
        header["upto"],
        datetime.fromisoformat(header["oldest"]),
        datetime.fromisoformat(header["youngest"]),
        bytes.fromhex(header["anchor"]),
    )
