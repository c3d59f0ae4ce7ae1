"""RSS and Atom: the pictures that entries enclose, describe or show.

feedparser only ever sees bytes; everything is fetched by our own door.
"""

import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from itertools import islice
from typing import Any

import feedparser
from lxml import html
from lxml.etree import LxmlError

from tracker.fetch import Response
from tracker.sources.addresses import is_media, joined
from tracker.sources.base import Batch, Find, cleaned, marked, parsed_time, short_hash
from tracker.sources.caller import Caller, refused
from tracker.sources.page import read

MAX_ENTRIES = 500
MAX_PICTURES = 50  # of one entry
GROUP = 8  # pictures that share one batch


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed. The checkpoint remembers its version and the entries already seen."""

    url: str
    allow: frozenset[str] = frozenset()
    contact: str = ""
    min_delay: float = field(default=1.0, metadata={"high": 300})
    max_bytes: int = field(default=25 * 2**20, metadata={"low": 1})

    def batches(self, checkpoint: str | None) -> Iterator[Batch]:
        """One batch per entry that is new since the checkpoint."""
        caller = Caller(self.allow, self.contact, self.min_delay, self.max_bytes)
        known, remembered = _load(checkpoint)
        response = caller.get(self.url, known)
        if response.status == HTTPStatus.NOT_MODIFIED:
            yield Batch((), checkpoint or "", done=True)
            return
        if response.status != HTTPStatus.OK:
            raise refused(response)
        entries = _entries(response)
        seen = [mark for mark in remembered if mark in entries]
        for mark, entry in entries.items():
            if mark in seen:
                continue
            place = _dump({}, seen)
            finds = _finds(caller, entry, response.url)
            while len(group := tuple(islice(finds, GROUP))) == GROUP:
                yield marked(group, place)
            seen.append(mark)
            yield marked(group, _dump({}, seen))
        yield Batch((), _dump(_version(response), list(entries)), done=True)


def _entries(response: Response) -> dict[str, Any]:
    """By the hash of what identifies them."""
    parsed = feedparser.parse(
        io.BytesIO(response.body),
        response_headers={
            "content-type": response.headers.get("content-type", ""),
            "content-location": response.url,
        },
    )
    return {
        short_hash(str(entry.get("id") or entry.get("link") or entry)): entry
        for entry in parsed.entries[:MAX_ENTRIES]
    }


def _finds(caller: Caller, entry: Any, base: str) -> Iterator[Find]:
    page = joined(base, entry.get("link", "")) or base
    account, posted_at = cleaned(entry.get("author")), _time(entry)
    pictures = dict.fromkeys(
        url for shown in _shown(entry, page) if (url := joined(page, shown))
    )
    for picture in list(pictures)[:MAX_PICTURES]:
        media = caller.media(picture)
        if media is not None:
            yield Find(page, media, account, posted_at, "")


def _shown(entry: Any, page: str) -> Iterator[str]:
    for item in (*entry.get("enclosures", ()), *entry.get("media_content", ())):
        address = item.get("href") or item.get("url") or ""
        told = item.get("type", "").startswith(("image/", "video/")) or item.get(
            "medium"
        ) in {"image", "video"}
        if told or is_media(address):
            yield address
    for item in entry.get("media_thumbnail", ()):
        yield item.get("url", "")
    for content in (*entry.get("content", ()), entry.get("summary_detail", {})):
        text = content.get("value", "")
        if "<" in text:
            yield from _embedded(text, page)


def _embedded(text: str, page: str) -> Iterator[str]:
    try:
        root = html.document_fromstring(text)
    except (ValueError, LxmlError):
        return
    for picture in read(root, page).pictures:
        yield picture.url


def _time(entry: Any) -> datetime | None:
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    return parsed_time(time.strftime("%Y-%m-%dT%H:%M:%S", moment)) if moment else None


def _version(response: Response) -> dict[str, str]:
    """Headers that ask for the feed only if it has changed since."""
    etag, modified = (response.headers.get(n, "") for n in ("etag", "last-modified"))
    asked = {"if-none-match": etag, "if-modified-since": modified}
    return {name: value for name, value in asked.items() if value}


def _dump(version: dict[str, str], seen: list[str]) -> str:
    return json.dumps({"version": version, "seen": seen}, separators=(",", ":"))


def _load(checkpoint: str | None) -> tuple[dict[str, str], list[str]]:
    try:
        state = json.loads(checkpoint or "")
        version, seen = dict(state["version"]), list(state["seen"])
    except (ValueError, TypeError, KeyError):
        return {}, []
    return version, seen
