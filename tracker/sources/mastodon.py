"""Mastodon's public API: a server's local timeline, one hashtag or one account.

https://docs.joinmastodon.org/methods/timelines/ ; Pleroma, Akkoma and others speak it.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from tracker.sources.addresses import joined
from tracker.sources.base import Batch, Find, SourceError, cleaned, marked, parsed_time
from tracker.sources.caller import Caller, refused

_ID = re.compile(
    r"[\w-]{1,64}", re.ASCII
)  # numbers, or other servers' flakes and ULIDs
SHOWN = {"image", "video", "gifv"}  # a gifv is a short MP4
MAX_PICTURES = 16  # of one status; Mastodon itself allows four
PER_PAGE = 40  # the API's own maximum


@dataclass(frozen=True, slots=True)
class Mastodon:
    """Statuses from the oldest not yet seen to the newest; the checkpoint is an id.

    A first visit starts `history` pages back. With neither `tag` nor `account` it is
    the timeline of everybody on that server.
    """

    url: str
    tag: str = ""
    account: str = ""
    token: str = ""
    allow: frozenset[str] = frozenset()
    contact: str = ""
    history: int = field(default=5, metadata={"low": 1, "high": 100})
    max_pages: int = field(default=50, metadata={"low": 1, "high": 1000})
    min_delay: float = field(default=1.0, metadata={"high": 300})
    max_bytes: int = field(default=25 * 2**20, metadata={"low": 1})

    def batches(self, checkpoint: str | None) -> Iterator[Batch]:
        """One batch per status with pictures, and one per page."""
        visit = _Visit(self)
        last = checkpoint if checkpoint and _ID.fullmatch(checkpoint) else ""
        pages = visit.forward(last) if last else visit.from_history()
        for page in pages:
            for status in page:
                last = _text(status, "id") or last
                if finds := tuple(islice(visit.finds(status), MAX_PICTURES)):
                    yield marked(finds, last)
            yield Batch((), last)
        yield Batch((), last, done=True)


class _Visit:
    def __init__(self, source: Mastodon) -> None:
        self._source = source
        self._host = urlsplit(source.url).hostname or ""
        self._caller = Caller(
            source.allow, source.contact, source.min_delay, source.max_bytes
        )
        self._timeline, self._query = self._place()

    def from_history(self) -> Iterator[list[dict[str, Any]]]:
        """The latest pages, the oldest first, and what came while we read them."""
        pages: list[list[dict[str, Any]]] = []
        oldest: dict[str, str] = {}
        while len(pages) < self._source.history and (page := self._page(oldest)):
            pages.append(page)
            oldest = {"max_id": _text(page[0], "id")}
        yield from reversed(pages)
        if pages:
            yield from self.forward(_text(pages[0][-1], "id"))

    def forward(self, last: str) -> Iterator[list[dict[str, Any]]]:
        """Page after page from `last` on, until there is nothing newer."""
        for _ in range(self._source.max_pages):
            page = self._page({"min_id": last})
            if not page or _text(page[-1], "id") == last:
                return
            last = _text(page[-1], "id")
            yield page

    def finds(self, status: dict[str, Any]) -> Iterator[Find]:
        account = cleaned(_text(status.get("account"), "acct"))
        if account and "@" not in account:
            account = f"{account}@{self._host}"
        place = joined(self._source.url, _text(status, "url") or _text(status, "uri"))
        attached = status.get("media_attachments")
        for item in attached if isinstance(attached, list) else []:
            address = _text(item, "url") or _text(item, "remote_url")
            url = joined(self._source.url, address)
            if _text(item, "type") not in SHOWN or url is None:
                continue
            media = self._caller.media(url)
            if media is not None:
                time = parsed_time(_text(status, "created_at"))
                yield Find(place or url, media, account, time, "")

    def _place(self) -> tuple[str, dict[str, str]]:
        source = self._source
        query = {"limit": str(PER_PAGE), "only_media": "true"}
        if source.tag:
            return (
                f"timelines/tag/{quote(source.tag.removeprefix('#'), safe='')}",
                query,
            )
        if source.account:
            known = self._ask("accounts/lookup", {"acct": source.account})
            number = quote(_text(known, "id"), safe="")
            return f"accounts/{number}/statuses", {**query, "exclude_reblogs": "true"}
        return "timelines/public", {**query, "local": "true"}

    def _page(self, window: dict[str, str]) -> list[dict[str, Any]]:
        """The statuses with an id, the oldest first."""
        page = self._ask(self._timeline, {**self._query, **window})
        if not isinstance(page, list):
            raise SourceError("format", "The server's answer is not a timeline.")
        return [status for status in reversed(page) if _text(status, "id")]

    def _ask(self, method: str, query: dict[str, str]) -> Any:
        token = self._source.token
        base = self._source.url.rstrip("/")
        response = self._caller.get(
            f"{base}/api/v1/{method}?{urlencode(query)}",
            {"authorization": f"Bearer {token}"} if token else {},
        )
        if response.status != HTTPStatus.OK:
            raise refused(response)
        try:
            return json.loads(response.body)
        except (ValueError, RecursionError):
            raise SourceError("format", "The server's answer is not JSON.") from None


def _text(value: object, name: str) -> str:
    """A text in a JSON object of which nothing is certain."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
