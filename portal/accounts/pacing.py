"""How fast somebody may fail. Buckets have names, never addresses: no IP is looked at."""

import time
from dataclasses import dataclass
from hashlib import blake2b

from django.core.cache import cache


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket in the cache: `size` failures at once, then one every `seconds`.

    The cache may lose it or two processes may count apart: that costs a few more tries,
    and the secrets behind are far too long for that to matter.
    """

    name: str
    size: int
    seconds: float

    def wait(self) -> int:
        """Whole seconds until the next try, 0 if it may be now."""
        missing = 1 - self._filled()
        return 0 if missing <= 0 else int(missing * self.seconds) + 1

    def take(self) -> None:
        """One failure."""
        left = max(0.0, self._filled() - 1)
        cache.set(self._key(), (left, time.time()), timeout=self._lifetime())

    def refill(self) -> None:
        """It was no guess: forget the failures."""
        cache.delete(self._key())

    def _filled(self) -> float:
        left, at = cache.get(self._key(), (float(self.size), time.time()))
        refilled: float = left + max(0.0, time.time() - at) / self.seconds
        return min(float(self.size), refilled)

    def _lifetime(self) -> int:
        return int(self.size * self.seconds) + 1

    def _key(self) -> str:
        digest = blake2b(self.name.encode(), digest_size=16, person=b"pacing")
        return f"pacing:{digest.hexdigest()}"
