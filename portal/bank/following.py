"""How each process follows the bank: an immutable generation on disk, plus the live tail.

Generations are files named by the last `seq` they hold, in a folder of their bank.
Publishing is building a new one and renaming it into place; readers open the newest they
find before they answer.
"""

import threading
from collections.abc import Iterator
from collections.abc import Sequence as Sequence_
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

import tracker
from portal.bank.models import Sequence, Signal

KEPT = 2  # generations: the newest, and the one that slow readers may still hold


@dataclass(frozen=True, slots=True)
class _View:
    """A generation and its tail at one moment."""

    generation: tracker.Index | None
    ids: NDArray[np.uint64]
    hashes: NDArray[np.uint8]

    @property
    def size(self) -> int:
        return len(self.ids) + (0 if self.generation is None else len(self.generation))

    def search(
        self, queries: NDArray[np.uint8], radius: int
    ) -> Iterator[tracker.Found]:
        if self.generation is not None:
            yield self.generation.search(queries, radius)
        yield tracker.scan(self.ids, self.hashes, queries, radius)


class Follower:
    """One process's view of the signals of one type. Safe to ask from many threads."""

    def __init__(self, type_: str) -> None:
        self.type = type_
        self._lock = threading.Lock()
        self._bytes = tracker.signal_type(type_).bits // 8
        self._forget(None)

    def _forget(self, bank: UUID | None) -> None:
        self._bank = bank
        self._generation: tracker.Index | None = None
        self._name = ""
        self._seq = 0  # the last number followed
        self._empty_tail()

    def _empty_tail(self) -> None:
        self._ids = np.empty(0, np.uint64)
        self._hashes = np.empty((0, self._bytes), np.uint8)

    def ask(
        self, values: Sequence_[str], weakest: tracker.Kind = "possible"
    ) -> list[list[tracker.Match]]:
        """For each hash asked (hex), all matches of this type that are no weaker."""
        view = self._view()
        radii = tracker.radii(self.type, view.size, wanted())
        answers: list[list[tracker.Match]] = [[] for _ in values]
        radius = tracker.radius_of(self.type, weakest, radii)
        for lims, ids, distances in view.search(rows_of(values), radius):
            for place, answer in enumerate(answers):
                for at in range(lims[place], lims[place + 1]):
                    distance = int(distances[at])
                    if kind := tracker.kind_of(self.type, distance, radii):
                        answer.append(
                            tracker.Match(int(ids[at]), self.type, kind, distance)
                        )
        return answers

    def within(self, values: Sequence_[str], radius: int) -> set[int]:
        """The signals of this type, by their ids, within so many bits of one of these."""
        found = self._view().search(rows_of(values), radius)
        return {int(pk) for _lims, ids, _distances in found for pk in ids}

    def _view(self) -> "_View":
        with self._lock:
            self._follow()
            return _View(self._generation, self._ids, self._hashes)

    def _follow(self) -> None:
        bank = Sequence.objects.first()
        if bank is None or bank.bank != self._bank:
            self._forget(bank.bank if bank else None)
        if bank is None:
            return
        newest = next(reversed(generations(bank.bank, self.type)), None)
        if newest is not None and newest.name != self._name:
            self._open(newest)
        if bank.last > self._seq:
            self._read_tail(bank.last)

    def _read_tail(self, last: int) -> None:
        rows = list(
            Signal.objects.filter(type=self.type)
            .after(self._seq)
            .values_list("seq", "pk", "value")
        )
        self._seq = max(last, rows[-1][0] if rows else 0)
        if rows:
            self._ids = np.append(self._ids, np.array([r[1] for r in rows], np.uint64))
            self._hashes = np.concatenate([self._hashes, rows_of([r[2] for r in rows])])

    def _open(self, path: Path) -> None:
        generation = _opened(path)
        if generation is None:
            return  # ours serves on, and the tail covers the rest
        self._generation = generation
        self._name, self._seq = path.name, int(path.name)
        self._empty_tail()


def wanted() -> tracker.Wanted:
    """How many false matches the operator bears."""
    return tracker.Wanted(
        near=1 / settings.NEAR_ONE_IN,
        possible=1 / settings.POSSIBLE_ONE_IN,
        shown=settings.SHOWN_PER_1000,
        questions=settings.QUESTIONS_PER_1000,
    )


@cache
def follower(type_: str) -> Follower:
    """This process's follower of one type."""
    return Follower(type_)


def generations(bank: UUID, type_: str) -> list[Path]:
    """The published generations of one type, oldest first."""
    folder = settings.INDEX_DIR / str(bank) / type_
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.name.isdecimal())


def tail_length(type_: str) -> int:
    """How many signals came after the newest generation."""
    bank = Sequence.objects.first()
    if bank is None:
        return 0
    newest = next(reversed(generations(bank.bank, type_)), None)
    seq = int(newest.name) if newest is not None else 0
    return Signal.objects.filter(type=type_).after(seq).count()


def publish(type_: str) -> Path | None:
    """Build the next generation from the database and put it in place; None if empty."""
    bank = Sequence.objects.first()
    rows = list(
        Signal.objects.active()
        .filter(type=type_)
        .order_by("seq")
        .values_list("seq", "pk", "value")
    )
    if bank is None or not rows:
        return None
    path: Path = settings.INDEX_DIR / str(bank.bank) / type_ / f"{rows[-1][0]:020d}"
    if _opened(path) is None:
        path.parent.mkdir(parents=True, exist_ok=True)
        ids = np.array([row[1] for row in rows], np.uint64)
        tracker.Index.build(path, ids, rows_of([row[2] for row in rows]))
    halves = path.parent.glob(".*")  # of publishers that were killed
    for old in (*generations(bank.bank, type_)[:-KEPT], *halves):
        old.unlink(missing_ok=True)
    return path


def _opened(path: Path) -> tracker.Index | None:
    """A generation, or None for one that is torn, foreign or cleared away."""
    try:
        return tracker.Index.open(path)
    except (tracker.IndexFormatError, OSError):
        return None


def rows_of(values: Sequence_[str]) -> NDArray[np.uint8]:
    """Hashes in hex as rows of bytes."""
    joined = np.frombuffer(bytes.fromhex("".join(values)), np.uint8)
    return joined.reshape(len(values), -1) if values else joined.reshape(0, 32)
