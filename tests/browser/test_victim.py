"""A victim at a browser: from the first page to the open case, with and without scripts."""

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, FilePayload, Page
from pytest_django.live_server_helper import LiveServer

from portal.cases.models import Case
from portal.celery import app
from tests.browser.conftest import Visitor, keep_session
from tests.desk.scene import a_case, picture

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def bells() -> Iterator[None]:
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(
    request: pytest.FixtureRequest, chromium: Browser, live_server: LiveServer
) -> Page:
    context = chromium.new_context(java_script_enabled=request.param, locale="en")
    return context.new_page()


def test_a_report_is_sent_and_its_case_opened(
    page: Page, live_server: LiveServer, bells: None
) -> None:
    page.goto(live_server.url)
    page.get_by_text("I want to report").click()
    page.get_by_text("No, everybody is 18 or over").click()
    page.get_by_label("Everybody in the picture was 18 or over").check()
    photo = FilePayload(name="p.jpg", mimeType="image/jpeg", buffer=picture())
    page.set_input_files("#id_pictures", [photo])
    page.get_by_label("Look for copies").check()
    page.get_by_role("button", name="Send the report").click()
    words = page.locator("#passphrase").inner_text()
    assert len(words.split()) == 8

    page.get_by_text("I wrote it down. Let me try it").click()
    page.fill("#id_passphrase", words)
    page.get_by_role("button", name="Open").click()
    page.get_by_text("We read your picture and now watch for copies of it.").wait_for()
    page.get_by_role("button", name="Stop: Look for copies").click()
    page.get_by_role("button", name="Allow: Look for copies").wait_for()
    page.get_by_text("Stop everything").click()
    page.get_by_role("button", name="Yes, stop everything").click()
    page.get_by_text("This case is withdrawn").wait_for()
    assert Case.objects.get().is_withdrawn


def test_loading_the_receipt_again_shows_the_same_words(visitor: Visitor) -> None:
    visitor.opens("/report/adult/")
    visitor.page.check("#id_adult")
    visitor.page.fill("#id_urls", "https://chirp.example/1")
    visitor.page.get_by_role("button", name="Send the report").click()
    words = visitor.page.locator("#passphrase").inner_text()
    visitor.page.reload()
    assert visitor.page.locator("#passphrase").inner_text() == words
    assert Case.objects.count() == 1
    assert visitor.axe() == []


def test_the_words_can_be_copied(visitor: Visitor) -> None:
    origin = visitor.url
    visitor.page.context.grant_permissions(["clipboard-write"], origin=origin)
    visitor.opens("/report/adult/")
    visitor.page.check("#id_adult")
    visitor.page.fill("#id_urls", "https://chirp.example/1")
    visitor.page.get_by_role("button", name="Send the report").click()
    visitor.page.get_by_role("button", name="Copy").click()
    visitor.page.get_by_text("Copied", exact=True).wait_for()
    words = visitor.page.locator("#passphrase").inner_text()
    # No page of ours may read the clipboard: it is pasted, as a person does.
    visitor.page.get_by_text("I wrote it down. Let me try it").click()
    visitor.page.focus("#id_passphrase")
    visitor.page.keyboard.press("Control+V")
    assert visitor.page.input_value("#id_passphrase") == words


def test_too_many_pictures_are_told_before_they_are_sent(visitor: Visitor) -> None:
    visitor.opens("/report/adult/")
    photo = FilePayload(name="p.jpg", mimeType="image/jpeg", buffer=b"x")
    visitor.page.set_input_files("#id_pictures", [photo] * 11)
    visitor.page.locator("#too-much").wait_for()
    visitor.page.get_by_role("button", name="Send the report").click()
    assert visitor.page.locator("#id_pictures").evaluate(
        "e => e === document.activeElement"
    )
    visitor.page.set_input_files("#id_pictures", [photo])
    assert visitor.page.locator("#too-much").is_hidden()


def test_a_mistake_is_found_by_its_link_and_read_out(visitor: Visitor) -> None:
    visitor.opens("/report/adult/")
    visitor.page.fill("#id_urls", "ftp://chirp.example/1")
    visitor.page.get_by_role("button", name="Send the report").click()
    visitor.page.get_by_role("alert").get_by_text("Line 1").click()
    assert visitor.page.url.endswith("#id_urls")
    assert visitor.axe() == []


@pytest.mark.parametrize("scripts", [True, False])
def test_leaving_shows_another_site_and_closes_the_case(
    chromium: Browser, live_server: LiveServer, client: Client, *, scripts: bool
) -> None:
    case = a_case()
    session = client.session
    session["case"] = case.pk
    session.save()
    context = chromium.new_context(java_script_enabled=scripts, locale="en")
    keep_session(context, live_server, session.session_key or "")
    context.route("https://**", lambda route: route.fulfill(body="elsewhere"))
    page = context.new_page()
    page.goto(live_server.url)
    page.goto(f"{live_server.url}/case/status/")
    page.get_by_text("Leave this page", exact=True).click()
    page.get_by_text("elsewhere").wait_for()
    page.go_back()
    assert case.reference not in page.content()
    if scripts:
        assert page.url == f"{live_server.url}/", (
            "the case's page is not in the history"
        )
    page.goto(f"{live_server.url}/case/status/")
    assert page.url == f"{live_server.url}/case/"


def test_the_page_for_minors_offers_no_control_at_all(visitor: Visitor) -> None:
    visitor.opens("/report/")
    visitor.page.get_by_text("Yes, or I am not sure").click()
    visitor.page.get_by_role("heading", level=1).wait_for()
    assert visitor.page.locator("input, button, textarea, form").count() == 0


def test_everything_can_be_reached_by_keyboard(visitor: Visitor) -> None:
    visitor.opens("/")
    reached = []
    for _ in range(6):
        visitor.page.keyboard.press("Tab")
        reached.append(
            visitor.page.evaluate("document.activeElement.textContent.trim()")
        )
    assert reached[0] == "Skip to the text"
    assert reached[2] == "Leave this page"
    assert any(text.startswith("I want to report") for text in reached)
