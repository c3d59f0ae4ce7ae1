"""Every address of the portal, computed from its URL patterns, and who opens them.

New pages are found by existing: nothing here names one, but the door to a case.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from portal.cases.actions import submit_report
from portal.cases.models import Case, Consent
from portal.intake.questions import STEPS
from portal.intake.urls import app_name, urlpatterns
from tests.desk.scene import picture
from tests.telling import told

FACES = ("intake", "public")  # what victims and everybody else see
LEAVING = ("intake:exit", "intake:leave")
# What acts or hands out a file, and the page that leaves the site.
ACTS = {
    "exit",
    "leave",
    "letter_file",
    "day",
    "save",
    "kept",
    "drop",
    "drop_original",
    "stopped",
}
GUIDANCE = ("/guide/", "/check/", "/transparency/")
CONVERTED = re.compile(r"<(?:(?P<converter>\w+):)?\w+>")
NAMED_GROUP = re.compile(r"\(\?P<\w+>[^)]*\)")


@dataclass(frozen=True, order=True)
class Route:
    """An address and its name. Placeholders are filled with what probably names nothing."""

    path: str
    name: str

    @property
    def is_face(self) -> bool:
        return self.name.partition(":")[0] in FACES


@dataclass
class Tag:
    name: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """A page as a browser reads it: its tags in order, each with its own text."""

    html: str
    tags: list[Tag] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(Tag(tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        if self.tags:
            self.tags[-1].text += data

    def all(self, *names: str) -> list[Tag]:
        return [tag for tag in self.tags if tag.name in names]

    @property
    def title(self) -> str:
        (title,) = [tag for tag in self.all("title") if tag.text.strip()][:1]
        return " ".join(title.text.split())


def routes() -> list[Route]:
    """Every route of the portal, in order."""
    return sorted(set(_walk(get_resolver().url_patterns, "", "")))


def faces() -> list[Route]:
    return [route for route in routes() if route.is_face]


def victims_pages() -> list[str]:
    """Every address of the victims' face that answers a plain visit with a page."""
    names = {str(pattern.name) for pattern in urlpatterns} - ACTS - {"step"}
    shown = sorted(reverse(f"{app_name}:{name}") for name in names)
    return [*shown, *(f"/report/{name}/" for name in STEPS), *GUIDANCE]


def crawl(client: Client, language: str = "en") -> dict[str, Page]:
    """Every HTML page of the faces that this visitor gets, by path: routes and links."""
    leaving = {reverse(name) for name in LEAVING}
    waiting = [route.path for route in faces()]
    seen: dict[str, Page] = {}
    asked: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        if path in asked | leaving:
            continue
        asked.add(path)
        answer = client.get(path, headers={"Accept-Language": language})
        if answer.status_code == 302:
            waiting.append(urlsplit(answer["Location"]).path)
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        if answer.status_code != 200:
            continue
        seen[path] = Page(answer.content.decode())
        waiting += _links(path, seen[path])
    return seen


def open_a_case(client: Client) -> Case:
    """Send a report and open its case with the words, as its victim does."""
    receipt = submit_report(
        token="q" * 43,
        told=told(
            urls=["https://chirp.example/1"],
            pictures=[picture()],
            details="They know my school.",
            threatened=True,
            consents=list(Consent.Kind),
        ),
    )
    client.post(reverse("intake:case"), {"passphrase": receipt.passphrase or ""})
    assert client.get(reverse("intake:status")).status_code == 200
    return receipt.report.case


def _links(path: str, page: Page) -> Iterator[str]:
    for tag in page.all("a"):
        link = urldefrag(urljoin(path, tag.attributes.get("href", ""))).url
        if link.startswith("/") and not link.startswith(("//", "/desk/", "/api/")):
            yield link


def _walk(
    patterns: Iterable[URLPattern | URLResolver], before: str, space: str
) -> Iterator[Route]:
    for item in patterns:
        path = before + _filled(str(item.pattern))
        if isinstance(item, URLResolver):
            yield from _walk(item.url_patterns, path, item.namespace or space)
        else:
            yield Route(f"/{path}", f"{space}:{item.name}" if space else str(item.name))


def _filled(pattern: str) -> str:
    """A route's or a regular expression's text with something in each placeholder."""
    text = CONVERTED.sub(
        lambda found: "1" if found["converter"] == "int" else "x",
        NAMED_GROUP.sub("x", pattern),
    )
    return re.sub(r"^\^|\$$|\\Z$", "", text).replace("\\", "")
