"""Why a copy matches, to be seen: outlines for nothing, pictures for a reason."""

import io
import re
from base64 import b64decode
from typing import Any

import pytest
from django.test import Client
from PIL import Image

import tracker
from portal.accounts.models import AuditEntry, User
from portal.cases.actions import Told, submit_report
from portal.cases.exposure import exposure_of
from portal.cases.models import Case, Consent
from portal.desk.agreeing import named, sentences, sides
from portal.platforms.models import Platform
from portal.sightings import actions
from portal.sightings.models import Sighting
from portal.sightings.previews import Preview
from tests import drawing
from tests.desk.scene import a_case, a_copy, a_find, picture

pytestmark = pytest.mark.django_db
OUTLINE = re.compile(r'<rect class="outline" x="(\d+)" y="(\d+)" width="(\d+)" height')
PICTURE = re.compile(r'<image class="look" href="data:image/jpeg;base64,([^"]+)"')
WHY = {"reason": "to compare"}
BUT_POINTS = {kind: () for kind in Consent.Kind if kind != Consent.Kind.POINTS}
LEFT_HALF = {"of": "region 1", "box": [0, 0, 0.5, 1]}
WHOLE = {"of": "whole", "box": [0, 0, 1, 1]}


@pytest.fixture
def copy(worker: Client, chirp: Platform) -> Sighting:
    return a_copy(a_case(), is_assessed=False)


def an_old(**more: Any) -> Sighting:
    """A copy of 400 x 200 pixels, 12 bits away; with no reason, unless one is given."""
    facts = {"width": 400, "height": 200, "kind": "near", "matched_type": "pdq"}
    return Sighting(**(facts | {"distance": 12} | more))


def cropped_copy(case: Case) -> Sighting:
    find = a_find("/crop")
    cut = drawing.encode(drawing.crop(drawing.landscape(1), 0.25), "JPEG")
    media = tracker.Media("https://chirp.example/crop.jpg", cut, "image/jpeg")
    found = tracker.Find(find.url, media, find.account, find.posted_at, "")
    (sighting,) = actions.handle_find(found, found=Sighting.Found.CRAWLED)
    assert sighting.case == case
    return sighting


# -- what is drawn ---------------------------------------------------------------------
def test_a_crop_is_kept_with_the_part_that_it_was_cut_from(chirp: Platform) -> None:
    sighting = cropped_copy(a_case(consents=BUT_POINTS))
    assert sighting.reason is not None
    reported = sighting.reason["reported"]
    assert reported["of"].startswith("region ")
    left, top, right, bottom = reported["box"]
    assert 0.5 < (right - left) * (bottom - top) < 0.95
    copy, original = sides(sighting)
    assert copy.outline is not None
    assert original.outline is not None
    assert original.part.startswith("A part of it")


def test_the_frame_of_a_picture_that_never_came_has_the_shape_that_the_parts_imply() -> (
    None
):
    reason = {"copy": WHOLE, "reported": LEFT_HALF, "form": ""}
    copy, reported = sides(an_old(reason=reason))
    assert (copy.width, copy.height) == (1000, 500)
    assert (reported.width, reported.height) == (1000, 250)
    assert reported.outline == (0, 0, 500, 250)
    turned = {"copy": WHOLE, "reported": WHOLE, "form": "turning a quarter left"}
    _, reported = sides(an_old(reason=turned))
    assert (reported.width, reported.height) == (500, 1000)


def test_a_picture_that_was_opened_brings_its_own_shape() -> None:
    reason = {"copy": WHOLE, "reported": LEFT_HALF, "form": ""}
    seen = Preview(b"jpeg", 300, 600)
    copy, reported = sides(an_old(reason=reason), None, seen)
    assert (reported.width, reported.height) == (500, 1000)
    assert reported.outline == (0, 0, 250, 1000)
    assert reported.picture.startswith("data:image/jpeg;base64,")
    assert copy.picture == ""


@pytest.mark.parametrize("size", [(0, 0), (1, 60000), (60000, 1)])
def test_a_strangers_shape_breaks_no_drawing(size: tuple[int, int]) -> None:
    for side in sides(an_old(width=size[0], height=size[1])):
        assert min(side.width, side.height) >= 250


def test_what_was_found_before_reasons_were_kept_still_says_something() -> None:
    old = an_old()
    for side in sides(old):
        assert (side.outline, side.part) == (None, "Which part agrees was not kept.")
    assert "12 of 256 bits" in sentences(old)[0]
    half = an_old(reason={"copy": WHOLE, "reported": {"of": "region 9", "box": None}})
    assert sides(half)[1].outline is None


