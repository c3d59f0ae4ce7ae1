"""Walks one site politely, page by page, and yields batches of finds.

Robots.txt, delays, retries and redirects are Scrapy's; the order of pages, and what is
still to do, is the frontier's.
"""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from dataclasses import replace
from http import HTTPStatus
from itertools import islice
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from lxml.etree import LxmlError
from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadFailedError, IgnoreRequest
from scrapy.http import HtmlResponse, Response
from scrapy.robotstxt import RobotParser

from tracker.fetch import FetchError
from tracker.sources.addresses import carries_address, key, place
from tracker.sources.base import (
    Batch,
    Find,
    Media,
    SourceError,
    busy,
    marked,
    media_type,
)
from tracker.sources.frontier import Frontier
from tracker.sources.page import Embedded, Page, read

ROBOT = "Reclaim"  # how robots.txt calls us
LONGEST_DELAY = 300.0  # seconds; a site that wants more is not visited
MAX_HTML = 5 * 2**20
MAX_PICTURES = 500  # of one page
MAX_SHOWN = 5  # a picture on more pages than these is the site's decoration
GROUP = 8  # pictures that share one batch
SPAN = 2.0  # seconds that one batch may take by its delays
REFUSALS = {
    "robots": "The site's robots.txt asks us to stay away.",
    "redirects": str(FetchError("redirects")),
}
CACHE = 32 * 2**20  # bytes of pictures that the next pages may show again


class Manners(Protocol):
    """What the spider must be told of a site; tracker.sources.site.Site is one."""

    @property
    def url(self) -> str: ...
    @property
    def scope(self) -> str: ...
    @property
    def min_delay(self) -> float: ...
    @property
    def concurrency(self) -> int: ...
    @property
    def max_seconds(self) -> float: ...


