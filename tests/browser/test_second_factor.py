"""The desk's door in a real browser: an app's code, and a security key (a virtual one)."""

import time

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from portal.accounts import second_factor
from portal.accounts.models import User
from tests.browser.conftest import SERIOUS, Visitor, is_good
from tests.conftest import APP_SECRET, WREN_PASSWORD

DEVICE = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": False,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def at_the_door(visitor: Visitor, wren: User) -> Visitor:
    """Wren, at a browser with a security key plugged in. Keys need a name, no number."""
    visitor.url = visitor.url.replace("127.0.0.1", "localhost")
    page = visitor.page
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return visitor


def gives_password(visitor: Visitor) -> None:
    visitor.opens("/desk/login/")
    visitor.page.get_by_label("Name").fill("wren")
    visitor.page.get_by_label("Password").fill(WREN_PASSWORD)
    visitor.page.get_by_role("button", name="Log in").click()
    visitor.page.wait_for_load_state()


def test_a_security_key_is_set_up_and_lets_in(at_the_door: Visitor) -> None:
    page = at_the_door.page
    gives_password(at_the_door)
    is_good(at_the_door, SERIOUS)
    page.get_by_role("link", name="A security key").click()
    is_good(at_the_door, SERIOUS)
    page.get_by_label("What you call it").fill("Blue key")
    page.get_by_role("button", name="Use this key").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    assert page.locator(".codes li").count() == 10
    is_good(at_the_door, SERIOUS)
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("button", name="Log out").click()
    gives_password(at_the_door)
    is_good(at_the_door, SERIOUS)
    page.get_by_role("button", name="Use the security key").click()
    page.get_by_role("link", name="You", exact=True).click()
    page.get_by_text("Blue key").wait_for()
    is_good(at_the_door, SERIOUS)


def test_an_app_is_set_up_from_the_page(at_the_door: Visitor, wren: User) -> None:
    page = at_the_door.page
    gives_password(at_the_door)
    page.get_by_role("link", name="An app on your phone").click()
    page.wait_for_load_state()
    assert page.locator(".qr").evaluate("image => image.naturalWidth") > 50
    is_good(at_the_door, SERIOUS)
    secret = page.locator("code").inner_text()
    page.get_by_label("Code from your app").fill(
        second_factor.code_of(secret, time.time())
    )
    page.get_by_role("button", name="Use this app").click()
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url("**/desk/")


def test_without_scripts_a_code_does(
    chromium: Browser, live_server: LiveServer, wren: User
) -> None:
    second_factor.give_app(wren, APP_SECRET)
    context = chromium.new_context(java_script_enabled=False, locale="en")
    visitor = Visitor(context.new_page(), live_server.url)
    gives_password(visitor)
    code = second_factor.code_of(APP_SECRET, time.time())
    visitor.page.get_by_label("Code from your app").fill(code)
    visitor.page.get_by_role("button", name="Go on").click()
    visitor.page.wait_for_url("**/desk/")
    context.close()
