"""Scrapy's downloads, all of them, through the one door.

Scrapy keeps its slots, delays, retries and redirects; the sockets are ours.
"""

import asyncio
from http import HTTPStatus
from typing import cast

from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.exceptions import DownloadFailedError
from scrapy.http import Response
from scrapy.responsetypes import responsetypes

from tracker.fetch import FetchError, Limits, fetch
from tracker.fetch import Response as Fetched

ALLOW, LIMITS = "RECLAIM_ALLOW", "RECLAIM_LIMITS"
ROBOTS = Limits(max_bytes=512 * 1024, total_seconds=20)  # RFC 9309 asks for 500 KiB
NOBODY = b"User-agent: *\nDisallow: /\n"
SAME_FOR_PAGES = frozenset(
    {"url", "scheme", "credentials", "not_public", "dns", "connect", "tls"}
)


class FetchHandler(BaseDownloadHandler):
    """DOWNLOAD_HANDLERS for http and https."""

    lazy = False

    async def download_request(self, request: Request) -> Response:
        """Raises FetchError, or DownloadFailedError where Scrapy may try again."""
        try:
            got = await asyncio.to_thread(self._fetch, request)
        except FetchError as error:
            if error.permanent:
                raise
            raise DownloadFailedError(error.code) from error
        # The body is unpacked already, and its length another one.
        headers = {
            name: value
            for name, value in got.headers.items()
            if name not in {"content-encoding", "content-length"}
        }
        kind = responsetypes.from_args(
            headers={k.title().encode(): v.encode() for k, v in headers.items()},
            url=got.url,
            body=got.body,
        )
        return kind(got.url, status=got.status, headers=headers, body=got.body)

    def _fetch(self, request: Request) -> Fetched:
        settings = self.crawler.settings
        allow = cast("frozenset[str]", settings[ALLOW])
        if request.meta.get("dont_obey_robotstxt"):
            return _robots(request.url, allow, _headers(request))
        return fetch(
            request.url,
            allow=allow,
            limits=cast("Limits", settings[LIMITS]),
            headers=_headers(request),
            follow=False,
        )


def _headers(request: Request) -> dict[str, str]:
    return {
        name.decode("ascii"): b", ".join(values).decode("utf-8")
        for name, values in request.headers.items()
    }


def _robots(url: str, allow: frozenset[str], headers: dict[str, str]) -> Fetched:
    """RFC 9309: no robots.txt (4xx) allows all, one that cannot be had forbids all."""
    try:
        got = fetch(url, allow=allow, limits=ROBOTS, headers=headers)
    except FetchError as error:
        # The page fails for the same reason, and says so better than "forbidden".
        if error.code in SAME_FOR_PAGES:
            raise
        return Fetched(url, HTTPStatus.OK, {}, NOBODY)
    if got.status < HTTPStatus.BAD_REQUEST:
        return got
    absent = (
        got.status < HTTPStatus.INTERNAL_SERVER_ERROR
        and got.status != HTTPStatus.TOO_MANY_REQUESTS
    )
    return Fetched(url, HTTPStatus.OK, {}, b"" if absent else NOBODY)