class SiteSpider(Spider):
    """One visit. Its items are Batches."""

    name = "site"

    def __init__(self, site: Manners, frontier: Frontier) -> None:
        super().__init__()
        self._site = site
        self._frontier = frontier
        self._until = time.monotonic() + site.max_seconds
        self._delay = site.min_delay
        self._cache: OrderedDict[str, Media | None] = OrderedDict()
        self._cached = 0
        self._shown: Counter[str] = Counter()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> "SiteSpider":
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.slow_down, signals.robots_parsed)
        return spider

    async def start(self) -> AsyncIterator[Batch]:
        """Raises SourceError where the visit cannot go on."""
        if self._frontier.current is None:
            yield self._batch(())
        try:
            while (page := self._frontier.current) is not None and not self._is_late():
                async for batch in self._visit(*page):
                    yield batch
        except SourceError:
            if not self._frontier.at_start:
                yield self._batch(())  # so that this page keeps its tries
            raise

    def slow_down(self, robotparser: RobotParser, request: Request) -> None:
        """Honour Crawl-delay, which Scrapy parses and leaves aside."""
        wanted = robotparser.crawl_delay(ROBOT) or 0.0
        delay = max(self._site.min_delay, min(wanted, LONGEST_DELAY))
        self._delay = max(self._delay, delay)
        downloader = self.crawler.engine.downloader
        slot = downloader.get_slot_key(request)
        settings = {
            "delay": delay,
            "concurrency": self._site.concurrency,
            "jitter": 0.0,
        }
        downloader.per_slot_settings[slot] = settings
        if slot in downloader.slots:
            downloader.slots[slot].delay = delay

    async def _visit(self, url: str, depth: int) -> AsyncIterator[Batch]:
        """One page; more than one batch where it shows many pictures."""
        response = await self._page(url)
        finds: tuple[Find, ...] = ()
        if response is not None:
            page = await asyncio.to_thread(_read, response)
            for link, is_next in page.links:
                if self._in_scope(link):
                    self._frontier.add(link, depth if is_next else depth + 1)
            pictures = iter([p for p in page.pictures if self._is_wanted(p)])
            while group := list(islice(pictures, self._group_size())):
                if finds:
                    yield self._batch(finds)
                    if self._is_late():
                        return
                finds = await self._finds(response, group)
        self._frontier.finish(response.url if response is not None else url)
        yield self._batch(finds)

    def _batch(self, finds: tuple[Find, ...]) -> Batch:
        self._frontier.progress()
        done = self._frontier.current is None
        return marked(finds, self._frontier.dump(), done=done)

    def _is_late(self) -> bool:
        return time.monotonic() > self._until

    def _group_size(self) -> int:
        """So few that a slow site has a checkpoint every SPAN seconds too."""
        few = int(SPAN / self._delay) if self._delay else GROUP
        return min(GROUP, max(self._site.concurrency, few))

    def _in_scope(self, url: str) -> bool:
        return place(url) == place(self._site.url) and urlsplit(url).path.startswith(
            self._site.scope
        )

    def _is_wanted(self, picture: Embedded) -> bool:
        known = key(picture.url)
        return known not in self._frontier.delivered and self._shown[known] < MAX_SHOWN

    async def _page(self, url: str) -> Response | None:
        """The page, or None where it has nothing for us; the start page must have."""
        try:
            response = await self._get(url)
            self._check(response)
        except SourceError as error:
            if error.code == "busy" or self._frontier.at_start:
                raise
            return None
        if carries_address(response.url):
            return None
        return None if self._frontier.is_seen_elsewhere(response.url) else response

    def _check(self, response: Response) -> None:
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:  # or leads to no web address
            raise SourceError("http", f"The site answered with {response.status}.")
        if place(response.url) != place(self._site.url):
            raise SourceError("moved", "The address leads to another site.")

    async def _get(self, url: str, referer: str = "") -> Response:
        request = Request(url, dont_filter=True)
        if referer:
            request.headers["Referer"] = referer
        try:
            response = await self.crawler.engine.download_async(request)
        except FetchError as error:
            raise SourceError(error.code, str(error)) from None
        except DownloadFailedError as error:
            raise SourceError(str(error), str(FetchError(str(error)))) from None
        except IgnoreRequest as error:
            code = "robots" if "robots" in str(error) else "redirects"
            raise SourceError(code, REFUSALS[code]) from None
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise busy((response.headers.get("Retry-After") or b"").decode())
        return response

    async def _finds(self, page: Response, group: list[Embedded]) -> tuple[Find, ...]:
        got = await asyncio.gather(*(self._media(p.url, page.url) for p in group))
        finds = []
        for picture, media in zip(group, got, strict=True):
            known = key(picture.url)
            self._frontier.delivered.add(known)
            if media is not None:
                self._shown[known] += 1
                finds.append(
                    Find(page.url, media, picture.account, picture.posted_at, "")
                )
        return tuple(finds)

    async def _media(self, url: str, page: str) -> Media | None:
        known = key(url)
        if known not in self._cache:
            self._remember(known, await self._picture(url, page))
        return self._cache[known]

    async def _picture(self, url: str, page: str) -> Media | None:
        # As a browser would: the page within a site, only the site to others.
        referer = page if place(url) == place(page) else urljoin(page, "/")
        try:
            response = await self._get(url, referer)
        except SourceError as error:
            if error.code == "busy":
                raise
            return None
        kind = media_type(response.body)
        if kind is None or response.status != HTTPStatus.OK:
            return None
        return (
            None if carries_address(response.url) else Media(url, response.body, kind)
        )

    def _remember(self, known: str, media: Media | None) -> None:
        self._cache[known] = media
        self._cached += len(media.body) if media else 0
        while self._cached > CACHE and len(self._cache) > GROUP:
            _, old = self._cache.popitem(last=False)
            self._cached -= len(old.body) if old else 0


def _read(response: Response) -> Page:
    """What a page shows; a picture that stands alone shows itself."""
    if media_type(response.body):
        return Page((), (Embedded(response.url, "", None),))
    if not isinstance(response, HtmlResponse):
        return Page((), ())
    try:
        selector = response.replace(body=response.body[:MAX_HTML]).selector
        page = read(selector.root, response.url)
    except (ValueError, RecursionError, LxmlError):
        return Page((), ())
    return replace(page, pictures=page.pictures[:MAX_PICTURES])
