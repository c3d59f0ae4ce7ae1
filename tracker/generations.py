"""The published generations of one type of signal of one bank, wherever they are kept.

It must not know the database: whoever publishes brings the rows (`Deposits`), whoever asks
says which generation is of its own history (`Known`).
"""

import fcntl
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import numpy as np

from tracker.flat import Found, Hashes, Ids
from tracker.index import Index, IndexFormatError

KEPT = 2  # generations: the newest, and the one that slow readers may still hold
# What changed within one tick of a file system's clock has one time: ns after which none can.
SETTLED = 10**9
MOST = 16_383  # neighbours of one query that any engine can be asked for

# Whether the row with this number has this hash (hex). A database that came back from a
# backup gives numbers out again: what was published in its other life is not its own.
Known = Callable[[int, str], bool]


class IndexAwayError(OSError):
    """The index cannot answer now, and must not seem empty; str() is a plain sentence."""


class Deposits(Protocol):
    """What a generation is made of. `last` is the number and the hash (hex) of its last row."""

    last: tuple[int, str]

    def known(self, seq: int, value: str) -> bool:
        """As Known says."""

    def active(self, after: int) -> Iterable[tuple[Ids, Hashes]]:
        """Ids and hashes of active rows after that number up to the last one, in chunks."""

    def count(self, seq: int) -> int:
        """How many rows up to that number are active."""

    def withdrawn(self) -> Iterable[Ids]:
        """Ids of rows up to the last one that are active no more, in chunks."""


class Generation(Protocol):
    """All that was active when it was published, up to and with row number `seq`."""

    seq: int
    size: int  # signals in it

    def search(self, queries: Hashes, radius: int, most: int) -> Found:
        """The nearest `most` neighbours of each query within the radius, as scan() does.

        Raises IndexFormatError for a generation that must be forgotten, IndexAwayError
        where there is no answer now.
        """


class Generations(Protocol):
    """Where generations of one type are published and found."""

    def newest(self, known: Known) -> Generation | None:
        """The newest one that is whole and known. The same object as long as it is that."""

    def forget(self, generation: Generation) -> None:
        """It turned out to be damaged: never answer with it again."""

    def excess(self, deposits: Deposits) -> int | None:
        """How many more signals the newest generation holds than are active.

        None if it is damaged, found by reading all of it; 0 where nothing is published.
        """

    def publish(self, deposits: Deposits) -> Path | None:
        """Bring what is published up to the last deposit; the file, where it is one.

        Readers are not disturbed. Raises OSError where that fails: what was published
        before serves on.
        """


def generations(url: str, bank: str, version: str, bits: int) -> Generations:
    """Those of one bank (its name) and version of a type, kept where `url` says.

    Versions are apart, as their signals never meet. Raises ValueError for a URL that
    names no engine.
    """
    scheme = urlsplit(url).scheme
    kind = re.sub(r"[^a-z0-9]+", "_", version.lower())
    if scheme == "file":
        return Files(Path(urlsplit(url).path) / bank / kind)
    if scheme in {"milvus", "milvus+tls", "milvus-lite"}:
        from tracker.milvus import Milvus  # noqa: PLC0415 (an optional extra)

        return Milvus(url, f"reclaim_{bank.replace('-', '')}_{kind}", bits)
    raise ValueError(f"There is no index of the kind {scheme!r}.")


class FileGeneration:
    """One generation in a file."""

    def __init__(self, index: Index, seq: int) -> None:
        self.seq = seq
        self.size = len(index)
        self._index = index

    def search(self, queries: Hashes, radius: int, most: int) -> Found:
        return self._index.search(queries, radius, most)


class Files:
    """Index files named by the number of their last row, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: FileGeneration | None = None
        self._place: tuple[str, int] | None = None  # name and inode of what is held
        self._damaged: set[tuple[str, int]] = set()
        self._listing: tuple[int, list[tuple[str, int]]] = (
            0,
            [],
        )  # when it changed, what

    def newest(self, known: Known) -> Generation | None:
        for name, inode in self._listed():
            if (name, inode) == self._place:
                return self._held
            if (name, inode) in self._damaged:
                continue
            index = opened(self.folder / name)
            if index is not None and _is_known(index, int(name), known):
                self._held = FileGeneration(index, int(name))
                self._place = name, inode
                return self._held
        return self._held  # a file that was deleted is still whole where it is mapped

    def forget(self, generation: Generation) -> None:
        if generation is self._held and self._place:
            self._damaged.add(self._place)
            self._held = self._place = None

    def excess(self, deposits: Deposits) -> int | None:
        paths = [self.folder / name for name, _ in self._listed()]
        if not paths:
            return 0
        index = opened(paths[0])
        try:
            if index is None:
                return None
            index.verify()
        except IndexFormatError:
            return None
        return len(index) - deposits.count(int(paths[0].name))

    def publish(self, deposits: Deposits) -> Path | None:
        """Build the next file; None where another process is building one now."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{deposits.last[0]:020d}"
        with _alone(self.folder) as alone:
            if not alone:
                return None
            if not self._holds(path, deposits):
                _build(path, deposits)
            self._tidy(path)
        return path

    def _holds(self, path: Path, deposits: Deposits) -> bool:
        """Whether there is nothing to do: it is whole, of this history, and lean."""
        index = opened(path)
        if index is None or index.info()["extra"].get("last") != deposits.last[1]:
            return False
        return self.excess(deposits) == 0

    def _tidy(self, path: Path) -> None:
        """Remove what no reader needs: old ones, and halves of publishers that died."""
        names = [name for name, _ in self._listed()]
        after = [name for name in names if name > path.name]  # of another life
        for name in (*after, *[n for n in names if n <= path.name][KEPT:]):
            (self.folder / name).unlink(missing_ok=True)
        for half in self.folder.glob(".*.*"):
            half.unlink(missing_ok=True)

    def _listed(self) -> list[tuple[str, int]]:
        """Name and inode of each file that is named as a generation, newest first."""
        try:
            changed = self.folder.stat().st_mtime_ns
            if changed == self._listing[0]:
                return self._listing[1]
            with os.scandir(self.folder) as entries:
                found = [(e.name, e.inode()) for e in entries if e.name.isdecimal()]
        except FileNotFoundError:
            return []
        found.sort(reverse=True)
        if time.time_ns() - changed > SETTLED:
            self._listing = changed, found
        return found


def opened(path: Path) -> Index | None:
    """A generation's index, or None for one that is torn, foreign or cleared away."""
    try:
        return Index.open(path)
    except (IndexFormatError, OSError):
        return None


def _is_known(index: Index, seq: int, known: Known) -> bool:
    return known(seq, str(index.info()["extra"].get("last")))


def _build(path: Path, deposits: Deposits) -> None:
    none = np.empty((0, len(deposits.last[1]) // 2), np.uint8)
    chunks = [(np.empty(0, np.uint64), none), *deposits.active(0)]
    ids = np.concatenate([ids for ids, _ in chunks])
    hashes = np.concatenate([hashes for _, hashes in chunks])
    del chunks
    Index.build(path, ids, hashes, {"last": deposits.last[1]})


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether no other process publishes here now. A lock ends with its process."""
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
