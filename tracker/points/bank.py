"""The points of many pictures in memory: descriptors vote, the judge decides.

It keeps no file. It must not know what the ids stand for.
"""

import threading
from collections import Counter
from itertools import pairwise

import numpy as np

from tracker.flat import scan
from tracker.points.base import WIDTH, Points
from tracker.points.judge import Agreement, judge

VOTERS = 300  # points of a picture that vote: the best of each part of it
ALIKE = 50  # bits at which a point votes
JUDGED = 10  # pictures with most votes that are judged


class PointBank:
    """Banked pictures' points by id. Safe to ask and to change from many threads."""

    def __init__(self) -> None:
        self._kept: dict[int, Points] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, number: int, points: Points) -> None:
        """Bank the points of a picture under an id of 0 to 2**64 - 1; replaces older."""
        with self._lock:
            self._kept = {**self._kept, number: points}

    def remove(self, number: int) -> None:
        """Forget a picture; nothing happens if it is not here."""
        with self._lock:
            self._kept = {n: p for n, p in self._kept.items() if n != number}

    def ask(
        self, points: Points, mirrored: Points | None = None
    ) -> list[tuple[int, Agreement]]:
        """The banked pictures that agree, those with most inliers first.

        `points` and, to find mirrored copies too, `mirrored` are what asked_points()
        gives; a bank that is asked with the former alone misses those.
        """
        kept = self._kept
        found: dict[int, Agreement] = {}
        for asked, is_mirrored in ((points, False), (mirrored, True)):
            if asked is None:
                continue
            for number in _voted(kept, asked):
                told = judge(kept[number], asked, mirrored=is_mirrored)
                if told and (
                    number not in found or found[number].inliers < told.inliers
                ):
                    found[number] = told
        return sorted(found.items(), key=lambda pair: (-pair[1].inliers, pair[0]))


def _voted(kept: dict[int, Points], asked: Points) -> list[int]:
    if not kept or not len(asked):
        return []
    numbers = [n for n, p in kept.items() for _ in range(min(VOTERS, len(p)))]
    voters = [p.descriptors[:VOTERS] for p in kept.values()]
    hashes = np.concatenate([np.empty((0, WIDTH), np.uint8), *voters])
    lims, found, _ = scan(
        np.array(numbers, np.uint64), hashes, asked.descriptors[:VOTERS], ALIKE
    )
    votes: Counter[int] = Counter()
    for start, end in pairwise(lims):
        votes.update({int(n) for n in found[start:end]})
    return [n for n, _ in votes.most_common(JUDGED)]
