"""No page makes a browser ask anybody but us: read as a browser would, tag by tag."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client

from tests.portal.pages import Page, Tag

pytestmark = pytest.mark.django_db

# Attributes whose address a browser asks for by itself, or sends a form to.
FETCHED = {
    "src", "poster", "data", "background", "action", "formaction",
    "ping", "manifest", "xlink:href", "classid", "codebase", "longdesc",
}  # fmt: skip
# The same for `href`, but for the links that a person follows.
FETCHED_BY_HREF = {"link", "use", "image", "feimage", "base", "script"}
IN_CSS = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")
# Any absolute address in a script is one too many: ours name their parts relatively.
IN_JS = re.compile(r"['\"`]((?:[a-z]+:)?//[^'\"`]*)|(?:from|import\()\s*['\"]([^'\"]+)")
COMMENTS = re.compile(r"/\*.*?\*/|^\s*//.*$", re.DOTALL | re.MULTILINE)
NAMES_OF_XML = "http://www.w3.org/"  # a name, which nobody asks for
# Pages whose business is to send people on. Everywhere else, no link leads outside.
GUIDES = re.compile(r"^/$|guide|young|help|hotline")


def is_ours(address: str) -> bool:
    parts = urlsplit(urljoin("http://testserver/", address.strip()))
    return parts.scheme in {"data", "blob"} or parts.netloc == "testserver"


def fetched(tag: Tag) -> list[str]:
    """The addresses that a browser asks for when it meets this tag."""
    found = [value for name, value in tag.attributes.items() if name in FETCHED]
    if tag.name in FETCHED_BY_HREF:
        found.append(tag.attributes.get("href", ""))
    found += [
        part.split()[0]
        for part in tag.attributes.get("srcset", "").split(",")
        if part.strip()
    ]
    if tag.name == "meta" and tag.attributes.get("http-equiv", "").lower() == "refresh":
        found.append(tag.attributes.get("content", "").partition("=")[2])
    return [address for address in found if address]


def asked_by_style(text: str) -> list[str]:
    found = IN_CSS.findall(COMMENTS.sub("", text))
    return [first or second for first, second in found]


def asked_by_script(text: str) -> list[str]:
    found = IN_JS.findall(COMMENTS.sub("", text))
    named = [first or second for first, second in found]
    return [name for name in named if not name.startswith(NAMES_OF_XML)]


def files_of(pages: dict[str, Page]) -> dict[str, str]:
    """Every style and script that the pages name, and those that these name, by path."""
    waiting = {
        urljoin(path, address)
        for path, page in pages.items()
        for tag in page.all("link", "script")
        for address in fetched(tag)
    }
    found: dict[str, str] = {}
    while waiting:
        path = waiting.pop()
        if path in found or not path.endswith((".css", ".js", ".mjs")):
            continue
        answer = Client().get(path)
        assert answer.status_code == 200, path
        found[path] = b"".join(answer).decode()
        read = asked_by_style if path.endswith(".css") else asked_by_script
        waiting |= {urljoin(path, address) for address in read(found[path])}
    return found


def test_no_tag_asks_a_stranger(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        for tag in page.tags:
            assert [url for url in fetched(tag) if not is_ours(url)] == [], (path, tag)


def test_no_page_holds_a_style_or_a_script_of_its_own(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        for tag in page.tags:
            assert "style" not in tag.attributes, (path, tag)
            assert not [name for name in tag.attributes if name.startswith("on")], path
        for tag in page.all("style", "script"):
            is_data = tag.attributes.get("type") == "application/json"
            assert is_data or not tag.text.strip(), (path, tag)


def test_no_style_and_no_script_asks_a_stranger(pages: dict[str, Page]) -> None:
    files = files_of(pages)
    assert any(path.endswith(".css") for path in files)
    assert any(path.endswith(".js") for path in files)
    for path, text in files.items():
        read = asked_by_style if path.endswith(".css") else asked_by_script
        assert [url for url in read(text) if not is_ours(url)] == [], path


def test_links_outside_tell_nobody_where_one_came_from(pages: dict[str, Page]) -> None:
    outside = 0
    for path, page in pages.items():
        for tag in page.all("a", "area"):
            link = tag.attributes.get("href", "")
            if urlsplit(link).scheme not in {"http", "https"} or is_ours(link):
                continue
            outside += 1
            assert GUIDES.search(path), (path, link)
            assert link.startswith("https://"), (path, link)
            assert {"noreferrer", "nofollow"} <= set(
                tag.attributes.get("rel", "").split()
            ), (path, link)
            assert "target" not in tag.attributes, (path, link)
            assert not urlsplit(link).query, (path, link)
    assert outside > 5


@pytest.mark.parametrize(
    ("html", "asked"),
    [
        ('<img src="https://x.example/a">', True),
        ('<img srcset="/a 1x, //x.example/b 2x">', True),
        ('<link rel="icon" href="//x.example/i">', True),
        ('<meta http-equiv="Refresh" content="0; url=https://x.example/">', True),
        ('<svg><use href="https://x.example/#a"></use></svg>', True),
        ('<form action="https://x.example/"></form>', True),
        ('<a href="https://x.example/">on</a><img src="data:,">', False),
        ('<img src="/own.svg"><script src="own.js"></script>', False),
    ],
)
def test_the_reader_sees_what_a_browser_would_ask(html: str, *, asked: bool) -> None:
    found = [url for tag in Page(html).tags for url in fetched(tag)]
    assert any(not is_ours(url) for url in found) is asked


@pytest.mark.parametrize(
    "text",
    [
        'fetch("https://x.example/a")',
        "import { a } from 'https://x.example/a.js'",
        "new Image().src = `//x.example/${a}`",
        'new WebSocket("wss://x.example/")',
    ],
)
def test_the_reader_sees_what_a_script_would_ask(text: str) -> None:
    assert [url for url in asked_by_script(text) if not is_ours(url)]
