"""The victims' pages in every language, on the narrowest screen: nothing cut, nothing foreign.

320 pixels wide is what a window of 1,280 pixels shows at 400 % zoom (WCAG 2.2, 1.4.10).
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils.translation import get_language_info
from playwright.sync_api import Browser, Response, ViewportSize
from pytest_django.live_server_helper import LiveServer

from portal.cases.events import WORDS
from portal.cases.kinds import KINDS
from portal.cases.messaging import send_message
from portal.cases.models import Consent, Event
from tests.browser.conftest import SCHEMES, Visitor, is_good, keep_session
from tests.intake.opening import an_open_case
from tests.portal.pages import victims_pages
from tests.telling import told

CODES = [code for code, _name in settings.LANGUAGES]
NARROW: ViewportSize = {"width": 320, "height": 640}
WIDE: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 740}
FIRST_PAGE_BYTES = 150_000
# What is written in Latin letters in every language: names, addresses, units.
NAMES = (
    "Reclaim|AI|MB|UTC|Cookie|English|Childline|StopNCII|HTTP|PDQ|SHA|Telegram|Mastodon|Chirp"
    "|Take It Down|Report Remove|Lok Sabha, unstarred question"
)
LATIN = re.compile(rf"https?://\S*|[\w-]+(?:\.[\w-]+)+|R-[A-Z0-9-]+|\b(?:{NAMES})\b")
# WRITE_SCREENSHOTS=1 keeps the pictures that docs/victims.md shows.
KEEP = bool(os.environ.get("WRITE_SCREENSHOTS"))
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots" / "victims"
FILMED = {
    "/report/": "age",
    "/report/young/": "young",
    "/report/what/": "step",
}
Opens = Callable[..., Visitor]


def in_the_middle(code: str) -> Client:
    """A report begun, and a case open in which everything has happened."""
    client = Client()
    said = told(urls=["https://chirp.example/1"], consents=[Consent.Kind.NOTICES])
    case = an_open_case(client, said, code)
    facts = {
        "host": "chirp.example",
        "recipient": "Chirp",
        "due": "2026-03-03T10:00:00+00:00",
        "outcome": "",
    }
    for kind in WORDS:
        Event.objects.create(case=case, kind=kind, data=facts)
    send_message(case, "7 × 7?")
    answers = {"adult": "on", "kinds": list(KINDS), "go": "next"}
    client.post("/report/what/", answers)
    client.post("/report/where/", {"urls": "chirp.example/1", "go": "next"})
    assert client.get("/report/review/").status_code == 200
    return client


@pytest.fixture
def reads(
    transactional_db: None, chromium: Browser, live_server: LiveServer
) -> Iterator[Opens]:
    """A reader of one language with an open case."""
    opened = []

    def read(code: str) -> Visitor:
        context = chromium.new_context(viewport=NARROW, locale="en")
        opened.append(context)
        keep_session(context, live_server, in_the_middle(code))
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


def is_good_and_in(visitor: Visitor, code: str) -> None:
    """The open page on a phone and on a desk, whole and in its language."""
    where, root = visitor.page.url, visitor.page.locator("html")
    assert (root.get_attribute("lang") or "").lower() == code, where
    is_turned = get_language_info(code)["bidi"]
    assert root.get_attribute("dir") == ("rtl" if is_turned else None), where
    # Colours and a wide window's order are the same in every language: English is asked
    # for both everywhere, the others for what a phone shows by day.
    is_english = code == "en"
    for width in (NARROW, WIDE):
        asked = SCHEMES if is_english else SCHEMES[:1] if width == NARROW else ()
        is_good(visitor, widths=(width,), schemes=asked)
        assert cut_or_covered(visitor) == [], (where, width)


def film(visitor: Visitor, code: str, name: str) -> None:
    """Keep what a phone shows of the open page."""
    if KEEP:
        visitor.page.set_viewport_size(PHONE)
        visitor.page.emulate_media(color_scheme="light")
        visitor.page.screenshot(path=FOLDER / f"{code}-{name}.png")


def english(visitor: Visitor) -> list[str]:
    """What stands on the open page in no other language than English."""
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
    told = re.compile(r"[a-z]{2,} [a-z]{2,}|^\W*[A-Z][a-z]{2,}\W*$")
    return [text.strip() for text in texts if told.search(LATIN.sub("", text))]


@pytest.mark.parametrize("code", CODES)
def test_every_page_is_good_and_in_its_language(reads: Opens, code: str) -> None:
    visitor = reads(code)
    for path in victims_pages():
        visitor.opens(path)
        assert visitor.page.url.endswith(path), "it led elsewhere"
        is_good_and_in(visitor, code)
        assert code == "en" or english(visitor) == [], path
        if path in FILMED:
            film(visitor, code, FILMED[path])


@pytest.mark.parametrize("code", CODES)
def test_the_words_are_shown_and_typed_back(reads: Opens, code: str) -> None:
    """The last pages of a report, which no address shows."""
    visitor = reads(code)
    page = visitor.page
    visitor.opens("/report/review/")
    page.locator("form[action='/report/review/'] button").click()
    words = page.locator("#passphrase").inner_text().split()
    is_good_and_in(visitor, code)
    film(visitor, code, "words")
    page.locator("form[action='/report/kept/'] button").click()
    page.locator("[name=asked]").wait_for(state="attached")
    is_good_and_in(visitor, code)
    places = page.locator("[name=asked]").input_value().split()
    for field, place in zip(page.locator("[name=word]").all(), places, strict=True):
        field.fill(words[int(place) - 1])
    page.locator("form[action='/report/kept/'] button").first.click()
    is_good_and_in(visitor, code)
    assert page.locator("[name=word]").count() == 0
    assert code == "en" or english(visitor) == []
    visitor.opens("/case/")
    page.fill("#id_passphrase", " ".join(words))
    page.locator("form:has(#id_passphrase) button").first.click()
    page.locator(".timeline").first.wait_for()
    film(visitor, code, "timeline")


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
