"""How often a key may ask. A batch is one request; its size is bounded elsewhere."""

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from portal.exchange.models import ApiKey


class KeyThrottle(SimpleRateThrottle):
    """One bucket per key, which leaks at the rate LOOKUP_RATE and holds a period's requests.

    REST framework's own keeps the time of each request, and reads them all at the next.
    """

    scope = "key"
    num_requests: int
    duration: int  # seconds
    _wait = 0.0  # seconds

    def allow_request(self, request: Request, view: object) -> bool:
        del view
        return not isinstance(request.auth, ApiKey) or self.allows(request.auth)

    def allows(self, key: ApiKey) -> bool:
        """Take one request of this key's, or refuse it, which costs the key nothing."""
        name, now = f"throttle:key:{key.pk}", self.timer()
        empty = self.cache.get(name, now)  # when the bucket will be
        if not now <= empty <= now + self.duration:
            empty = now  # it is, or the clock went back
        full = empty + self.duration / self.num_requests
        self._wait = full - now - self.duration
        if self._wait > 0:
            return False
        self.cache.set(name, full, self.duration)
        return True

    def wait(self) -> float:
        return self._wait
