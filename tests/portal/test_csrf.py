"""Our forms under `Referrer-Policy: no-referrer`, and everybody else's forms."""

import re

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
OURS = "http://testserver"
OURS_SECURE = "https://testserver"


class Browser:
    """A browser with a form of ours open."""

    def __init__(self, url: str, *, secure: bool = False) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.url, self.secure = url, secure
        page = self.client.get(url, secure=secure).content.decode()
        found = TOKEN.search(page)
        assert found
        self.token = found[1]

    def sends(self, **headers: str) -> int:
        """Send the form with these headers; what we answer."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        form = {"csrfmiddlewaretoken": self.token, "passphrase": "no such words"}
        answer = self.client.post(self.url, form, secure=self.secure, headers=sent)
        return answer.status_code


@pytest.fixture
def browser() -> Browser:
    return Browser(reverse("intake:case"))


@pytest.fixture
def secure_browser() -> Browser:
    return Browser(reverse("intake:case"), secure=True)


def test_our_own_form_is_taken_although_its_origin_is_null(browser: Browser) -> None:
    assert browser.sends(Origin="null", Sec_Fetch_Site="same-origin") == 200


def test_a_browser_too_old_to_say_where_it_comes_from_is_taken(
    browser: Browser,
) -> None:
    assert browser.sends(Origin="null") == 200


@pytest.mark.parametrize(
    "site", ["cross-site", "same-site", "none", "", "SAME-ORIGIN", "same-origin, x"]
)
def test_a_null_from_anywhere_else_is_refused(browser: Browser, site: str) -> None:
    assert browser.sends(Origin="null", Sec_Fetch_Site=site) == 403


@pytest.mark.parametrize("origin", [OURS, None])
def test_what_django_takes_is_taken(browser: Browser, origin: str | None) -> None:
    assert browser.sends(**({"Origin": origin} if origin else {})) == 200


@pytest.mark.parametrize(
    "origin", ["http://mallory.example", OURS_SECURE, "NULL", "", "http://["]
)
def test_a_foreign_origin_is_refused_whatever_else_is_said(
    browser: Browser, origin: str
) -> None:
    assert browser.sends(Origin=origin, Sec_Fetch_Site="same-origin") == 403


def test_a_null_does_not_stand_in_for_the_token(browser: Browser) -> None:
    browser.token = "x" * 64
    assert browser.sends(Origin="null", Sec_Fetch_Site="same-origin") == 403
    assert browser.sends(Origin="null") == 403


def test_a_null_does_not_stand_in_for_the_cookie(browser: Browser) -> None:
    browser.client.cookies.clear()  # what SameSite=Strict makes of another site's form
    assert browser.sends(Origin="null") == 403
    assert browser.sends(Origin="null", Sec_Fetch_Site="same-origin") == 403


def test_over_https_our_own_form_is_taken(secure_browser: Browser) -> None:
    assert secure_browser.sends(Origin="null", Sec_Fetch_Site="same-origin") == 200
    assert secure_browser.sends(Origin="null") == 200
    assert secure_browser.sends(Origin=OURS_SECURE) == 200


def test_over_https_a_form_sent_from_http_is_refused(secure_browser: Browser) -> None:
    # A network in the middle can plant a page there; the browser calls that cross-site.
    assert secure_browser.sends(Origin=OURS) == 403
    assert secure_browser.sends(Origin="null", Sec_Fetch_Site="cross-site") == 403


def test_over_https_a_form_without_origin_needs_our_referer(
    secure_browser: Browser,
) -> None:
    assert secure_browser.sends() == 403
    assert secure_browser.sends(Sec_Fetch_Site="same-origin") == 403
    assert secure_browser.sends(Referer="https://mallory.example/") == 403
    assert secure_browser.sends(Referer=f"{OURS}/case/") == 403
    assert secure_browser.sends(Referer=f"{OURS_SECURE}/case/") == 200


def test_a_good_referer_does_not_excuse_a_foreign_null(secure_browser: Browser) -> None:
    ours = f"{OURS_SECURE}/case/"
    told = secure_browser.sends(
        Origin="null", Sec_Fetch_Site="cross-site", Referer=ours
    )
    assert told == 403


def test_the_desks_door_which_is_checked_twice_opens_too() -> None:
    desk = Browser(reverse("desk:login"))
    assert desk.sends(Origin="null", Sec_Fetch_Site="same-origin") == 200
    assert desk.sends(Origin="null", Sec_Fetch_Site="cross-site") == 403