@pytest.mark.parametrize(
    ("of", "box", "words"),
    [
        ("whole", [0, 0, 1, 1], "The whole picture"),
        ("trimmed", [0.01, 0, 1, 1], "What is left without its frame or bars"),
        ("cell 4", [0.5, 0.5, 1, 1], "One cell of a collage, at the lower right"),
        (
            "further cell 1",
            [0, 0, 0.3, 0.3],
            "One cell of a collage, at the upper left",
        ),
        ("half 3", [0, 0, 1, 0.5], "One half of it, at the top"),
        ("region 37", [0.2, 0.3, 0.8, 0.8], "A part of it, in the middle"),
        ("region 9", None, "A part of it"),
        ("of tomorrow", [0, 0, 0.2, 1], "A part of it, at the left"),
    ],
)
def test_a_part_is_named_in_words(of: str, box: list[float] | None, words: str) -> None:
    assert named({"of": of, "box": box}) == words


def test_the_sentences_say_how_and_how_rarely() -> None:
    reason = {"copy": WHOLE, "reported": WHOLE, "form": "mirroring", "points": 38}
    told = " ".join(sentences(an_old(reason=reason)))
    assert "12 of 256 bits" in told
    assert "38 points agree." in told
    assert "mirror image" in told
    assert "none came this close" in told
    assert "A person has to decide" in " ".join(sentences(an_old(kind="possible")))


def test_every_form_that_asks_has_words() -> None:
    for form in tracker.signal_type("pdq").forms[1:]:
        reason = {"copy": WHOLE, "reported": WHOLE, "form": form}
        assert len(sentences(an_old(reason=reason))) == 3, form


# -- who sees pictures -----------------------------------------------------------------
def test_the_page_of_a_copy_draws_the_outlines_and_opens_nothing(
    worker: Client, wren: User, copy: Sighting
) -> None:
    page = worker.get(f"/desk/sightings/{copy.pk}/").content.decode()
    assert len(OUTLINE.findall(page)) == 2
    assert "data:image" not in page
    assert "style=" not in page
    assert exposure_of(wren).today == 0


def test_side_by_side_asks_why_and_counts_two_looks(
    worker: Client, wren: User, copy: Sighting
) -> None:
    path = f"/desk/sightings/{copy.pk}/compare/"
    for asked in (worker.get(path), worker.post(path, {"reason": " "})):
        assert "data:image" not in asked.content.decode()
    page = worker.post(path, WHY).content.decode()
    shown = [Image.open(io.BytesIO(b64decode(one))) for one in PICTURE.findall(page)]
    assert [image.mode for image in shown] == ["L", "L"], "blurred and grey at first"
    assert len(OUTLINE.findall(page)) == 2
    assert exposure_of(wren).today == 2
    opened = AuditEntry.objects.filter(user=wren, verb="open", reason="to compare")
    assert opened.count() == 2


def test_with_one_look_left_neither_is_opened(
    worker: Client, wren: User, copy: Sighting
) -> None:
    User.objects.filter(pk=wren.pk).update(exposure_budget=1)
    page = worker.post(f"/desk/sightings/{copy.pk}/compare/", WHY).content.decode()
    assert "Time for a break" in page
    assert "data:image" not in page
    assert exposure_of(wren).today == 0


def test_of_a_picture_that_stayed_with_the_victim_there_is_only_a_frame(
    worker: Client, wren: User, chirp: Platform
) -> None:
    made = tracker.hash_picture(tracker.decode(picture()), whole=True)
    claims = [
        {"type": signal.type, "value": signal.value, "quality": signal.quality}
        for signal in made
        if signal.type == "pdq"
    ]
    allows = dict.fromkeys(
        [Consent.Kind.MATCHING, Consent.Kind.NOTICES, Consent.Kind.EVIDENCE], ()
    )
    tells = Told(claims=[claims], consents=allows)
    report = submit_report(token="device", told=tells).report
    actions.process_report(report)
    sighting = a_copy(report.case, is_assessed=False)
    page = worker.post(f"/desk/sightings/{sighting.pk}/compare/", WHY).content.decode()
    assert len(PICTURE.findall(page)) == 1
    assert len(re.findall('<rect class="sheet"', page)) == 1
    assert exposure_of(wren).today == 1
    Sighting.objects.filter(pk=sighting.pk).update(captured_as="")
    assert (
        "compare/" not in worker.get(f"/desk/sightings/{sighting.pk}/").content.decode()
    )
    page = worker.post(f"/desk/sightings/{sighting.pk}/compare/", WHY).content.decode()
    assert "No copy was kept" in page


def test_another_organisations_case_has_no_sides(
    client: Client, copy: Sighting
) -> None:
    assert client.get(f"/desk/sightings/{copy.pk}/compare/").status_code == 302
