"""A victim at a browser: from the first page to the open case, with and without scripts."""

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from portal.cases.models import Case
from tests.browser.conftest import Visitor, keep_session
from tests.intake.opening import an_open_case

pytestmark = pytest.mark.usefixtures("transactional_db")


def sends_an_address(page: Page, url: str) -> str:
    """The shortest report; returns its words."""
    page.goto(f"{url}/report/what/")
    page.get_by_role("button", name="Next").click()
    page.fill("#id_urls", "https://chirp.example/1")
    page.get_by_role("button", name="Next").click()
    page.get_by_text("Go to the last step").click()
    page.get_by_role("button", name="Send the report").click()
    return page.locator("#passphrase").inner_text()


def test_a_case_is_opened_with_its_words_and_stopped(
    page: Page, live_server: LiveServer, bells: None
) -> None:
    words = sends_an_address(page, live_server.url)
    assert len(words.split()) == 8

    page.goto(f"{live_server.url}/case/")
    page.fill("#id_passphrase", words)
    page.get_by_role("button", name="Open").click()
    page.get_by_text("We received your report.").wait_for()
    page.goto(f"{live_server.url}/case/consents/")
    page.get_by_role("button", name="Allow: Look for copies").click()
    page.get_by_role("button", name="Stop: Look for copies").wait_for()
    page.goto(f"{live_server.url}/case/status/")
    page.get_by_text("Stop everything").click()
    page.get_by_role("button", name="Yes, stop everything").click()
    page.get_by_text("This case is withdrawn").wait_for()
    assert Case.objects.get().is_withdrawn


def test_loading_the_receipt_again_shows_the_same_words(visitor: Visitor) -> None:
    words = sends_an_address(visitor.page, visitor.url)
    visitor.page.reload()
    assert visitor.page.locator("#passphrase").inner_text() == words
    assert Case.objects.count() == 1
    assert visitor.axe() == []


def test_the_words_can_be_copied(visitor: Visitor) -> None:
    origin = visitor.url
    visitor.page.context.grant_permissions(["clipboard-write"], origin=origin)
    words = sends_an_address(visitor.page, visitor.url)
    visitor.page.get_by_role("button", name="Copy").click()
    visitor.page.get_by_text("Copied", exact=True).wait_for()
    # No page of ours may read the clipboard: it is pasted, as a person does.
    visitor.page.get_by_role("button", name="I wrote them down").click()
    visitor.page.locator("[name=word]").first.focus()
    visitor.page.keyboard.press("Control+V")
    assert visitor.page.locator("[name=word]").first.input_value() == words


@pytest.mark.parametrize("scripts", [True, False])
def test_leaving_shows_another_site_and_closes_the_case(
    chromium: Browser, live_server: LiveServer, client: Client, *, scripts: bool
) -> None:
    case = an_open_case(client)
    context = chromium.new_context(java_script_enabled=scripts, locale="en")
    keep_session(context, live_server, client)
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
