"""Reads one page: its links, its pictures and videos, and who posted them when.

It fetches nothing; the same reading serves sites and the HTML inside feeds.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from lxml.html import HtmlElement

from tracker.sources.addresses import carries_address, is_media, joined, may_be_page
from tracker.sources.base import cleaned, parsed_time

LAZY = ("data-original", "data-src", "data-lazy", "data-lazy-src", "src")
SETS = ("srcset", "data-srcset", "imagesrcset")
BLOCKS = frozenset(
    ("post", "status", "comment", "entry", "message", "hentry", "h-entry", "reply")
)
MAX_TEXT = 20_000  # characters of one srcset or style attribute
MAX_NODES = 10_000  # of one JSON-LD block

_DESCRIPTOR = re.compile(r"(\d+\.?\d*)[wxh]?(?:,(.*))?$")
_CSS_URL = re.compile(r"url\(\s*[\"']?([^\"')\s]+)")
_AUTHOR = (
    "descendant-or-self::*/@data-author | descendant::*[@rel='author' or"
    " @itemprop='author' or contains(concat(' ', @class, ' '), ' author ')]"
)
_TIME = "descendant::time/@datetime"
_PAGE_AUTHOR = f"//meta[@name='author' or @property='article:author'] | {_AUTHOR}"
_PAGE_TIME = (
    "//meta[@property='article:published_time' or @itemprop='datePublished']/@content"
    f" | {_TIME}"
)
_META = frozenset(
    {
        "og:image",
        "og:image:url",
        "og:image:secure_url",
        "twitter:image",
        "twitter:image:src",
        "og:video",
        "og:video:url",
        "og:video:secure_url",
        "twitter:player:stream",
    }
)


@dataclass(frozen=True, slots=True)
class Embedded:
    """The address of a picture on a page, with what the page says about it."""

    url: str
    account: str
    posted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """`links` are (address, is the next page of the same list)."""

    links: tuple[tuple[str, bool], ...]
    pictures: tuple[Embedded, ...]


def read(root: HtmlElement, url: str) -> Page:
    """Everything a page shows and leads to, in its own order, each address once."""
    bases = root.xpath("//base/@href")
    base = (joined(url, bases[0]) if bases else None) or url
    pictures: dict[str, Embedded] = {}
    for picture in _pictures(root, base):
        pictures.setdefault(picture.url, picture)
    links: dict[str, bool] = {}
    for link, follows in _links(root, base):
        links[link] = links.get(link, False) or follows
    return Page(tuple(links.items()), tuple(pictures.values()))


def _links(root: HtmlElement, base: str) -> Iterator[tuple[str, bool]]:
    for element in root.xpath("//a[@href] | //area[@href] | //link[@rel='next']"):
        link = joined(base, element.get("href"))
        if link and may_be_page(link) and not carries_address(link):
            yield link, "next" in element.get("rel", "").split()


def _pictures(root: HtmlElement, base: str) -> Iterator[Embedded]:
    nodes = list(_structured(root))
    speakers = _Credits(root, nodes)
    shown = (
        "//img | //picture/source | //video | //video/source | //a[@href] | //*[@style]"
    )
    for element in root.xpath(shown):
        for address in _usable(base, _shown_by(element)):
            yield Embedded(address, *speakers.of(element))
    for address in _usable(base, _named_by(root, nodes)):
        yield Embedded(address, *speakers.page)


def _usable(base: str, addresses: Iterable[str]) -> Iterator[str]:
    for address in addresses:
        url = joined(base, address)
        if url and not carries_address(url):
            yield url


def _shown_by(element: HtmlElement) -> Iterator[str]:
    """The addresses that one element shows, the largest first."""
    if element.tag == "a":
        if is_media(element.get("href")):
            yield element.get("href")
    elif element.tag == "video":
        yield from filter(None, (element.get("src"), element.get("poster")))
    elif element.tag in {"img", "source"}:
        yield from _largest(element)
        yield from (element.get(name) for name in LAZY if element.get(name))
    yield from _CSS_URL.findall(element.get("style", "")[:MAX_TEXT])


def _largest(element: HtmlElement) -> Iterator[str]:
    """The candidate of each srcset that is widest or densest."""
    for name in SETS:
        if candidates := dict(_candidates(element.get(name, "")[:MAX_TEXT])):
            yield max(candidates, key=lambda address: candidates[address])


def _candidates(srcset: str) -> Iterator[tuple[str, float]]:
    """Addresses with their width or density; addresses may hold commas themselves."""
    address = ""
    for token in srcset.split():
        size = _DESCRIPTOR.match(token) if address else None
        if size is None:
            if address:
                yield address.rstrip(","), 1.0
            address = token
        else:
            yield address, float(size[1])
            address = size[2] or ""
    if address:
        yield address.rstrip(","), 1.0


def _named_by(root: HtmlElement, nodes: list[dict[str, object]]) -> Iterator[str]:
    """What the page names for others: previews, preloads and structured data."""
    for meta in root.xpath("//meta[@content]"):
        if (meta.get("property") or meta.get("name")) in _META:
            yield meta.get("content")
    for link in root.xpath(
        "//link[@rel='preload'][@as='image'] | //link[@rel='image_src']"
    ):
        yield from _largest(link)
        yield link.get("href", "")
    for node in nodes:
        if node.get("@type") in {"ImageObject", "VideoObject"}:
            yield from _texts(node.get("contentUrl"))
            yield from _texts(node.get("url"))
        yield from _texts(node.get("image"))


def _texts(value: object) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            yield item


def _structured(root: HtmlElement) -> Iterator[dict[str, object]]:
    """All objects of the page's JSON-LD, at any depth, at most MAX_NODES."""
    for text in root.xpath("//script[@type='application/ld+json']/text()"):
        try:
            rest = [json.loads(text)]
        except (ValueError, RecursionError):
            continue
        for _ in range(MAX_NODES):
            if not rest:
                break
            value = rest.pop(0)
            if isinstance(value, dict):
                yield value
                rest.extend(value.values())
            elif isinstance(value, list):
                rest.extend(value)


