"""Keys of the copies held for automatic processing: short-lived, and never in the database.

A database forgets slowly: its log, its free pages and its backups keep what was deleted.
These keys lie in files of their own (embedded; production puts the folder on a memory disk)
or in Redis without persistence, and are gone when they are destroyed.
"""

import os
import struct
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.module_loading import import_string

LASTING = "lasting"


class Keys(Protocol):
    """Where the keys are. Names are made by us, keys have 32 bytes."""

    def put(self, name: str, key: bytes) -> None: ...

    def get(self, name: str) -> bytes | None: ...

    def destroy(self, name: str) -> None:
        """Forget a key for good. Harmless if it is gone."""

    def older_than(self, seconds: float) -> Iterator[str]:
        """Names of the keys made so long ago."""


class FileKeys:
    """A file for each key, in a folder that no backup takes."""

    def __init__(self, url: str, *, lasting: bool = False) -> None:
        self._folder = Path(urlsplit(url).path) / (LASTING if lasting else "")

    def put(self, name: str, key: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / name
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as kept:
            kept.write(key)

    def get(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def destroy(self, name: str) -> None:
        path = self._folder / name
        try:
            # In place first: a file that is only unlinked stays on the disk for a while.
            with path.open("r+b") as kept:
                kept.write(bytes(32))
                kept.flush()
                os.fsync(kept.fileno())
            path.unlink()
        except FileNotFoundError:
            return

    def older_than(self, seconds: float) -> Iterator[str]:
        limit = time.time() - seconds
        for path in self._folder.glob("*"):
            try:
                if path.is_file() and path.stat().st_mtime < limit:
                    yield path.name
            except FileNotFoundError:
                continue  # destroyed by another worker in this moment


class RedisKeys:
    """The keys in Redis, which must keep nothing on disk: see the operating guide."""

    MADE = struct.Struct(">Q")  # when, in seconds; the key follows

    def __init__(self, url: str, *, lasting: bool = False) -> None:
        self._redis = import_string("redis.Redis").from_url(url)
        self._prefix = f"reclaim:{LASTING if lasting else 'held'}:"
        # A lifetime of its own, should every sweep be dead.
        held = int(settings.HELD_LIFETIME.total_seconds() * 2)
        self._seconds = None if lasting else held

    def put(self, name: str, key: bytes) -> None:
        made = self.MADE.pack(int(time.time()))
        self._redis.set(self._prefix + name, made + key, ex=self._seconds)

    def get(self, name: str) -> bytes | None:
        kept: bytes | None = self._redis.get(self._prefix + name)
        return kept[self.MADE.size :] if kept else None

    def destroy(self, name: str) -> None:
        self._redis.delete(self._prefix + name)

    def older_than(self, seconds: float) -> Iterator[str]:
        limit = time.time() - seconds
        for found in self._redis.scan_iter(self._prefix + "*"):
            kept = self._redis.get(found)
            if kept and self.MADE.unpack_from(kept)[0] < limit:
                yield found.decode().removeprefix(self._prefix)


KEYS: dict[str, type[FileKeys | RedisKeys]] = {
    "file": FileKeys,
    "redis": RedisKeys,
    "rediss": RedisKeys,
    "unix": RedisKeys,
}


@cache
def held_keys() -> Keys:
    """The store of this installation, see HELD_KEYS_URL."""
    url = settings.HELD_KEYS_URL
    return KEYS[urlsplit(url).scheme](url)


@cache
def lasting_keys() -> Keys:
    """The keys of maps of points, for as long as a case lives, see LASTING_KEYS_URL.

    A machine that starts anew has none of them: see portal/cases/points.py.
    """
    url = settings.LASTING_KEYS_URL
    return KEYS[urlsplit(url).scheme](url, lasting=True)
