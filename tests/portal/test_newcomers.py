"""Somebody who only looks leaves nothing on their device, and nothing with us."""

import re

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from tests.portal.pages import Page, Route, crawl, faces

pytestmark = pytest.mark.django_db


def has_a_form(html: str) -> bool:
    """Whether a page holds a form whose sending needs the one cookie."""
    return bool(re.search(r'name="csrfmiddlewaretoken"', html))


@pytest.mark.parametrize("route", faces(), ids=lambda route: route.path)
def test_looking_sets_no_cookie_but_the_one_that_a_form_needs(route: Route) -> None:
    client = Client()
    answer = client.get(route.path)
    needed = has_a_form(answer.content.decode())
    # Deleting one that may be there, on the way out, is no setting.
    kept = {name for name, cookie in client.cookies.items() if cookie.value}
    assert kept == ({settings.CSRF_COOKIE_NAME} if needed else set())


def test_the_first_page_and_the_advice_need_none() -> None:
    for path in ("/", "/guide/", "/transparency/"):
        client = Client()
        assert client.get(path).status_code == 200
        assert not client.cookies


def test_looking_at_everything_makes_no_session(
    newcomers_pages: dict[str, Page],
) -> None:
    assert len(newcomers_pages) >= len({"/", "/report/", "/case/", "/guide/"})
    assert not Session.objects.exists()


def test_every_cookie_goes_with_the_window_and_is_read_by_no_script(
    victim: Client,
) -> None:
    crawl(victim)
    assert victim.cookies
    for cookie in victim.cookies.values():
        assert (cookie["max-age"], cookie["expires"]) == ("", "")
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
        assert not cookie["domain"]
