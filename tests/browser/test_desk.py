"""The desk in a real browser: what a worker sees comes from the server as they chose it."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from portal.accounts.actions import reset_password
from portal.accounts.models import User
from portal.cases.messaging import send_message
from portal.cases.models import Case
from portal.platforms.models import Platform
from portal.sightings.freezing import freeze
from portal.sightings.models import Sighting
from tests.browser.conftest import SERIOUS, Visitor, is_good, keep_session
from tests.conftest import signs_in
from tests.desk.scene import a_case, a_copy

Opens = Callable[..., Visitor]


@pytest.fixture
def at_desk(
    chromium: Browser, live_server: LiveServer, client: Client
) -> Iterator[Opens]:
    """Somebody of the staff at a narrow window, logged in, with their key unlocked."""
    contexts = []

    def visit(user: User, path: str) -> Visitor:
        signs_in(client, user)
        context = chromium.new_context(
            viewport={"width": 390, "height": 844}, locale="en"
        )
        contexts.append(context)
        keep_session(context, live_server, client)
        visitor = Visitor(context.new_page(), live_server.url)
        visitor.opens(f"/desk/{path}")
        visitor.page.wait_for_load_state("networkidle")
        return visitor

    yield visit
    for context in contexts:
        context.close()


@pytest.fixture
def case(wren: User, stella: User, chirp: Platform) -> Case:
    case = a_case(
        threatened=True,
        contact='{"channel": "email", "address": "amina@mail.example"}',
        kinds=["face_swap", "threat"],
        fears=["money", "school_shown"],
    )
    a_copy(case)
    send_message(case, "They wrote again. I do not know what to do.")
    return case


def test_the_pages_of_care_are_good(
    at_desk: Opens, case: Case, wren: User, stella: User
) -> None:
    reset_password(wren, "another long password", by="operator")
    for path in [
        "",
        f"cases/{case.pk}/",
        f"cases/{case.pk}/messages/",
        f"cases/{case.pk}/contact/",
        f"cases/{case.pk}/freeze/",
        f"cases/{case.pk}/exclude/",
        "me/looks/",
        "staff/looks/",
    ]:
        is_good(at_desk(stella, path), SERIOUS)
    User.objects.filter(pk=stella.pk).update(exposure_budget=0)
    pause = at_desk(stella, f"exhibits/{case.exhibits.get().pk}/look/")
    pause.page.fill("#id_reason", "to compare")
    pause.page.get_by_role("button", name="Open it").click()
    expect(pause.page.get_by_role("heading", name="Time for a break")).to_be_visible()
    is_good(pause, SERIOUS)
    freeze(case, stella, "the uniform")
    is_good(at_desk(stella, f"cases/{case.pk}/"), SERIOUS)


def test_clear_pixels_reach_the_browser_only_where_they_were_asked_for(
    at_desk: Opens, case: Case, wren: User
) -> None:
    desk = at_desk(wren, f"sightings/{Sighting.objects.get().pk}/look/")
    desk.page.fill("#id_reason", "to compare")
    desk.page.get_by_role("button", name="Open it").click()
    desk.page.locator("img.look").wait_for()
    blurred = edges(desk)
    is_good(desk, SERIOUS)
    desk.page.get_by_text("See it more clearly").click()
    desk.page.fill("#id_reason", "the watermark")
    is_good(desk, SERIOUS)
    desk.page.get_by_role("button", name="As it is").click()
    desk.page.get_by_text("2 of 40 today").wait_for()
    desk.page.wait_for_load_state()
    assert edges(desk) > 3 * blurred


def test_why_a_copy_matches_is_seen_side_by_side_on_a_phone_and_on_a_desk(
    at_desk: Opens, case: Case, wren: User
) -> None:
    phone, screen = (
        ViewportSize(width=360, height=740),
        ViewportSize(width=1280, height=800),
    )
    widths = (phone, screen)
    path = f"sightings/{Sighting.objects.get().pk}/"
    desk = at_desk(wren, path)
    assert desk.page.locator(".sides svg .outline").count() == 2
    is_good(desk, SERIOUS, widths)
    desk.page.get_by_role("link", name="Look side by side").click()
    desk.page.fill("#id_reason", "to compare")
    desk.page.get_by_role("button", name="Open it").click()
    desk.page.get_by_text("2 of 40 today").wait_for()
    is_good(desk, SERIOUS, widths)
    drawn = desk.page.locator(".sides svg")
    assert drawn.locator("image").count() == 2
    copy, reported = (drawn.nth(n).bounding_box() for n in (0, 1))
    assert copy is not None
    assert reported is not None
    assert copy["x"] + copy["width"] < reported["x"], "side by side"
    for n in (0, 1):
        picture = drawn.nth(n).locator("image").bounding_box()
        outline = drawn.nth(n).locator(".outline").bounding_box()
        assert picture is not None
        assert outline is not None
        for edge in ("x", "y", "width", "height"):
            assert abs(picture[edge] - outline[edge]) <= 4, "the whole is outlined"


def test_letters_are_read_and_answered(at_desk: Opens, case: Case, wren: User) -> None:
    desk = at_desk(wren, f"cases/{case.pk}/messages/")
    desk.page.get_by_role("button", name="Open the messages").click()
    desk.page.get_by_text("They wrote again.").wait_for()
    desk.page.get_by_label("Write to the victim").fill("Do not pay. We are on it.")
    is_good(desk, SERIOUS)
    desk.page.get_by_role("button", name="Seal and send").click()
    desk.page.get_by_text("Sealed and sent").wait_for()
    assert case.messages.count() == 2


def edges(visitor: Visitor) -> float:
    """How much neighbouring pixels of the shown picture differ, as the browser has them."""
    found: float = visitor.page.evaluate(
        """async () => {
            const image = document.querySelector("img.look");
            await image.decode();
            const [width, height] = [image.naturalWidth, image.naturalHeight];
            const canvas = new OffscreenCanvas(width, height).getContext("2d");
            canvas.drawImage(image, 0, 0);
            const { data } = canvas.getImageData(0, 0, width, height);
            let sum = 0;
            for (let i = 4; i < data.length; i += 4) sum += Math.abs(data[i] - data[i - 4]);
            return sum / (width * height);
        }"""
    )
    return found
