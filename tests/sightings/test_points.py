"""Pieces that no hash finds are found by points, for as long as the victim agrees."""

import pytest
from PIL import Image

import tracker
from portal.bank import actions as bank
from portal.cases.actions import revoke_consent, withdraw_case
from portal.cases.models import Case, Consent, Exhibit
from portal.sightings import actions, visiting
from portal.sightings.models import Sighting
from tests import drawing
from tests.sightings.conftest import CONSENTS, REPORTED, World, a_report, page

pytestmark = pytest.mark.django_db


def piece(seed: int = REPORTED) -> Image.Image:
    """A third of the picture, from anywhere, and turned."""
    whole = drawing.landscape(seed, (960, 720)).rotate(12, Image.Resampling.BICUBIC)
    return whole.crop((330, 220, 330 + 480, 220 + 420))


def a_mapped_case(*, agreed: bool = True) -> Case:
    points = [Consent.Kind.POINTS] if agreed else []
    report = a_report(consents=[*CONSENTS, *points])
    actions.process_report(report)
    return report.case


def recognised(image: Image.Image) -> list[bank.Hit]:
    return bank.recognise(tracker.decode(drawing.encode(image)))


def test_a_turned_piece_is_found_by_points_and_says_which_part_it_is(
    world: World,
) -> None:
    case = a_mapped_case()
    world.site.pages = {
        "/": page("/piece.jpg", "/other.jpg"),
        "/piece.jpg": drawing.encode(piece(), "JPEG"),
        "/other.jpg": drawing.encode(piece(2), "JPEG"),
    }
    visiting.crawl(world.source)
    sighting = Sighting.objects.get()
    assert (sighting.case, sighting.matched_type) == (case, "points")
    assert sighting.media_url.endswith("/piece.jpg")
    assert sighting.reason
    assert sighting.reason["points"] >= 10
    left, top, right, bottom = sighting.reason["reported"]["box"]
    assert 0.05 < (right - left) * (bottom - top) < 0.8


def test_a_mirrored_piece_is_found_and_outlined_where_it_is(world: World) -> None:
    a_mapped_case()
    whole = drawing.landscape(REPORTED)
    framed = Image.new("RGB", (900, 480), "white")
    framed.paste(drawing.mirror(whole).resize((480, 360)), (400, 60))
    (hit,) = recognised(framed)
    assert hit.form == "mirroring"
    assert hit.copy.box
    assert hit.copy.box[0] > 0.4


def test_without_the_consent_no_map_is_made_and_no_piece_is_found() -> None:
    a_mapped_case(agreed=False)
    assert not Exhibit.objects.exclude(points_as="").exists()
    assert recognised(piece()) == []


@pytest.mark.parametrize("ends", ["consent", "case"])
def test_what_is_taken_back_is_found_no_more(ends: str) -> None:
    case = a_mapped_case()
    assert recognised(piece())
    if ends == "case":
        withdraw_case(case)
    else:
        revoke_consent(case, Consent.Kind.POINTS)
    assert recognised(piece()) == []


def test_a_copy_is_one_hit_whether_hashes_or_points_say_so() -> None:
    a_mapped_case()
    (hit,) = recognised(drawing.landscape(REPORTED))
    assert (hit.type, hit.points) != ("points", 0)
    assert hit.kind in {"exact", "near"}


def test_platforms_are_not_told_of_points() -> None:
    a_mapped_case()
    assert bank.lookup_picture(drawing.encode(piece())) == []
