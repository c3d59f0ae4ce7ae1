"""How each process follows the bank: an immutable generation, plus the live tail.

Publishing brings the generations up to the database's last row (tracker/generations.py);
readers take the newest they find before they answer, and read what came after it.
"""

import threading
from collections.abc import Iterator
from collections.abc import Sequence as Sequence_
from functools import cache
from pathlib import Path
from uuid import UUID

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

import tracker
from portal.bank.models import Sequence, Signal, SignalQuerySet

MOST = tracker.MOST  # neighbours of one hash that can be asked for
CHUNK = 5_000  # rows read together

Ids = NDArray[np.uint64]
Hashes = NDArray[np.uint8]


class Follower:
    """One process's view of the signals of one type. Safe to ask from many threads."""

    def __init__(self, type_: str) -> None:
        self.type = type_
        self._lock = threading.Lock()
        self._forget(None)

    def _forget(self, bank: UUID | None) -> None:
        self._bank = bank
        self._generations = generations(bank, self.type) if bank else None
        self._generation: tracker.Generation | None = None
        self._start_tail(0)

    def _start_tail(self, seq: int) -> None:
        self._seq = seq  # the last number followed
        self._ids, self._hashes = _arrays([], self.type)

    def ask(
        self,
        values: Sequence_[str],
        weakest: tracker.Kind = "possible",
        most: int = MOST,
    ) -> list[list[tracker.Match]]:
        """For each hash asked (hex), the nearest matches of this type, none weaker.

        `most` of the generation and as many of the tail: who is given fewer than `most`
        has been given all. Raises tracker.IndexAwayError where the index cannot answer.
        """
        queries = hashes_of(values, self.type)
        answers: list[list[tracker.Match]] = [[] for _ in values]
        found, radii = self._search(queries, weakest, most)
        for lims, ids, distances in found:
            for place, answer in enumerate(answers):
                for at in range(lims[place], lims[place + 1]):
                    distance = int(distances[at])
                    if kind := tracker.kind_of(self.type, distance, radii):
                        answer.append(
                            tracker.Match(int(ids[at]), self.type, kind, distance)
                        )
        return answers

    def near(self, values: Sequence_[str]) -> set[int]:
        """The signals of this type, by their ids, that a bank of any size calls near."""
        judge = tracker.signal_type(self.type)
        own = tracker.Radii(judge.near, judge.possible)
        found, _ = self._search(hashes_of(values, self.type), "near", MOST, own)
        return {int(pk) for _lims, ids, _distances in found for pk in ids}

    def _search(
        self,
        queries: Hashes,
        weakest: tracker.Kind,
        most: int,
        wider: tracker.Radii | None = None,
    ) -> tuple[list[tracker.Found], tracker.Radii]:
        """What the generation and its tail find, and within which radii.

        Those that a bank so large bears, unless `wider` ones are wanted.
        """
        while True:
            with self._lock:
                self._follow()
                generation, tail = self._generation, (self._ids, self._hashes)
                source = self._generations
            size = len(tail[0]) + (generation.size if generation else 0)
            radii = wider or tracker.radii(self.type, size, wanted())
            radius = tracker.radius_of(self.type, weakest, radii)
            after = tracker.scan(*tail, queries, radius, most)
            if generation is None or source is None:
                return [after], radii
            try:
                return [generation.search(queries, radius, most), after], radii
            except tracker.IndexFormatError:  # then an older one, or the tail alone
                with self._lock:
                    source.forget(generation)

    def _follow(self) -> None:
        bank = Sequence.now()
        if bank is None or bank.bank != self._bank or bank.last < self._seq:
            self._forget(bank.bank if bank else None)  # another, or from a backup
        if bank is None or self._generations is None:
            return
        newest = self._generations.newest(Deposits(self.type).known)
        if newest is not self._generation:
            self._generation = newest
            self._start_tail(newest.seq if newest else 0)
        if bank.last > self._seq:
            self._read_tail(bank.last)

    def _read_tail(self, last: int) -> None:
        rows = Signal.objects.comparable(self.type).after(self._seq)
        for seq, ids, hashes in _chunks(rows, self.type):
            self._ids = np.concatenate([self._ids, ids])
            self._hashes = np.concatenate([self._hashes, hashes])
            last = max(last, seq)
        self._seq = last


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


