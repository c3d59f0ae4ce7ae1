import json

from django.core.files.uploadedfile import SimpleUploadedFile

import tracker
from portal.accounts.models import User
from portal.cases.models import Exhibit
from portal.sightings.models import Observation, Sighting
from tests import clips
from tests.intake.reporting import passphrase_in
from tests.journeys.conftest import NAME, Victim, Worker, post
from tests.journeys.test_crawl_to_sighting import a_source
from tests.loopback_sites import Site

PAGE = '<article><video poster="/none.jpg"><source src="/copy.mp4"></video></article>'


def claims_of(video: bytes) -> str:
    """What a device sends of a video that stays with it."""
    hashed = tracker.hash_video(tracker.decode_video(video))
    frames = [
        {"value": frame.signal.value, "quality": frame.signal.quality}
        for frame in hashed.frames
    ]
    claim = {
        "kind": "video",
        "sha256": hashed.sha256.value,
        "pdq": [],
        "frames": frames,
    }
    return json.dumps([claim])


def re_encoded(*seeds: int) -> bytes:
    """The same scenes, half as wide, in other groups of pictures."""
    return clips.encode([i.resize((96, 72)) for i in clips.scenes(seeds)], keys=50)


def reports_hashes_of(victim: Victim, video: bytes) -> None:
    victim.fills(picture={"claims": claims_of(video)})
    victim.passphrase = passphrase_in(victim.sends())
    victim.hides(victim.passphrase)


def test_the_hashes_of_a_video_find_its_re_encoded_copy(
    amina: Victim, wren: User, site: Site
) -> None:
    site.pages = {"/": PAGE, "/copy.mp4": re_encoded(1, 2, 3)}
    source = a_source(site)
    reports_hashes_of(amina, clips.clip(1, 2, 3))
    Worker(wren).does(f"/desk/sources/{source.pk}/visit/")

    sighting = Sighting.objects.get()
    assert sighting.media_url.endswith("/copy.mp4")
    assert sighting.kind == Sighting.Kind.NEAR
    assert not Exhibit.objects.get().stored_as
    assert Observation.objects.count() == 3
    assert "We found a copy on" in amina.sees()


def test_yesterdays_video_answers_todays_hashes(
    amina: Victim, wren: User, site: Site
) -> None:
    site.pages = {"/": post("/copy.mp4"), "/copy.mp4": re_encoded(1, 2, 3)}
    source = a_source(site)
    Worker(wren).does(f"/desk/sources/{source.pk}/visit/")
    reports_hashes_of(amina, clips.clip(1, 2, 3))
    sighting = Sighting.objects.get()
    assert (sighting.found, sighting.kind) == ("remembered", Sighting.Kind.NEAR)


def test_an_uploaded_video_is_kept_sealed_and_watched_for(amina: Victim) -> None:
    amina.opens_a_case()
    video = clips.clip(1, 2)
    sent = amina.agrees() | {"pictures": [SimpleUploadedFile(NAME, video, "video/mp4")]}
    assert amina.client.post("/case/upload/", sent).status_code == 302
    exhibit = Exhibit.objects.get()
    assert (exhibit.state, exhibit.held_as) == (Exhibit.State.HASHED, "")
    assert exhibit.stored_as
    assert exhibit.signals.filter(of="frame 0.5", type="pdq").exists()
