"""The victims' pages in every language, on the narrowest screen: nothing cut, nothing foreign.

320 pixels wide is what a window of 1,280 pixels shows at 400 % zoom (WCAG 2.2, 1.4.10).
"""

import json
import re
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils.translation import get_language_info
from playwright.sync_api import Browser, Response
from pytest_django.live_server_helper import LiveServer

from portal.cases.actions import Told, submit_report
from portal.cases.events import WORDS
from portal.cases.models import Event
from portal.intake.urls import app_name, urlpatterns
from tests.browser.conftest import Visitor, keep_session

CODES = [code for code, _name in settings.LANGUAGES]
# Pages that only act, and the page that leaves the site.
NO_PAGE = {"consents", "exit"}
GUIDANCE = ["/guide/", "/check/", "/transparency/"]
FIRST_PAGE_BYTES = 150_000
# What is written in Latin letters in every language: names, addresses, units.
NAMES = (
    "Reclaim|AI|MB|UTC|Cookie|English|Childline|StopNCII|HTTP|PDQ|SHA|Telegram|Mastodon|Chirp"
    "|Take It Down|Report Remove|Lok Sabha, unstarred question"
)
LATIN = re.compile(rf"https?://\S*|[\w-]+(?:\.[\w-]+)+|R-[A-Z0-9-]+|\b(?:{NAMES})\b")
Opens = Callable[..., Visitor]


def paths() -> list[str]:
    """Every address of the victims' face that answers a plain visit."""
    names = [str(pattern.name) for pattern in urlpatterns]
    return [
        reverse(f"{app_name}:{name}") for name in names if name not in NO_PAGE
    ] + GUIDANCE


@pytest.fixture
def session(db: None, client: Client) -> str:
    """A session that opened a case in which everything has happened."""
    case = submit_report(token="amina", told=Told()).report.case
    facts = {
        "host": "chirp.example",
        "recipient": "Chirp",
        "due": "2026-03-03T10:00:00+00:00",
        "outcome": "",
    }
    for kind in WORDS:
        Event.objects.create(case=case, kind=kind, data=facts)
    kept = client.session
    kept["case"] = case.pk
    kept.save()
    return kept.session_key or ""


@pytest.fixture
def reads(chromium: Browser, live_server: LiveServer, session: str) -> Iterator[Opens]:
    """A reader of one language at a window of one width, with an open case."""
    opened = []

    def read(code: str, width: int = 320) -> Visitor:
        context = chromium.new_context(
            viewport={"width": width, "height": 640}, locale="en"
        )
        opened.append(context)
        keep_session(context, live_server, session)
        name = settings.LANGUAGE_COOKIE_NAME
        context.add_cookies([{"name": name, "value": code, "url": live_server.url}])
        return Visitor(context.new_page(), live_server.url)

    yield read
    for context in opened:
        context.close()


def cut_or_covered(visitor: Visitor) -> list[str]:
    """Texts that reach out of the window or of their box, and controls that overlap."""
    found: list[str] = visitor.page.evaluate(
        """() => {
          const shown = [...document.querySelectorAll("body *")]
            .filter((e) => e.checkVisibility() && !e.closest(".skip, .unseen, svg"))
            .filter((e) => e.getClientRects().length);
          const wrong = shown.filter((e) => {
            const box = e.getBoundingClientRect(), style = getComputedStyle(e);
            const hides = style.overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1;
            return box.left < -1 || box.right > innerWidth + 1 ||
              (hides && !e.matches("input, textarea, select, .scroll"));
          });
          const kinds = ".button, .choice, button, .exit, .brand, .tick";
          const controls = shown.filter((e) => e.matches(kinds));
          const isOnTop = (e) => e.closest("header") !== null; // stays while the page moves
          const pairs = controls.flatMap((a, i) => controls.slice(i + 1).map((b) => [a, b]))
            .filter(([a, b]) => !a.contains(b) && !b.contains(a))
            .filter(([a, b]) => isOnTop(a) === isOnTop(b));
          const over = pairs.filter(([a, b]) => {
            const one = a.getBoundingClientRect(), two = b.getBoundingClientRect();
            return one.left < two.right - 1 && two.left < one.right - 1
              && one.top < two.bottom - 1 && two.top < one.bottom - 1;
          }).map(([a]) => a);
          return [...wrong, ...over].map((e) => e.outerHTML.slice(0, 160));
        }"""
    )
    return found


@pytest.mark.parametrize("code", CODES)
def test_every_page_fits_reads_and_is_named(reads: Opens, code: str) -> None:
    visitor = reads(code)
    info = get_language_info(code)
    for path in paths():
        visitor.opens(path)
        assert visitor.page.url.endswith(path), "it led elsewhere"
        root = visitor.page.locator("html")
        assert (root.get_attribute("lang") or "").lower() == code, path
        assert root.get_attribute("dir") == ("rtl" if info["bidi"] else None), path
        assert not visitor.is_wider_than_its_window(), path
        assert cut_or_covered(visitor) == [], path
        assert visitor.small_targets() == [], path
        assert visitor.axe() == [], path
    assert visitor.complaints == []
    assert visitor.strangers == []


@pytest.mark.parametrize("code", ["zh-hans", "ko", "ar"])
def test_no_english_is_left_over(reads: Opens, code: str) -> None:
    visitor = reads(code, width=1280)
    for path in paths():
        visitor.opens(path)
        texts: list[str] = visitor.page.evaluate(
            """() => {
              const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              const texts = [document.title];
              while (walk.nextNode()) {
                const own = walk.currentNode.parentElement.closest("[lang]");
                if (own === document.documentElement) texts.push(walk.currentNode.data);
              }
              for (const name of ["aria-label", "placeholder", "title", "alt"])
                for (const e of document.querySelectorAll(`[${name}]`))
                  texts.push(e.getAttribute(name));
              return texts;
            }"""
        )
        english = [
            text.strip()
            for text in texts
            if re.search(
                r"[a-z]{2,} [a-z]{2,}|^\W*[A-Z][a-z]{2,}\W*$", LATIN.sub("", text)
            )
        ]
        assert english == [], (path, json.dumps(english, ensure_ascii=False))


@pytest.mark.parametrize("code", CODES)
def test_the_first_page_is_light(reads: Opens, code: str) -> None:
    visitor = reads(code)
    came: list[Response] = []

    def note(answer: Response) -> None:
        came.append(answer)

    visitor.page.on("response", note)
    visitor.opens("/")
    visitor.page.wait_for_load_state("networkidle")
    assert 0 < sum(len(answer.body()) for answer in came) < FIRST_PAGE_BYTES
