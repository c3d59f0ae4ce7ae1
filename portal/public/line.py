"""The line in front of the program that looks at pictures: one for the whole machine.

A place is an empty file and the lock that somebody holds on it: nothing is written about who
stands there, and the kernel frees the place of whoever dies. It must not know what they want.
"""

import fcntl
import time
from pathlib import Path
from typing import IO

# The first is being served. Fewer than one web process has threads (deploy/web.py), because
# in the worst case all of them wait in the same process, and the portal must stay alive.
PLACES = 6
ENTER_SECONDS = 1.0


class FullError(Exception):
    """Nobody else can stand here now."""


class Place:
    """Somebody's place, which moves forward and passes nobody.

    `number` is how many are before them: at 0 it is their turn.
    """

    def __init__(self, folder: Path) -> None:
        """Join the line.

        Raises:
            FullError: The last place was taken for a second. Those who come at the same time
                walk over it one after the other.
        """
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder
        self._lock: IO[bytes] | None = None
        self.number = PLACES
        until = time.monotonic() + ENTER_SECONDS
        while not self.moves_up():
            if time.monotonic() > until:
                raise FullError
            time.sleep(0.05)

    def moves_up(self) -> bool:
        """Go forward as far as is free, and say whether that was any way."""
        before = self.number
        while self.number and (lock := self._locked(self.number - 1)) is not None:
            self.leave()
            self._lock = lock
            self.number -= 1
        return self.number < before

    def leave(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _locked(self, number: int) -> IO[bytes] | None:
        lock = (self._folder / str(number)).open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return None
        return lock