class Deposits:
    """The rows of one type as the index takes them: see tracker.Deposits."""

    def __init__(self, type_: str) -> None:
        self.type = type_
        self.last = (0, "")

    def begin(self) -> bool:
        """Fix the last row to publish; False if there is none."""
        newest = Signal.objects.comparable(self.type).order_by("-seq")
        last = newest.values_list("seq", "value").first()
        self.last = last or self.last
        return last is not None

    def known(self, seq: int, value: str) -> bool:
        return Signal.objects.filter(type=self.type, seq=seq, value=value).exists()

    def active(self, after: int) -> Iterator[tuple[Ids, Hashes]]:
        rows = Signal.objects.comparable(self.type).active().after(after)
        for _, ids, hashes in _chunks(rows.filter(seq__lte=self.last[0]), self.type):
            yield ids, hashes

    def count(self, seq: int) -> int:
        active = Signal.objects.comparable(self.type).active()
        return active.filter(seq__lte=seq).count()

    def withdrawn(self) -> Iterator[Ids]:
        rows = Signal.objects.filter(type=self.type, seq__lte=self.last[0])
        gone = rows.exclude(case__withdrawn_at=None)
        for _, ids, _ in _chunks(gone, self.type):
            yield ids


def generations(bank: UUID, type_: str) -> tracker.Generations:
    """Where the generations of one type are: of its version that is in use here."""
    kind = tracker.signal_type(type_)
    return tracker.generations(settings.INDEX_URL, str(bank), kind.version, kind.bits)


def tail_length(type_: str) -> int:
    """How many signals came after the newest generation."""
    bank = Sequence.objects.first()
    if bank is None:
        return 0
    newest = generations(bank.bank, type_).newest(Deposits(type_).known)
    return Signal.objects.comparable(type_).after(newest.seq if newest else 0).count()


def needs_anew(type_: str) -> bool:
    """Whether the newest generation is damaged or holds what was withdrawn: reads it all."""
    bank = Sequence.objects.first()
    deposits = Deposits(type_)
    if bank is None or not deposits.begin():
        return False
    return generations(bank.bank, type_).excess(deposits) != 0


def publish(type_: str) -> Path | None:
    """Bring the generations up to the last row; the file, where it is one.

    None if there is nothing to publish. Raises OSError where it fails, a full disk for
    one: then what was published before serves, with a longer tail.
    """
    bank = Sequence.objects.first()
    deposits = Deposits(type_)
    if bank is None or not deposits.begin():
        return None
    return generations(bank.bank, type_).publish(deposits)


def _chunks(rows: SignalQuerySet, type_: str) -> Iterator[tuple[int, Ids, Hashes]]:
    """The last number, the ids and the hashes of some rows at a time, in order."""
    told = rows.order_by("seq").values_list("seq", "pk", "value")
    some: list[tuple[int, int, str]] = []
    for row in told.iterator(chunk_size=CHUNK):
        some.append(row)
        if len(some) == CHUNK:
            yield some[-1][0], *_arrays(some, type_)
            some = []
    if some:
        yield some[-1][0], *_arrays(some, type_)


def _arrays(rows: Sequence_[tuple[int, int, str]], type_: str) -> tuple[Ids, Hashes]:
    ids = np.array([row[1] for row in rows], np.uint64)
    return ids, hashes_of([row[2] for row in rows], type_)


def hashes_of(values: Sequence_[str], type_: str) -> Hashes:
    """Hashes in hex as rows of bytes."""
    joined = np.frombuffer(bytes.fromhex("".join(values)), np.uint8)
    return joined.reshape(len(values), tracker.signal_type(type_).bits // 8)
