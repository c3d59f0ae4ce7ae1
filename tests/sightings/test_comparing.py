"""Copies compared with the harmless photo that they were made from, by its features alone."""

import json
from dataclasses import replace

import pytest

import tracker
from portal.accounts.models import User
from portal.cases import actions as cases
from portal.cases.exposure import exposure_of
from portal.cases.models import Case, Consent
from portal.sightings import actions, assessing, comparing
from portal.sightings.closest import closest
from portal.sightings.comparing import OriginalError
from portal.sightings.models import Assessment, Sighting
from tests import drawing
from tests.desk import scene
from tests.photographed import a_fake, a_photo, device_tells

pytestmark = pytest.mark.django_db


def test_what_a_device_tells_is_read_and_nothing_else() -> None:
    original = comparing.parsed(device_tells())
    assert (original.width, original.height) == (900, 700)
    assert len(original.features) >= comparing.LEAST_FEATURES
    for over in (
        {"sha256": "ab"},
        {"sha256": 7},
        {"width": 0},
        {"width": True},
        {"height": 1e9},
        {"size": "9"},
        {"features": "no base64!"},
        {"features": "UklGRg=="},
        {"features": None},
    ):
        with pytest.raises(OriginalError, match="form"):
            comparing.parsed(device_tells(**over))
    hostile = ("", "{}", "[]", "null", "[" * 100_000, "x" * 400_000, '{"sha256": "00"}')
    for told in hostile:
        with pytest.raises(OriginalError, match="form"):
            comparing.parsed(told)


def test_a_photo_without_anything_in_it_is_too_plain() -> None:
    with pytest.raises(OriginalError, match="plain"):
        comparing.parsed(device_tells(drawing.blank()))


def test_of_several_originals_the_one_that_was_used_is_chosen() -> None:
    photos = [comparing.parsed(device_tells(a_photo(n))).features for n in (5, 1, 6)]
    assert closest(a_fake(a_photo(1)), photos) is photos[1]
    assert closest(a_photo(1), []) is None


@pytest.fixture
def case(wren: User) -> Case:
    """Of a fake that was made from a_photo(1)."""
    del wren
    fake = drawing.encode(a_fake(a_photo(1)), "JPEG", quality=90)
    return scene.a_case(pictures=[fake])


def a_copy(case: Case, path: str = "/1") -> Sighting:
    body = drawing.encode(a_fake(a_photo(1)), "JPEG", quality=70)
    find = scene.a_find(path)
    find = replace(find, media=tracker.Media(find.media.url, body, "image/jpeg"))
    (sighting,) = actions.handle_find(find, found=Sighting.Found.CRAWLED)
    assert sighting.case_id == case.pk
    return sighting


def derivation_of(sighting: Sighting) -> str:
    evidence = Assessment.objects.get(sighting=sighting).evidence
    codes = [item["code"] for item in evidence if item["kind"] == "derivation"]
    return ", ".join(codes)


def test_a_copy_is_compared_with_the_photo_that_was_given(case: Case) -> None:
    cases.give_original(case, device_tells(a_photo(1)).encode(), token="a")
    sighting = a_copy(case)
    assessing.assess(sighting)
    assert derivation_of(sighting)
    assessment = Assessment.objects.get()
    assert assessment.finding == "strong signs", assessment.evidence
    assert "untested.original" not in json.dumps(assessment.not_tested)


def test_a_photo_that_comes_later_has_copies_looked_at_again(
    case: Case, wren: User
) -> None:
    sighting = a_copy(case)
    assessing.assess(sighting)
    assert derivation_of(sighting) == ""
    cases.give_original(case, device_tells(a_photo(1)).encode(), token="a")
    key = scene.key_in_hand(case, wren)
    assert comparing.look_again(key) == [sighting]
    assert comparing.look_again(key) == [], "it is held already"
    assessing.assess(Sighting.objects.unassessed().get())
    assert derivation_of(sighting)
    assert exposure_of(wren).today == 0, "nobody looked"


def test_of_an_ended_case_nothing_is_held_again(case: Case, wren: User) -> None:
    sighting = a_copy(case)
    assessing.assess(sighting)
    sighting.refresh_from_db()
    key = scene.key_in_hand(case, wren)
    cases.withdraw_case(case)
    assert not comparing.hold_again(key, sighting)
    assert not Sighting.objects.exclude(held_as="").exists()


def test_without_the_consent_to_check_nothing_is_held_again(
    case: Case, wren: User
) -> None:
    sighting = a_copy(case)
    assessing.assess(sighting)
    sighting.refresh_from_db()
    cases.revoke_consent(case, Consent.Kind.CHECK)
    assert comparing.look_again(scene.key_in_hand(case, wren)) == []


def test_features_of_another_version_are_left_out(case: Case) -> None:
    cases.give_original(case, b"of another version", token="a")
    assert comparing.originals_of(case, actor="task:test") == []
