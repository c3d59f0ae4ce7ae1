"""A web site: its pages within a scope, and every picture that they show.

Scrapy runs on an event loop of our own that moves only while a batch is asked for.
"""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from scrapy import signals
from scrapy.crawler import Crawler
from twisted.python.failure import Failure

from tracker.fetch import FetchError, Limits, checked, user_agent
from tracker.sources.base import Batch, SourceError
from tracker.sources.download import ALLOW, LIMITS
from tracker.sources.frontier import Frontier
from tracker.sources.spider import ROBOT, SiteSpider

# Scrapy logs the address of everything that it sees.
logging.getLogger("scrapy").setLevel(logging.CRITICAL + 1)

HANDLER = "tracker.sources.download.FetchHandler"
MIDDLEWARE = "scrapy.downloadermiddlewares"


@dataclass(frozen=True, slots=True)
class Site:
    """One site from its start page on, obeying robots.txt.

    `scope` is a path prefix for pages; pictures may come from any public place.
    `allow` lists "host:port" that an operator vouches for. Times are in seconds.
    """

    url: str
    allow: frozenset[str] = frozenset()
    contact: str = ""
    scope: str = "/"
    min_delay: float = field(default=1.0, metadata={"high": 300})
    concurrency: int = field(default=1, metadata={"low": 1, "high": 4})
    max_depth: int = field(default=3, metadata={"high": 20})
    max_pages: int = field(default=200, metadata={"low": 1, "high": 10_000})
    max_seconds: float = field(default=600.0, metadata={"low": 1})
    max_bytes: int = field(default=25 * 2**20, metadata={"low": 1})

    def batches(self, checkpoint: str | None) -> Iterator[Batch]:
        """One visit, at most `max_pages`; the next one starts anew."""
        try:
            checked(self.url, self.allow)
        except FetchError as error:
            raise SourceError(error.code, str(error)) from None
        frontier = Frontier(self.url, self.max_pages, self.max_depth)
        if checkpoint and frontier.load(checkpoint):
            frontier.resume()
            yield Batch((), frontier.dump())
        yield from _crawl(self, frontier)


def _crawl(site: Site, frontier: Frontier) -> Iterator[Batch]:
    crawler = Crawler(SiteSpider, _settings(site))
    queue: asyncio.Queue[Batch | BaseException | None] = asyncio.Queue()

    def scraped(item: Batch) -> None:
        queue.put_nowait(item)

    def failed(failure: Failure) -> None:
        queue.put_nowait(failure.value)

    crawler.signals.connect(scraped, signals.item_scraped)
    crawler.signals.connect(failed, signals.spider_error)
    with asyncio.Runner() as runner:
        visit = runner.get_loop().create_task(crawler.crawl_async(site, frontier))
        visit.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while (item := runner.run(queue.get())) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
                if item.done:
                    return  # Scrapy itself would notice at its next heartbeat only
            visit.result()
        finally:
            runner.run(crawler.stop_async())


def _settings(site: Site) -> dict[str, Any]:
    return {
        ALLOW: site.allow,
        LIMITS: Limits(max_bytes=site.max_bytes),
        "TWISTED_REACTOR_ENABLED": False,
        "DOWNLOAD_HANDLERS": {
            **dict.fromkeys(("data", "file", "ftp", "s3")),
            **dict.fromkeys(("http", "https"), HANDLER),
        },
        "DOWNLOADER_MIDDLEWARES": {
            # It asks the network for the list of public suffixes, by another door.
            f"{MIDDLEWARE}.cookies.CookiesMiddleware": None,
            f"{MIDDLEWARE}.httpproxy.HttpProxyMiddleware": None,
            f"{MIDDLEWARE}.httpcompression.HttpCompressionMiddleware": None,
            f"{MIDDLEWARE}.redirect.MetaRefreshMiddleware": None,
        },
        "EXTENSIONS_BASE": {},
        "USER_AGENT": user_agent(site.contact),
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_USER_AGENT": ROBOT,
        "REDIRECT_MAX_TIMES": 5,
        "RETRY_TIMES": 2,
        "RETRY_HTTP_CODES": [500, 502, 503, 504, 522, 524, 408],  # not 429: we leave
        "DOWNLOAD_DELAY": site.min_delay,
        "DOWNLOAD_DELAY_JITTER": 0.0,
        "CONCURRENT_REQUESTS_PER_DOMAIN": site.concurrency,
        "STATS_DUMP": False,
    }