class _Credits:
    """Who posted a picture, and when: the nearest post around it, then the page."""

    def __init__(self, root: HtmlElement, nodes: list[dict[str, object]]) -> None:
        self._voices: dict[HtmlElement, tuple[list[str], list[str]]] = {}
        author, time = _said(nodes, "author"), _said(nodes, "datePublished")
        self.page = (
            cleaned(author or _only(_values(root, _PAGE_AUTHOR))),
            parsed_time(time or _only(_values(root, _PAGE_TIME))),
        )

    def of(self, element: HtmlElement) -> tuple[str, datetime | None]:
        """Account and time; an outer block of many posts speaks for none of them."""
        account, posted_at = "", None
        choose = _first
        for block in (element, *element.iterancestors()):
            if _is_block(block):
                authors, times = self._of_block(block)
                account = account or cleaned(choose(authors))
                posted_at = posted_at or parsed_time(choose(times))
                choose = _only
        return account or self.page[0], posted_at or self.page[1]

    def _of_block(self, block: HtmlElement) -> tuple[list[str], list[str]]:
        if block not in self._voices:
            self._voices[block] = _values(block, _AUTHOR), _values(block, _TIME)
        return self._voices[block]


def _is_block(element: HtmlElement) -> bool:
    return (
        element.tag == "article"
        or element.get("data-author") is not None
        or "Posting" in element.get("itemtype", "")
        or not BLOCKS.isdisjoint(element.get("class", "").split())
    )


def _values(element: HtmlElement, path: str) -> list[str]:
    """Texts found, in order: an attribute, a `content` or what a person would read."""
    found = (
        item if isinstance(item, str) else item.get("content") or item.text_content()
        for item in element.xpath(path)
    )
    return [text for text in (item.strip() for item in found) if text]


def _said(nodes: list[dict[str, object]], name: str) -> str:
    """What the first JSON-LD object with that property says."""
    for node in nodes:
        value = node.get(name)
        value = value[0] if isinstance(value, list) and value else value
        value = value.get("name") if isinstance(value, dict) else value
        if isinstance(value, str):
            return value
    return ""


def _first(values: list[str]) -> str:
    return values[0] if values else ""


def _only(values: list[str]) -> str:
    return values[0] if len(set(values)) == 1 else ""
