"""Videos and animations are looked at frame by frame, in the guarded program."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.test import Client
from PIL import Image
from pytest_django import Settings

import tracker
from portal.accounts.models import User
from portal.cases import actions as cases
from portal.sightings import actions, assessing, examining, previews, saying
from portal.sightings.models import Assessment, Sighting
from tests import clips, drawing
from tests.conftest import signs_in
from tests.desk import scene
from tests.photographed import a_fake, a_photo, device_tells

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_program_is_left() -> Iterator[None]:
    yield
    examining.end_idle()


def an_animation(*frames: Image.Image) -> bytes:
    return drawing.encode(
        frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=500
    )


def found(body: bytes, kind: str) -> Sighting:
    """A copy of what the victim reported, somewhere."""
    case = scene.a_case(pictures=[body])
    find = scene.a_find()
    find = replace(find, media=tracker.Media(find.media.url, body, kind))
    (sighting,) = actions.handle_find(find, found=Sighting.Found.CRAWLED)
    assert sighting.case_id == case.pk
    return sighting


def test_a_video_that_was_found_is_assessed(wren: User) -> None:
    assert wren
    sighting = found(clips.clip(1, 2, 3), "video/mp4")
    assessing.assess(sighting)
    assessment = Assessment.objects.get()
    assert assessment.finding == "no sign found"
    kinds = {item["kind"] for item in assessment.evidence}
    assert {"frames", "continuity"} <= kinds
    assert assessment.frames == []
    assert "Sound and speech" in " ".join(saying.gaps(assessment.not_tested))
    sighting.refresh_from_db()
    assert sighting.held_as == ""


@pytest.fixture
def animated(wren: User) -> Sighting:
    """An animation whose frames were made from a photo that was given."""
    assert wren
    fake = a_fake(a_photo(1))
    sighting = found(an_animation(fake, fake.rotate(1), a_photo(7)), "image/webp")
    told = device_tells(a_photo(1)).encode()
    cases.give_original(sighting.case, told, token="a")
    assessing.assess(sighting)
    return sighting


def test_frames_of_an_animation_are_compared_named_and_shown_blurred(
    animated: Sighting, wren: User
) -> None:
    on_duty = Client()
    signs_in(on_duty, wren)
    assessment = Assessment.objects.get()
    assert assessment.finding == "some signs"
    assert {frame["number"] for frame in assessment.frames} == {0, 1}

    page = on_duty.get(f"/desk/sightings/{animated.pk}/").content.decode()
    assert "Frames that matter" in page
    assert "0:00.5" in page

    key = scene.key_in_hand(animated.case, wren)
    made = previews.of_frames(key, animated, [0, 1], reason="to see what differs")
    assert set(made) == {0, 1}
    asked = {"reason": "to see what differs"}
    look = on_duty.post(f"/desk/sightings/{animated.pk}/frames/", asked)
    assert look.content.decode().count("data:image/jpeg") == 2


def test_a_video_that_takes_too_long_is_given_up(
    wren: User, settings: Settings
) -> None:
    assert wren
    settings.VIDEO_SECONDS = 0
    sighting = found(clips.clip(1), "video/mp4")
    assessing.assess(sighting)
    assert not Assessment.objects.exists()
    assert not Sighting.objects.unassessed().exists()


def test_a_broken_video_gets_a_reason() -> None:
    for body in (clips.clip(1)[:900], b"\0\0\0\x20ftypisom" + bytes(99)):
        with pytest.raises(examining.CheckError) as error:
            for _ in examining.examine_video(body):
                pass
        assert error.value.of == "video"
