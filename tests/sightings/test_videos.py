"""Videos outside and inside: crawled, remembered, reported, previewed, checked again."""

import io
from dataclasses import replace

import pytest
from PIL import Image

import tracker
from portal.bank import actions as bank
from portal.bank.models import Signal
from portal.cases.actions import submit_report
from portal.cases.models import Case, Consent, Exhibit
from portal.sightings import actions, previews, rechecking
from portal.sightings.models import Observation, Sighting
from tests import clips, drawing
from tests.sightings.conftest import CONSENTS
from tests.telling import told
from tracker import frames

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def frames_are_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """What bars and windows hide is tested elsewhere; to look takes its time."""

    def asked(picture: tracker.Picture, *, whole: bool) -> tuple[tracker.Signal, ...]:
        return tracker.ask_picture(picture, whole=True)

    monkeypatch.setattr(frames, "ask_picture", asked)


def a_watched_still(seed: int = 2) -> Case:
    """A case of which only the hashes of one picture are known."""
    still = tracker.decode(drawing.encode(clips.scenes((seed,))[4]))
    claims = [
        {"type": s.type, "value": s.value, "quality": s.quality, "version": s.version}
        for s in tracker.hash_picture(still, whole=True)
    ]
    given = replace(told(consents=CONSENTS), claims=[claims])
    report = submit_report(token="amina", told=given).report
    actions.process_report(report)
    return report.case


def a_find(body: bytes, name: str = "clip.mp4") -> tracker.Find:
    media = tracker.Media(f"http://127.0.0.1/{name}", body, "video/mp4")
    return tracker.Find("http://127.0.0.1/", media, "mallory", None, "")


def sees(body: bytes, name: str = "clip.mp4") -> list[Sighting]:
    find = a_find(body, name)
    return actions.handle_find(find, found=Sighting.Found.CRAWLED)


def a_reported_video(data: bytes, token: str = "amina") -> Exhibit:
    report = submit_report(
        token=token, told=told(pictures=[data], consents=CONSENTS)
    ).report
    actions.process_report(report)
    return report.exhibits.get()


def test_a_still_in_the_bank_is_found_in_a_video() -> None:
    case = a_watched_still()
    (sighting,) = sees(clips.clip(1, 2, 3, size=(320, 240)))
    assert (sighting.case, sighting.kind) == (case, Sighting.Kind.NEAR)
    assert (sighting.width, sighting.height) == (320, 240)
    assert Observation.objects.count() == 3


def test_a_video_without_a_copy_leaves_hashes_of_its_frames_only() -> None:
    a_watched_still()
    data = clips.clip(4, 5)
    assert sees(data) == []
    kept = Observation.objects.all()
    assert len({bytes(one.pdq or b"") for one in kept}) == 2
    assert {one.media_url for one in kept} == {"http://127.0.0.1/clip.mp4"}
    sees(data)
    assert Observation.objects.count() == 2


def test_a_video_seen_before_the_report_is_one_sighting() -> None:
    sees(clips.clip(1, 2, 3))
    case = a_watched_still()
    assert case.sightings.get().found == Sighting.Found.REMEMBERED


def test_an_uploaded_video_is_banked_as_its_frames_and_found_as_an_excerpt() -> None:
    exhibit = a_reported_video(clips.clip(1, 2, 3))
    assert exhibit.state == Exhibit.State.HASHED
    assert sorted(exhibit.signals.values_list("of", flat=True)) == [
        "frame 0.5",
        "frame 1.5",
        "frame 2.5",
        "whole",
    ]
    assert Signal.objects.whole().count() == 4
    (sighting,) = sees(clips.clip(4, 2, 3, keys=100))
    assert (sighting.exhibit, sighting.kind) == (exhibit, Sighting.Kind.NEAR)
    assert sighting.signal.of in {"frame 1.5", "frame 2.5"}
    still = tracker.decode(drawing.encode(clips.scenes((2,))[4], "JPEG"))
    assert bank.recognise(still)[0].kind == "near"


def test_one_shared_scene_of_two_videos_is_a_question_to_a_person() -> None:
    exhibit = a_reported_video(clips.clip(9, 1, 2))
    (sighting,) = sees(clips.clip(9, 3, 4))
    assert sighting.kind == Sighting.Kind.POSSIBLE
    assert not exhibit.case.events.filter(kind="copy_found").exists()


def test_one_shared_scene_remembered_is_a_question_too() -> None:
    sees(clips.clip(9, 3, 4))
    case = a_reported_video(clips.clip(9, 1, 2)).case
    assert case.sightings.get().kind == Sighting.Kind.POSSIBLE


def test_a_video_that_cannot_be_read_is_refused_with_its_reason() -> None:
    exhibit = a_reported_video(clips.sound())
    assert (exhibit.state, exhibit.refusal) == (Exhibit.State.REFUSED, "no_pictures")
    assert exhibit.stored_as == ""
    assert sees(clips.sound()) == []


def test_a_video_still_there_is_up_and_a_broken_one_says_nothing() -> None:
    a_watched_still()
    (sighting,) = sees(clips.clip(2))
    assert rechecking._compare(sighting, clips.clip(2, keys=3)) == "up"
    assert rechecking._compare(sighting, clips.clip(5)) == "replaced"
    assert rechecking._compare(sighting, clips.clip(2)[:900]) == "unreachable"


def test_the_preview_of_a_video_is_one_blurred_frame() -> None:
    shown = previews._small(clips.clip(1, 2, 3), previews.Style.BLURRED_GREY)
    image = Image.open(io.BytesIO(shown))
    assert (image.size, image.mode) == (clips.SIZE, "L")
    with pytest.raises(previews.PreviewError, match="moving pictures"):
        previews._small(clips.sound(), previews.Style.BLURRED)


def test_a_captured_video_is_sealed_and_assessed_by_nobody() -> None:
    case = a_watched_still()
    assert case.consents_to(Consent.Kind.EVIDENCE)
    (sighting,) = sees(clips.clip(2))
    assert sighting.captured_as
