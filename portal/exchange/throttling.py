"""How often a key may ask. A batch is one request; its size is bounded elsewhere."""

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from portal.exchange.models import ApiKey


class KeyThrottle(SimpleRateThrottle):
    """One count per key, at the rate LOOKUP_RATE."""

    scope = "key"

    def get_cache_key(self, request: Request, view: object) -> str | None:
        del view
        key = request.auth
        return f"throttle:key:{key.pk}" if isinstance(key, ApiKey) else None
