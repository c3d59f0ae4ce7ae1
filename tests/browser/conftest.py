"""Debian's Chromium against the running portal; every page is asked for CSP and axe."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

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
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"

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

    def axe(self) -> list[str]:
        """Serious and critical violations of the page that is open."""
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("axe.run()")
        return [
            f"{bad['id']}: {json.dumps([node['html'] for node in bad['nodes']][:3])}"
            for bad in found["violations"]
            if bad["impact"] in {"serious", "critical"}
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
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def _asked(self, request: object) -> None:
        url = getattr(request, "url", "")
        if not url.startswith((self.url, "data:", "blob:")):
            self.strangers.append(url)


def keep_session(
    context: BrowserContext, server: LiveServer, key: str, desk_key: str = ""
) -> None:
    """Give the browser the cookies of a session that a test made."""
    context.add_cookies([{"name": "sessionid", "value": key, "url": server.url}])
    if desk_key:
        url = f"{server.url}/desk/"
        context.add_cookies([{"name": "desk_key", "value": desk_key, "url": url}])


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
