"""A check in a browser: what a person sees while they wait, and the answer, on any screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Browser, Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from portal.public.line import Place
from tests import drawing
from tests.browser.conftest import Visitor, by_key, is_good
from tests.browser.test_languages import cut_or_covered, english

PHONE: ViewportSize = {"width": 360, "height": 740}
WIDE: ViewportSize = {"width": 1280, "height": 800}
LONG = 60_000  # milliseconds, on a busy machine
SAID = "a lighthouse\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 640x480"
# The button, number two in line, and a strong sign.
WORDS = {
    "en": ("Check the picture", "You are number 2 in line.", "strong signs"),
    "ar": ("فحص الصورة", "رقمك في الدور 2.", "آثارًا قوية"),
}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    note = PngInfo()
    note.add_itxt("parameters", SAID)
    path = tmp_path / "picture.png"
    path.write_bytes(drawing.encode(drawing.landscape(1), "PNG", pnginfo=note))
    return path


@pytest.fixture
def before() -> Iterator[list[Place]]:
    """Two who are in line already."""
    places = [Place(settings.CHECK_LINE) for _ in range(2)]
    yield places
    for place in places:
        place.leave()


def sends(page: Page, picture: Path, button: str) -> None:
    page.set_input_files("#id_picture", picture)
    page.set_input_files("#id_original", picture)
    page.locator("#id_adult").check()
    page.get_by_role("button", name=button).click(no_wait_after=True)


@pytest.mark.parametrize("code", WORDS)
def test_the_line_the_steps_and_the_answer_are_seen_on_every_screen(
    db: None,
    chromium: Browser,
    live_server: LiveServer,
    picture: Path,
    before: list[Place],
    code: str,
) -> None:
    button, number, found = WORDS[code]
    context = chromium.new_context(viewport=PHONE, locale="en")
    name = settings.LANGUAGE_COOKIE_NAME
    context.add_cookies([{"name": name, "value": code, "url": live_server.url}])
    visitor = Visitor(context.new_page(), live_server.url)
    visitor.opens("/check/")
    sends(visitor.page, picture, button)
    status = visitor.page.get_by_role("status")
    expect(status.get_by_text(number)).to_be_visible(timeout=LONG)
    assert not visitor.is_wider_than_its_window()
    assert cut_or_covered(visitor) == []
    for place in before:
        place.leave()
    expect(visitor.page.locator(".answer")).to_contain_text(found, timeout=LONG)
    is_good(visitor, widths=(PHONE, WIDE))
    assert cut_or_covered(visitor) == []
    assert visitor.page.locator(".looking").is_hidden(), "the answer takes its place"
    assert code == "en" or english(visitor) == []
    context.close()


def test_without_scripts_only_the_newest_step_is_seen_and_the_way_out_works(
    db: None,
    chromium: Browser,
    live_server: LiveServer,
    picture: Path,
    before: list[Place],
) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en")
    context.route("https://**", lambda route: route.fulfill(body="elsewhere"))
    page = context.new_page()
    page.goto(live_server.url + "/check/")
    sends(page, picture, "Check the picture")
    expect(page.get_by_text("You are number 2 in line.")).to_be_visible(timeout=LONG)
    before[0].leave()
    before[1].moves_up()
    expect(page.get_by_text("You are number 1 in line.")).to_be_visible(timeout=LONG)
    expect(page.get_by_text("You are number 2 in line.")).to_be_hidden()
    page.get_by_role("link", name="Leave this page").click()
    page.get_by_text("elsewhere").wait_for()
    context.close()
    before[1].leave()


def test_three_presses_leave_while_one_waits(
    visitor: Visitor, picture: Path, before: list[Place]
) -> None:
    page = visitor.page
    page.context.route("https://**", lambda route: route.fulfill(body="elsewhere"))
    visitor.opens("/check/")
    sends(page, picture, "Check the picture")
    expect(page.get_by_text("You are number 2 in line.")).to_be_visible(timeout=LONG)
    by_key(page)
    page.get_by_text("elsewhere").wait_for()
