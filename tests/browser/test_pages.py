"""Every page in a real browser: readable by everybody, quiet, and as wide as a phone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from portal.accounts.models import User
from portal.cases.models import Case
from portal.notices.models import Notice
from portal.platforms.models import Platform
from portal.sightings.models import Sighting, Source
from tests.browser.conftest import Visitor, keep_session
from tests.conftest import signs_in
from tests.desk.scene import POSTED, a_case, a_copy, a_draft

OPEN = ["/", "/report/", "/case/", "/languages/"]  # the report: test_report.py
SCHEMES = ["light", "dark"]
Opens = Callable[..., Visitor]


@pytest.fixture
def visits(chromium: Browser, live_server: LiveServer) -> Opens:
    """A visitor with a narrow phone, in light or dark, with or without a session."""

    def visit(
        path: str, scheme: str = "light", session: str = "", desk_key: str = ""
    ) -> Visitor:
        context = chromium.new_context(
            viewport={"width": 320, "height": 640},
            color_scheme="dark" if scheme == "dark" else "light",
            locale="en",
        )
        if session:
            keep_session(context, live_server, session, desk_key)
        visitor = Visitor(context.new_page(), live_server.url)
        visitor.opens(path)
        visitor.page.wait_for_load_state("networkidle")
        return visitor

    return visit


@pytest.fixture
def case(chirp: Platform) -> Case:
    case = a_case(details="They know my team.", threatened=True)
    for number, host in enumerate(
        ["chirp.example", "boards.example", "long." * 12 + "x"]
    ):
        when = POSTED + timedelta(days=number)
        a_copy(case, f"/{number}", host=host, account="m" * 60, posted_at=when)
    return case


def is_good(visitor: Visitor) -> None:
    assert visitor.axe() == []
    assert visitor.complaints == []
    assert visitor.strangers == []
    assert not visitor.is_wider_than_its_window()
    assert visitor.small_targets() == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("path", OPEN)
def test_an_open_page_is_good(visits: Opens, db: None, path: str, scheme: str) -> None:
    is_good(visits(path, scheme))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_victims_pages_are_good(
    visits: Opens, case: Case, wren: User, client: Client, scheme: str
) -> None:
    a_draft(case.sightings.get(host="chirp.example"), wren)
    session = client.session
    session["case"] = case.pk
    session.save()
    for path in ["/case/status/", "/case/withdraw/"]:
        is_good(visits(path, scheme, session.session_key or ""))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_desks_pages_are_good(
    visits: Opens, case: Case, wren: User, stella: User, client: Client, scheme: str
) -> None:
    notice = a_draft(case.sightings.get(host="chirp.example"), wren)
    Source.objects.create(
        kind="site", name="gallery", config={}, purpose="test", enabled=True
    )
    signs_in(client, stella)
    session, key = (client.cookies[name].value for name in ("sessionid", "desk_key"))
    confirmed, waiting = notice.sighting_id, case.sightings.latest("pk").pk
    for path in [
        "",
        f"cases/{case.pk}/",
        f"sightings/{confirmed}/",
        f"sightings/{waiting}/",
        f"sightings/{confirmed}/notice/",
        f"sightings/{confirmed}/look/",
        f"notices/{notice.pk}/",
        "sources/",
        "sources/new/",
        "me/",
        "me/key/",
        "me/password/",
        "staff/",
        "staff/hire/",
    ]:
        is_good(visits(f"/desk/{path}", scheme, session, key))
    is_good(visits("/desk/login/", scheme))


def test_the_chart_is_drawn_without_breaking_the_policy(
    visits: Opens, case: Case, wren: User, client: Client
) -> None:
    signs_in(client, wren)
    desk = visits(f"/desk/cases/{case.pk}/", session=client.cookies["sessionid"].value)
    chart = desk.page.locator("#spread canvas")
    chart.wait_for()
    chart.scroll_into_view_if_needed()
    chart.hover()
    assert desk.complaints == []
    assert desk.page.locator("table tbody tr").count() == Sighting.objects.count()


def test_a_picture_is_hidden_until_asked_for(
    visits: Opens, case: Case, wren: User, client: Client
) -> None:
    signs_in(client, wren)
    session, key = (client.cookies[name].value for name in ("sessionid", "desk_key"))
    sighting = case.sightings.get(host="chirp.example")
    desk = visits(f"/desk/sightings/{sighting.pk}/look/", "light", session, key)
    desk.page.fill("#id_reason", "to compare")
    desk.page.get_by_role("button", name="Open it").click()
    shown = desk.page.locator(".look img")
    shown.wait_for()

    def looks() -> str:
        style: str = shown.evaluate("image => getComputedStyle(image).filter")
        return style

    assert looks() == "blur(24px) grayscale(1)"
    desk.page.check("#sharp")
    assert looks() == "grayscale(1)"
    desk.page.check("#colour")
    assert looks() == "none"
    is_good(desk)
    assert not Notice.objects.exists()
