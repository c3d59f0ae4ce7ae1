"""The harmless photo: its features are made on the device, as the server makes its own."""

from urllib.parse import parse_qs

import numpy as np
import pytest
from django.test import Client
from playwright.sync_api import FilePayload, Page
from pytest_django.live_server_helper import LiveServer

import detector
from portal.cases.models import Case
from portal.cases.originals import opened
from portal.intake import original
from portal.sightings.comparing import parsed
from tests.browser.conftest import Visitor, is_good, keep_session
from tests.browser.test_choose import Log
from tests.drawing import blank, encode
from tests.intake.opening import an_open_case
from tests.photographed import a_fake, a_photo
from tests.telling import told
from tracker import decode

pytestmark = pytest.mark.usefixtures("transactional_db", "bells")


@pytest.fixture
def case(visitor: Visitor, live_server: LiveServer) -> Case:
    client = Client()
    given = told(urls=["https://chirp.example/1"], consents=original.NEEDED)
    case = an_open_case(client, given)
    keep_session(visitor.page.context, live_server, client)
    return case


def agrees(visitor: Visitor) -> Page:
    visitor.opens("/case/original/")
    page = visitor.page
    page.get_by_text("Everybody in the photo was 18 or over").click()
    page.get_by_text("You may keep the points").click()
    page.get_by_role("button", name="Go on").click()
    page.locator("#id_told").wait_for()
    return page


def chooses(page: Page, data: bytes, kind: str = "image/jpeg") -> str:
    file = FilePayload(name="me at the lake.jpg", mimeType=kind, buffer=data)
    page.locator("#id_told").set_input_files([file])
    page.locator("[data-bar]").wait_for(state="hidden")
    return page.locator("[data-state]").inner_text()


def alike(theirs: detector.OriginalFeatures, ours: detector.OriginalFeatures) -> float:
    """The share of ours that they have at the same place, of nearly the same numbers."""
    apart = np.abs(ours.places[:, None, :2] - theirs.places[None, :, :2]).max(2)
    numbers = ours.descriptors.astype(np.float32) @ theirs.descriptors.T.astype(
        np.float32
    )
    near = numbers / 512**2  # the cosine: each has a length of 512
    return float(((apart < 0.5) & (near > 0.99)).any(1).mean())


def test_the_features_are_the_servers_own_and_nothing_else_leaves(
    visitor: Visitor, case: Case
) -> None:
    photo = encode(a_photo(1), "JPEG", quality=92)
    log = Log()
    page = agrees(visitor)
    page.on("request", log.keep)
    assert chooses(page, photo) == "The points are ready. Nothing was sent yet."
    assert not any(log.bodies)
    is_good(visitor)
    page.get_by_role("button", name="Send the points").click()
    page.get_by_text("We do not have the photo.").wait_for()

    (body,) = (body.decode() for body in log.bodies if body)
    assert set(parse_qs(body)) <= {
        "csrfmiddlewaretoken", "token", "adult", "keep", "told", "send",
    }  # fmt: skip
    assert "lake" not in body

    (kept,) = opened(case, actor="task:test")
    theirs, image = parsed(kept), decode(photo).image
    assert (theirs.width, theirs.height, theirs.size) == (900, 700, len(photo))
    assert theirs.sha256 == decode(photo).sha256
    assert alike(theirs.features, detector.OriginalFeatures.of(image)) > 0.98
    shown = detector.derive(a_fake(image), theirs.features)
    assert (shown.proof, shown.by_points) == ("proved", True)
    assert visitor.complaints == []


def test_a_file_without_features_says_why_and_is_not_sent(
    visitor: Visitor, case: Case
) -> None:
    page = agrees(visitor)
    page.get_by_role("button", name="Send the points").click()
    assert "choose a photo first" in page.locator("[data-state]").inner_text()
    assert "too plain" in chooses(page, encode(blank(), "PNG"), "image/png")
    assert "not a picture" in chooses(page, b"a letter", "text/plain")
    page.get_by_role("button", name="Send the points").click()
    assert page.url.endswith("/case/original/")
    assert not case.originals.exists()
