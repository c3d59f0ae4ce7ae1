"""Debian's Chromium against the running portal; every page is asked for CSP and axe."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.http import HttpRequest, HttpResponseBase
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

import tracker
from portal.middleware import HEADERS
from tracker import Batch, VisitError

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # No name is resolved: a page that asks a stranger for anything fails its test.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
# A feature that this browser lacks, and others have, is turned off all the same.
UNKNOWN_FEATURE = "Permissions-Policy header: Unrecognized feature"
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"

# What axe-core calls a violation's impact. The desk answers for the lower two only.
ALL = frozenset({"minor", "moderate", "serious", "critical"})
SERIOUS = frozenset({"serious", "critical"})
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
# What may be right in daylight and wrong at night; all other rules ask the same page again.
COLOURS = ("color-contrast", "link-in-text-block")

# Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Visitor:
    """Somebody at a browser, and what the browser complained about."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)

    def opens(self, path: str) -> None:
        self.page.goto(self.url + path)

    def axe(
        self, impacts: frozenset[str] = ALL, rules: tuple[str, ...] = ()
    ) -> list[str]:
        """Violations of the page that is open: none at all is right, on a victim's page."""
        if not self.page.evaluate("'axe' in globalThis"):
            self.page.evaluate(AXE.read_text("utf-8"))
        options = {"resultTypes": ["violations"]} | (
            {"runOnly": rules} if rules else {}
        )
        found = self.page.evaluate("(options) => axe.run(options)", options)
        return [
            f"{bad['id']}: {json.dumps([node['html'] for node in bad['nodes']][:3])}"
            for bad in found["violations"]
            if bad["impact"] in impacts
        ]

    def is_wider_than_its_window(self) -> bool:
        wide: bool = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return wide

    def small_targets(self) -> list[str]:
        """Controls under 44 px high or wide, unless they stand inside a sentence."""
        found: list[str] = self.page.evaluate(
            """() => [...document.querySelectorAll("a, button, input, select, summary")]
            .filter((e) => e.checkVisibility() && !e.matches(".skip, [type=hidden]"))
            .filter((e) => getComputedStyle(e).display !== "inline")
            .map((e) => [e.closest("label") ?? e, e.outerHTML.slice(0, 120)])
            .filter(([e]) => e.getBoundingClientRect().height < 44)
            .map(([, html]) => html)"""
        )
        return found

    def _heard(self, message: object) -> None:
        kind, text = getattr(message, "type", ""), getattr(message, "text", "")
        if kind in {"error", "warning"} and UNKNOWN_FEATURE not in text:
            self.complaints.append(text)

    def _asked(self, request: object) -> None:
        url = getattr(request, "url", "")
        if not url.startswith((self.url, "data:", "blob:")):
            self.strangers.append(url)


def is_good(
    visitor: Visitor,
    impacts: frozenset[str] = ALL,
    widths: tuple[ViewportSize, ...] = (),
    schemes: tuple[Scheme, ...] = SCHEMES,
) -> None:
    """The open page: readable by everybody in daylight and at night, quiet, in its window.

    `widths` are those to look at; without them, the window stays as it is.
    """
    page = visitor.page
    page.wait_for_load_state()  # its styles, too
    for size in widths or (page.viewport_size,):
        if size and size != page.viewport_size:
            page.set_viewport_size(size)
            page.wait_for_function("(width) => innerWidth === width", arg=size["width"])
        assert not visitor.is_wider_than_its_window(), (page.url, size)
        assert visitor.small_targets() == [], (page.url, size)
        for scheme in schemes:
            # Without motion a colour is at once what it will be.
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            rules = COLOURS if scheme != schemes[0] else ()
            assert visitor.axe(impacts, rules) == [], (page.url, size, scheme)
    assert visitor.complaints == []
    assert visitor.strangers == []


def by_link(page: Page) -> None:
    """Leave at once, as whoever has a hand on the screen."""
    page.locator("[data-exit]").click()


def by_key(page: Page) -> None:
    """Leave at once, as whoever has a keyboard."""
    for _ in range(3):
        page.keyboard.press("Escape")


def keep_session(context: BrowserContext, server: LiveServer, client: Client) -> None:
    """Give the browser every cookie of a test's client: open case, draft, login, language."""
    for name, cookie in client.cookies.items():
        url = f"{server.url}{cookie['path'] or '/'}"
        context.add_cookies(
            [{"name": name, "value": cookie.value, "url": url, "sameSite": "Strict"}]
        )


@pytest.fixture(autouse=True)
def guarded_statics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django's test server hands out static files without our headers; the portal never.

    A worker whose script comes without them is refused by a page that has them.
    """
    serve = StaticFilesHandler.serve

    def guarded(self: StaticFilesHandler, request: HttpRequest) -> HttpResponseBase:
        response = serve(self, request)
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response

    monkeypatch.setattr(StaticFilesHandler, "serve", guarded)


@pytest.fixture(autouse=True)
def nobody_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses that a report names lead nowhere, without asking anybody for a name.

    What a visit finds is tested where no browser is needed.
    """

    def visit(*order: object) -> Iterator[Batch]:
        raise VisitError("dns", "The name in the address could not be found.")

    monkeypatch.setattr(tracker, "visit", visit)


# Not for the session: Playwright's event loop would run on under the other tests.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 360, "height": 740}, locale="en")
    yield context
    context.close()


@pytest.fixture
def visitor(context: BrowserContext, live_server: LiveServer) -> Visitor:
    return Visitor(context.new_page(), live_server.url)


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(
    request: pytest.FixtureRequest, chromium: Browser, live_server: LiveServer
) -> Iterator[Page]:
    """A page of a browser that runs scripts, and one of a browser that does not."""
    context = chromium.new_context(java_script_enabled=request.param, locale="en")
    yield context.new_page()
    context.close()
