"""A victim files a report in a real browser: on a narrow phone, with and without scripts."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, FilePayload, Page
from pytest_django.live_server_helper import LiveServer

from portal.cases.models import Case, Draft, Exhibit
from portal.platforms.models import Platform
from tests.browser.conftest import Visitor, is_good
from tests.desk.scene import picture

pytestmark = pytest.mark.usefixtures("transactional_db")
PHOTO = FilePayload(name="p.jpg", mimeType="image/jpeg", buffer=picture())
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["js", "no-js"])
Phone = Callable[..., Visitor]


@pytest.fixture
def phone(chromium: Browser, live_server: LiveServer) -> Phone:
    def take(*, scripts: bool = True) -> Visitor:
        context = chromium.new_context(
            viewport={"width": 320, "height": 640},
            java_script_enabled=scripts,
            locale="en",
        )
        return Visitor(context.new_page(), live_server.url)

    return take


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def begins(visitor: Visitor) -> Page:
    """From the first page over the age question to the first step."""
    visitor.opens("/")
    visitor.page.get_by_text("I want to report").click()
    visitor.page.wait_for_load_state()
    assert visitor.page.locator("input[type=file]").count() == 0
    visitor.page.get_by_text("Everybody is 18 or over, and was then").click()
    visitor.page.get_by_role("heading", name="What happened?").wait_for()
    return visitor.page


@SCRIPTS
def test_the_shortest_report_takes_few_taps(phone: Phone, *, scripts: bool) -> None:
    began = time.monotonic()
    page = begins(visitor := phone(scripts=scripts))
    press(page, "Next")
    page.fill("#id_urls", "chirp.example/1")
    press(page, "Next")
    page.get_by_text("Web page on chirp.example").wait_for()
    page.get_by_text("Go to the last step").click()
    press(page, "Send the report")
    assert len(page.locator("#passphrase").inner_text().split()) == 8
    assert Case.objects.get().reports.get().urls.get().url == "https://chirp.example/1"
    assert time.monotonic() - began < 60, "of three minutes, a machine needs seconds"
    assert visitor.strangers == []
    assert visitor.complaints == []


def test_a_picture_stays_on_the_phone_and_is_watched_for(
    phone: Phone, bells: None
) -> None:
    page = begins(visitor := phone())
    sent: list[bytes] = []
    page.on("request", lambda request: sent.append(request.post_data_buffer or b""))
    press(page, "Next")
    press(page, "Next")
    page.set_input_files("#id_choose", [PHOTO])
    page.get_by_text("Ready: 1 of 1.").wait_for()
    press(page, "Next")
    press(page, "Next")
    page.get_by_label("Look for copies").check()
    page.get_by_text("Go to the last step").click()
    page.get_by_text("The code of 1 picture or video").wait_for()
    press(page, "Send the report")
    page.locator("#passphrase").wait_for()
    assert max(map(len, sent)) < 16_000
    assert not any(picture()[500:540] in body for body in sent)
    assert Exhibit.objects.get().state == Exhibit.State.HASHED
    assert visitor.complaints == []


def test_a_chosen_picture_is_still_chosen_after_going_back(phone: Phone) -> None:
    page = begins(phone())
    press(page, "Next")
    press(page, "Next")
    page.set_input_files("#id_choose", [PHOTO])
    page.get_by_text("Ready: 1 of 1.").wait_for()
    press(page, "Next")
    press(page, "Back")
    page.get_by_text("Chosen before").wait_for()


@SCRIPTS
def test_a_report_is_left_and_come_back_to(phone: Phone, *, scripts: bool) -> None:
    page = begins(phone(scripts=scripts))
    page.get_by_label("A face was put").check()
    press(page, "Stop here and come back later")
    press(page, "Give me words to come back")
    words = page.locator("#passphrase").inner_text()
    press(page, "I wrote them down. Close it on this device")
    page.get_by_text("It is closed on this device").wait_for()

    other = phone(scripts=scripts)
    other.opens("/report/")
    other.page.get_by_text("words to come back").click()
    other.page.fill("#id_passphrase", words)
    press(other.page, "Go on")
    other.page.get_by_text("A face was put on another body").wait_for()


def test_leaving_fast_takes_the_report_along(phone: Phone) -> None:
    page = begins(visitor := phone())
    press(page, "Next")
    page.context.route("https://**", lambda route: route.fulfill(body="elsewhere"))
    page.get_by_text("Leave this page", exact=True).click()
    page.get_by_text("elsewhere").wait_for()
    assert not [c for c in page.context.cookies() if c["name"] == "draft"]
    page.goto(f"{visitor.url}/report/where/")
    assert page.url == f"{visitor.url}/report/"


@SCRIPTS
def test_a_minor_meets_no_control_at_all(phone: Phone, *, scripts: bool) -> None:
    page = (visitor := phone(scripts=scripts)).page
    for answer in ["I am under 18", "Somebody in the picture was under 18"]:
        visitor.opens("/report/")
        page.get_by_text(answer, exact=True).click()
        page.get_by_role("heading", level=1).wait_for()
        page.get_by_role("link", name="South Korea").click()
        page.get_by_text("You chose: South Korea.").wait_for()
        page.wait_for_load_state()
        assert page.locator("input, button, textarea, select, form").count() == 0
    assert not page.context.cookies()
    assert visitor.strangers == []
    assert not Draft.objects.exists()


def test_what_is_not_needed_waits_until_it_is(phone: Phone) -> None:
    page = begins(visitor := phone())
    press(page, "Next")
    visitor.opens("/report/fears/")
    help_card = page.get_by_text("We are glad that you told us")
    assert help_card.is_hidden()
    page.get_by_label("Thoughts of self-harm").check()
    assert help_card.is_visible()
    visitor.opens("/report/reach/")
    assert page.get_by_label("When is it safe?").is_hidden()
    page.get_by_label("A phone call").check()
    assert page.get_by_label("When is it safe?").is_visible()


def test_a_mistake_is_found_by_its_link_and_read_out(phone: Phone) -> None:
    page = begins(visitor := phone())
    press(page, "Next")
    page.fill("#id_urls", "ftp://chirp.example/1")
    press(page, "Next")
    page.get_by_role("alert").get_by_text("Line 1").click()
    page.wait_for_url(re.compile(r"#id_urls$"))
    assert visitor.axe() == []


def test_every_page_of_the_report_is_good(phone: Phone, chirp: Platform) -> None:
    visitor = phone()
    page = begins(visitor)
    page.get_by_label("A face was put").check()
    press(page, "Next")
    page.fill(
        "#id_urls", f"https://{'long.' * 30}example/1\n@channel\ncom.example.app2"
    )
    press(page, "Next")
    is_good(visitor)
    visitor.opens("/report/fears/")
    page.get_by_label("Thoughts of self-harm").check()
    page.fill("#id_details", "w" * 300)
    press(page, "Next")
    page.locator("summary").first.click()
    is_good(visitor)
    for path in ["/report/review/", "/report/young/?country=GB"]:
        visitor.opens(path)
        is_good(visitor)
    visitor.opens("/report/stop/")
    press(page, "Give me words to come back")
    is_good(visitor)
    press(page, "I wrote them down. Close it on this device")
    is_good(visitor)
