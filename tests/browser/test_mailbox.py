"""The receipt and the mailbox in a real browser: with scripts and without, small and wide."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from portal.accounts.models import User
from portal.cases import actions, messaging
from portal.cases.models import Consent
from portal.intake import pressure
from tests.browser.conftest import Visitor, by_key, by_link, is_good
from tests.intake.opening import a_case

pytestmark = pytest.mark.usefixtures("transactional_db", "bells")
WIDTHS: tuple[ViewportSize, ...] = (
    {"width": 360, "height": 760},
    {"width": 1280, "height": 760},
)
PAGES = [
    "status",
    "messages",
    "letter",
    "more",
    "upload",
    "original",
    "consents",
    "reach",
]


def reports(page: Page, url: str) -> str:
    """The shortest honest report; returns the words that it shows."""
    page.goto(f"{url}/report/")
    page.get_by_text("Everybody is 18 or over, and was then").click()
    page.get_by_role("button", name="Next").click()
    page.fill("#id_urls", "https://chirp.example/1")
    page.get_by_role("button", name="Next").click()
    page.goto(f"{url}/report/review/")
    page.get_by_role("button", name="Send the report").click()
    return page.locator("#passphrase").inner_text()


def types_back(page: Page, words: str) -> None:
    page.locator("[name=word]").first.wait_for()
    for place, word in enumerate(words.split(), 1):
        field = page.get_by_label(f"Word number {place}", exact=True)
        if field.count():
            field.fill(word)
    page.get_by_role("button", name="Check").click()


def enters(page: Page, url: str, words: str) -> None:
    page.goto(f"{url}/case/")
    page.fill("#id_passphrase", words)
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_role("heading", level=1).wait_for()


def test_the_words_are_shown_saved_typed_back_and_then_open_the_case(
    page: Page, live_server: LiveServer
) -> None:
    words = reports(page, live_server.url)
    assert len(words.split()) == 8
    page.get_by_text("Save them as a file").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="A shopping list").click()
    assert saved.value.suggested_filename == "shopping.txt"
    page.get_by_role("button", name="I wrote them down").click()
    types_back(page, "wrong " * 8)
    expect(page.locator("#passphrase")).to_have_text(words)
    types_back(page, words)
    page.get_by_text("You have your key").wait_for()
    page.get_by_role("link", name="Open my case").click()
    enters(page, live_server.url, words)
    page.get_by_text("We received your report.").wait_for()


@pytest.mark.parametrize("leaves", [by_link, by_key], ids=["link", "three times Esc"])
def test_leaving_before_the_words_are_typed_back_asks_kindly_except_when_in_danger(
    visitor: Visitor, leaves: Callable[[Page], None]
) -> None:
    asked: list[str] = []

    def stays(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    visitor.page.on("dialog", stays)
    visitor.page.route("https://**", lambda route: route.fulfill(body="elsewhere"))
    reports(visitor.page, visitor.url)
    visitor.page.get_by_role("link", name="Advice").click()
    visitor.page.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert visitor.page.locator("#passphrase").is_visible()
    assert visitor.axe() == []
    leaves(visitor.page)
    visitor.page.get_by_text("elsewhere").wait_for()
    assert asked == ["beforeunload"], "who must leave at once is never asked"


def test_a_printed_receipt_holds_the_words_and_little_else(visitor: Visitor) -> None:
    words = reports(visitor.page, visitor.url)
    visitor.page.emulate_media(media="print")
    visitor.page.locator("h1").wait_for(state="hidden")
    seen = visitor.page.locator("body").inner_text()
    assert " ".join(seen.split()) == words


def test_in_a_flood_the_page_does_the_work_and_the_case_opens(
    visitor: Visitor,
) -> None:
    _, words = a_case()
    for _ in range(100):
        pressure.failed()
    assert pressure.is_high()
    enters(visitor.page, visitor.url, words)
    visitor.page.get_by_text("We received your report.").wait_for()
    assert visitor.complaints == []


def test_the_pages_of_the_mailbox_are_good(visitor: Visitor, wren: User) -> None:
    case, words = a_case()
    messaging.send_message(case, "Is anybody there?")
    messaging.send_message(case, "Yes.\nWe found two copies.", written_by=wren)
    actions.give_consent(case, Consent.Kind.NOTICES, ["ugc"])
    actions.revoke_consent(case, Consent.Kind.NOTICES)
    enters(visitor.page, visitor.url, words)
    for name in PAGES:
        visitor.opens(f"/case/{name}/")
        is_good(visitor, widths=WIDTHS)
    visitor.opens("/case/upload/")
    assert visitor.page.locator("input[type=file]").count() == 0
    visitor.page.check("#id_adult")
    visitor.page.check("#id_keep")
    visitor.page.get_by_role("button", name="Go on").click()
    visitor.page.locator("input[type=file]").wait_for()
    is_good(visitor, widths=WIDTHS)
