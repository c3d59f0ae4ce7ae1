"""The points of many pictures in memory: descriptors vote, the judge decides.

It keeps no file. It must not know what the ids stand for.
"""

import threading
from collections.abc import Iterator

from tracker.points.base import Points
from tracker.points.judging import Agreement, judge
from tracker.points.voters import Voters

JUDGED = 10  # pictures with most votes
LEAST_VOTES = 3
RECENT = 64  # pictures that are asked beside the others, before all are gathered anew


class PointBank:
    """Banked pictures' points by id. Safe to ask and to change from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[int, Points] = {}
        self._recent: dict[int, Points] = {}  # kept, and not in the first voters
        self._voters: tuple[Voters, Voters] | None = None

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, number: int, points: Points) -> None:
        """Bank the points of a picture, in place of older ones of the same id.

        Raises ValueError for an id that is not 0 to 2**64 - 1.
        """
        if not 0 <= number < 2**64:
            raise ValueError("The id of a picture is 0 to 2**64 - 1.")
        with self._lock:
            if number in self._kept:
                self._forget(number)
            self._kept[number] = points
            self._recent[number] = points
            if self._voters and len(self._recent) <= self._few():
                self._voters = (self._voters[0], Voters.of(self._recent))
            else:
                self._voters = None

    def remove(self, number: int) -> None:
        """Forget a picture at once and wholly; nothing happens if it is not here."""
        with self._lock:
            if number in self._kept:
                self._forget(number)

    def ask(
        self, points: Points, mirrored: Points | None = None
    ) -> list[tuple[int, Agreement]]:
        """The banked pictures that agree, those with most inliers first.

        Both are what asked_points() gives; without the second, mirrored copies are
        missed. Of a picture that agrees either way the better one is told.
        """
        kept, voters = self._ready()
        found: dict[int, Agreement] = {}
        for number, asked in _chosen(voters, (points, mirrored)):
            told = judge(kept[number], asked, mirrored=asked is mirrored)
            if told and (number not in found or found[number].inliers < told.inliers):
                found[number] = told
        return sorted(found.items(), key=lambda pair: (-pair[1].inliers, pair[0]))

    def _ready(self) -> tuple[dict[int, Points], tuple[Voters, Voters]]:
        """What is asked now: later changes leave it as it is."""
        with self._lock:
            if self._voters is None:
                self._recent = {}
                self._voters = Voters.of(self._kept), Voters.of({})
            return self._kept.copy(), self._voters

    def _forget(self, number: int) -> None:
        del self._kept[number]
        self._recent.pop(number, None)
        self._voters = None  # no descriptor of it stays in memory

    def _few(self) -> int:
        return max(RECENT, len(self._kept) // 16)


def _chosen(
    voters: tuple[Voters, ...], forms: tuple[Points | None, ...]
) -> Iterator[tuple[int, Points]]:
    """Whom to judge, and by which form of what is asked: those with most votes."""
    votes = [
        (-count, number, place)
        for place, asked in enumerate(forms)
        if asked
        for some in voters
        for number, count in some.votes(asked)
        if count >= LEAST_VOTES
    ]
    for _, number, place in sorted(votes)[:JUDGED]:
        if asked := forms[place]:
            yield number, asked
