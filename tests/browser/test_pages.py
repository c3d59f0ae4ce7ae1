"""Every page in a real browser: readable by everybody, quiet, and as wide as a phone."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from portal.accounts.models import User
from portal.cases.models import Case
from portal.cases.receipts import receipt_of
from portal.platforms.models import Platform
from portal.sightings.models import Sighting, Source
from tests.browser.conftest import SERIOUS, Visitor, is_good, keep_session
from tests.conftest import signs_in
from tests.desk.scene import POSTED, a_case, a_copy, a_draft
from tests.intake.opening import enters

Opens = Callable[..., Visitor]


@pytest.fixture
def visits(chromium: Browser, live_server: LiveServer) -> Opens:
    """A visitor with a narrow phone, with or without a client's cookies."""

    def visit(path: str, who: Client | None = None) -> Visitor:
        context = chromium.new_context(
            viewport={"width": 320, "height": 640}, locale="en"
        )
        if who:
            keep_session(context, live_server, who)
        visitor = Visitor(context.new_page(), live_server.url)
        visitor.opens(path)
        visitor.page.wait_for_load_state("networkidle")
        return visitor

    return visit


@pytest.fixture
def case(wren: User, stella: User, chirp: Platform) -> Case:
    case = a_case(details="They know my team.", threatened=True)
    for number, host in enumerate(
        ["chirp.example", "boards.example", "long." * 12 + "x"]
    ):
        when = POSTED + timedelta(days=number)
        a_copy(case, f"/{number}", host=host, account="m" * 60, posted_at=when)
    return case


def test_the_victims_pages_are_good(
    visits: Opens, case: Case, wren: User, client: Client
) -> None:
    a_draft(case.sightings.get(host="chirp.example"), wren)
    receipt = receipt_of("amina")
    assert receipt
    assert enters(client, receipt.passphrase or "") == 302
    for path in ["/case/status/", "/case/withdraw/"]:
        is_good(visits(path, client))


def test_the_desks_pages_are_good(
    visits: Opens, case: Case, wren: User, stella: User, client: Client
) -> None:
    notice = a_draft(case.sightings.get(host="chirp.example"), wren)
    Source.objects.create(
        kind="site", name="gallery", config={}, purpose="test", enabled=True
    )
    signs_in(client, stella)
    confirmed, waiting = notice.sighting_id, case.sightings.latest("pk").pk
    for path in [
        "",
        f"cases/{case.pk}/",
        f"sightings/{confirmed}/",
        f"sightings/{waiting}/",
        f"sightings/{confirmed}/notice/",
        f"sightings/{confirmed}/look/",
        f"sightings/{confirmed}/forensic/",
        f"notices/{notice.pk}/",
        "sources/",
        "sources/new/",
        "me/",
        "me/key/",
        "me/password/",
        "staff/",
        "staff/hire/",
    ]:
        is_good(visits(f"/desk/{path}", client), SERIOUS)
    is_good(visits("/desk/login/"), SERIOUS)


def test_the_chart_is_drawn_without_breaking_the_policy(
    visits: Opens, case: Case, wren: User, client: Client
) -> None:
    signs_in(client, wren)
    desk = visits(f"/desk/cases/{case.pk}/", who=client)
    chart = desk.page.locator("#spread canvas")
    chart.wait_for()
    chart.scroll_into_view_if_needed()
    chart.hover()
    assert desk.complaints == []
    assert desk.page.locator("table tbody tr").count() == Sighting.objects.count()
