"""The maps of points that each process looks for: in memory alone, and only while they may be.

A process opens the maps of consenting cases through the one door to evidence, and drops
them as soon as the database says so. It must not know what a hit becomes.
"""

import threading
from dataclasses import dataclass
from functools import cache

import tracker
from portal.cases import points as maps
from portal.cases.models import Exhibit

ACTOR = "process:points"


@dataclass(frozen=True, slots=True)
class Seen:
    """An exhibit that a picture shows, by so many points; in boxes, what they agree on."""

    id: int
    kind: tracker.Kind
    points: int
    copy: tracker.Shares
    reported: tracker.Shares
    mirrored: bool


class PointFollower:
    """One process's bank of points, by exhibit. Safe to ask from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bank = tracker.PointBank()
        # What each map is held as, to its exhibit; also of one that nobody could open: it
        # has another name when it comes back.
        self._known: dict[str, int] = {}

    def ask(self, picture: tracker.Picture) -> list[Seen]:
        """The exhibits whose points agree with a picture's, the surest first."""
        with self._lock:
            self._follow()
            if not len(self._bank):
                return []
        asked, mirrored = tracker.asked_points(picture)
        return [
            _seen(number, mirrored if found.mirrored else asked, found)
            for number, found in self._bank.ask(asked, mirrored)
        ]

    def _follow(self) -> None:
        wanted = dict(Exhibit.objects.mapped().values_list("points_held_as", "pk"))
        for name in self._known.keys() - wanted.keys():
            self._bank.remove(self._known.pop(name))
        fresh = sorted(wanted.keys() - self._known.keys())
        self._known |= {name: wanted[name] for name in fresh}
        for name, data in maps.opened(fresh, actor=ACTOR):
            try:
                self._bank.add(wanted[name], tracker.Points.from_bytes(data))
            except tracker.PointsError:
                continue  # made by another version: it is found by its hashes


def _seen(number: int, asked: tracker.Points, found: tracker.Agreement) -> Seen:
    places = asked.places[found.pairs[:, 1], :2] / asked.size
    left, top = places.min(axis=0)
    right, bottom = places.max(axis=0)
    if found.mirrored:
        left, right = 1 - right, 1 - left
    copy = _rounded(left, top, right, bottom)
    x, y = zip(*found.region, strict=True)
    reported = _rounded(min(x), min(y), max(x), max(y))
    return Seen(number, found.kind, found.inliers, copy, reported, found.mirrored)


def _rounded(left: float, top: float, right: float, bottom: float) -> tracker.Shares:
    """Within the picture, to a thousandth of its sides."""
    a, b, c, d = (
        round(min(max(float(edge), 0), 1), 3) for edge in (left, top, right, bottom)
    )
    return a, b, c, d


@cache
def point_follower() -> PointFollower:
    """This process's follower."""
    return PointFollower()
