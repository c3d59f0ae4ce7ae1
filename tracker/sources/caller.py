"""Polite calls through the one door, for sources that need no crawler."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from tracker.fetch import FetchError, Limits, Response, fetch, user_agent
from tracker.sources.addresses import carries_address
from tracker.sources.base import Media, SourceError, busy, media_type

LONGEST_WAIT = 30.0  # seconds that we sit out; for more, the visit ends and says so


@dataclass(slots=True)
class Caller:
    """Calls one at a time, `min_delay` seconds apart."""

    allow: frozenset[str]
    contact: str
    min_delay: float
    max_bytes: int
    _next: float = field(default=0.0, init=False)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Response:
        """Raises SourceError, "busy" where the server asks for a longer pause."""
        response = self._get(url, headers or {})
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            refusal = busy(response.headers.get("retry-after", ""))
            if refusal.retry_after is None or refusal.retry_after > LONGEST_WAIT:
                raise refusal
            self._next = time.monotonic() + refusal.retry_after
            response = self._get(url, headers or {})
            if response.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise busy(response.headers.get("retry-after", ""))
        return response

    def media(self, url: str) -> Media | None:
        """The picture there, or None for anything else. Raises SourceError("busy")."""
        if carries_address(url):
            return None
        try:
            response = self.get(url)
        except SourceError as error:
            if error.code == "busy":
                raise
            return None
        kind = media_type(response.body)
        if kind is None or response.status != HTTPStatus.OK:
            return None
        return Media(url, response.body, kind)

    def _get(self, url: str, headers: Mapping[str, str]) -> Response:
        time.sleep(max(0.0, self._next - time.monotonic()))
        self._next = time.monotonic() + self.min_delay
        try:
            return fetch(
                url,
                allow=self.allow,
                limits=Limits(max_bytes=self.max_bytes),
                headers={"user-agent": user_agent(self.contact), **headers},
            )
        except FetchError as error:
            raise SourceError(error.code, str(error)) from None


def refused(response: Response) -> SourceError:
    """What any other answer than the one hoped for means to a visit."""
    return SourceError("http", f"The site answered with {response.status}.")
