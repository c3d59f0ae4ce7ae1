"""The maps of points that each process looks for: in memory alone, and only while they may be.

A process opens the maps of consenting cases through the one door to evidence, and drops
them as soon as the database says so. It must not know what a hit becomes.
"""

import threading
from functools import cache

import tracker
from portal.cases import points as maps
from portal.cases.models import Exhibit

ACTOR = "process:points"


class PointFollower:
    """One process's bank of points, by exhibit. Safe to ask from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bank = tracker.PointBank()
        # What each map is held as, to its exhibit; also of one that nobody could open: it
        # has another name when it comes back.
        self._known: dict[str, int] = {}

    def ask(self, picture: tracker.Picture) -> list[tuple[int, tracker.Agreement]]:
        """The exhibits whose points agree with a picture's, the surest first."""
        with self._lock:
            self._follow()
            if not len(self._bank):
                return []
        return self._bank.ask(*tracker.asked_points(picture))

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


@cache
def point_follower() -> PointFollower:
    """This process's follower."""
    return PointFollower()
