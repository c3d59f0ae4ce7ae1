"""The pages of one visit: still to see, seen already, and how far the present one is.

Everything needed to go on after a crash fits into one short text.
"""

import json
from collections import Counter, deque
from typing import Any

from tracker.sources.addresses import is_trap, key, shape

MAX_TRIES = 2  # of one page that no visit survives
MAX_VARIANTS = 20  # of one path, by three or more parameters: filters times filters


class Frontier:
    """First in, first out, from one start page; never more than `max_pages` in all."""

    def __init__(self, start: str, max_pages: int, max_depth: int) -> None:
        self._start = start
        self._max_pages = max_pages
        self._max_depth = max_depth
        self._todo: deque[tuple[str, int]] = deque([(start, 0)])
        self._seen = {key(start)}
        self._variants: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self._finished = 0
        self._tries = 0
        self.delivered: set[str] = set()  # pictures of the present page, by key

    @property
    def current(self) -> tuple[str, int] | None:
        """Address and depth of the page to see now."""
        return self._todo[0] if self._todo else None

    @property
    def at_start(self) -> bool:
        return self._finished == 0

    def add(self, url: str, depth: int) -> None:
        """Remember a page for later, if there is room for it and it is no trap."""
        known = key(url)
        room = self._finished + len(self._todo) < self._max_pages
        if not room or depth > self._max_depth or known in self._seen or is_trap(url):
            return
        form = shape(url)
        self._variants[form] += 1
        if len(form[1]) > 2 and self._variants[form] > MAX_VARIANTS:
            return
        self._seen.add(known)
        self._todo.append((url, depth))

    def is_seen_elsewhere(self, url: str) -> bool:
        """Did the present page redirect to one that has its own turn?"""
        return key(url) in self._seen and key(url) != key(self._todo[0][0])

    def finish(self, url: str) -> None:
        """The present page, that came from `url` in the end, is done."""
        self._todo.popleft()
        self._seen.add(key(url))
        self._finished += 1
        self._tries = 0
        self.delivered.clear()

    def resume(self) -> bool:
        """Count one more try of the present page; False where it was given up.

        A page that kills every visit would otherwise be the last one ever seen.
        """
        self._tries += 1
        if self._tries <= MAX_TRIES or not self._todo:
            return True
        self.finish(self._todo[0][0])
        return False

    def progress(self) -> None:
        """The present page gave something, so it is no page that kills visits."""
        self._tries = 0

    def dump(self) -> str:
        """The checkpoint; "" when nothing is left to see."""
        if not self._todo:
            return ""
        state = {
            "todo": list(self._todo),
            "seen": sorted(self._seen),
            "finished": self._finished,
            "tries": self._tries,
            "delivered": sorted(self.delivered),
        }
        return json.dumps(state, separators=(",", ":"))

    def load(self, checkpoint: str) -> bool:
        """Take over a checkpoint; False, and a new start, where it is none of ours."""
        try:
            state: dict[str, Any] = json.loads(checkpoint)
            todo = deque((str(url), int(depth)) for url, depth in state["todo"])
            seen, delivered = set(state["seen"]), set(state["delivered"])
            finished, tries = int(state["finished"]), int(state["tries"])
        except (ValueError, TypeError, KeyError):
            return False
        self._todo, self._seen, self.delivered = todo, seen, delivered
        self._finished, self._tries = finished, tries
        return True
