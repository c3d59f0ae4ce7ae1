from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.storage import storages
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks

import tracker
from portal.bank import actions as bank
from portal.bank.models import Signal
from portal.cases import evidence
from portal.cases.actions import Told, submit_report, withdraw_case
from portal.cases.models import Case, Consent, Exhibit
from portal.sightings import actions, visiting
from portal.sightings.models import Alert, Sighting
from portal.sightings.tasks import sweep_evidence
from tests import drawing
from tests.sightings.conftest import (
    REPORTED,
    World,
    a_processed_case,
    a_report,
    page,
    picture,
)

pytestmark = pytest.mark.django_db


def test_a_report_is_read_banked_and_told_to_the_victim() -> None:
    case = a_processed_case()
    assert set(case.signals.values_list("type", flat=True)) == {
        "sha256",
        "pdq",
        "phash",
    }
    assert case.events.filter(kind="read").count() == 1


def test_processing_twice_changes_nothing_more() -> None:
    case = a_processed_case()
    before = Signal.objects.count()
    held = evidence.hold(picture(REPORTED))
    case.exhibits.update(state=Exhibit.State.RECEIVED, held_as=held)
    actions.process_report(case.reports.get())
    assert Signal.objects.count() == before
    assert case.events.filter(kind="read").count() == 1


def test_a_file_that_is_no_picture_is_refused_and_dropped(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    report = a_report()
    exhibit = report.exhibits.get()
    other = evidence.store(report.case, b"no picture at all")
    held = evidence.hold(b"no picture at all")
    Exhibit.objects.filter(pk=exhibit.pk).update(stored_as=other, held_as=held)
    with django_capture_on_commit_callbacks(execute=True):
        actions.process_report(report)
    exhibit.refresh_from_db()
    assert not storages["evidence"].exists(other)
    assert not storages["evidence"].exists(held)
    assert (exhibit.state, exhibit.refusal) == (Exhibit.State.REFUSED, "unsupported")
    assert exhibit.stored_as == ""
    assert report.case.events.filter(kind="unreadable").count() == 1


def test_a_file_that_keeps_killing_its_reader_is_refused_in_the_end() -> None:
    report = a_report()
    report.exhibits.update(attempts=actions.MAX_ATTEMPTS)
    actions.process_report(report)
    assert report.exhibits.get().refusal == "too_hard"


def test_a_case_withdrawn_before_processing_is_left_alone() -> None:
    report = a_report()
    withdraw_case(report.case)
    report.case.refresh_from_db()
    actions.process_report(report)
    assert not Signal.objects.exists()
    assert not report.case.events.filter(kind="unreadable").exists()


def test_what_was_crawled_before_the_report_is_found_by_looking_back(
    world: World,
) -> None:
    visiting.crawl(world.source)
    assert not Sighting.objects.exists()
    case = a_processed_case()
    sighting = case.sightings.get()
    assert sighting.found == Sighting.Found.REMEMBERED
    assert sighting.kind == Sighting.Kind.NEAR
    assert sighting.account == "mallory"
    assert sighting.next_check_at is not None
    assert Alert.objects.get().kind == Alert.Kind.FIRST_COPY


def test_a_crop_crawled_before_the_report_is_found_by_looking_back(
    world: World,
) -> None:
    cropped = drawing.crop(drawing.landscape(REPORTED), 0.25)
    world.site.pages |= {
        "/": page("/cropped.jpg"),
        "/cropped.jpg": drawing.encode(cropped, "JPEG"),
    }
    visiting.crawl(world.source)
    sighting = a_processed_case().sightings.get()
    assert sighting.found == Sighting.Found.REMEMBERED
    assert (sighting.signal.type, sighting.signal.of) == ("pdq", "whole")
    reason = sighting.reason
    assert reason is not None
    assert reason["copy"] == {"of": "whole", "box": [0, 0, 1, 1]}
    assert reason["reported"]["of"].startswith("region ")
    left, top, right, bottom = reason["reported"]["box"]
    assert 0 < (right - left) * (bottom - top) < 1


def test_afterwards_no_key_on_the_server_opens_the_exhibit() -> None:
    report = a_report()
    held = report.exhibits.get().held_as
    actions.process_report(report)
    exhibit = report.exhibits.get()
    assert (exhibit.state, exhibit.held_as) == (Exhibit.State.HASHED, "")
    assert storages["evidence"].exists(exhibit.stored_as)
    with pytest.raises(evidence.EvidenceError, match="destroyed"):
        evidence.open_held(held, actor="task:thief", reason="curiosity")


def test_what_nobody_reads_in_time_is_destroyed_and_said_so() -> None:
    report = a_report()
    held = report.exhibits.get().held_as
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
        sweep_evidence()
        with pytest.raises(evidence.EvidenceError, match="destroyed"):
            evidence.open_held(held, actor="task:late", reason="processing")
        actions.process_report(report)
    assert report.exhibits.get().state == Exhibit.State.REFUSED
    assert report.case.events.filter(kind="unreadable").count() == 1


def test_a_hash_only_exhibit_is_watched_for_without_a_byte_of_it() -> None:
    """The claims are what the victim's own device made of the picture."""
    asked = tracker.hash_picture(tracker.decode(picture(REPORTED)), whole=True)
    claims = [
        {"type": signal.type, "value": signal.value, "quality": signal.quality}
        for signal in asked
        if signal.type in {"sha256", "pdq"}
    ]
    tells = Told(claims=[claims], consents={Consent.Kind.MATCHING: ()})
    report = submit_report(token="device", told=tells).report
    actions.process_report(report)
    exhibit = report.exhibits.get()
    assert (exhibit.state, exhibit.stored_as) == (Exhibit.State.HASHED, "")
    recompressed = drawing.encode(drawing.landscape(REPORTED), "JPEG", quality=40)
    (hit,) = bank.lookup_picture(recompressed)
    assert (hit.signal.case, hit.kind) == (report.case, "near")


def test_a_hash_only_report_finds_the_mirrored_copy_that_was_seen_before(
    world: World,
) -> None:
    world.site.pages |= {
        "/": page("/mirrored.jpg"),
        "/mirrored.jpg": drawing.encode(
            drawing.landscape(REPORTED).transpose(Image.Transpose.FLIP_LEFT_RIGHT),
            "JPEG",
        ),
    }
    visiting.crawl(world.source)
    asked = tracker.ask_picture(tracker.decode(picture(REPORTED)), whole=True)
    pdq = [signal for signal in asked if signal.type == "pdq"]
    claims = [
        {
            "type": "pdq",
            "value": signal.value,
            "quality": 100,
            "version": signal.version,
            "turned": at > 0,
        }
        for at, signal in enumerate(pdq)
    ]
    tells = Told(claims=[claims], consents={Consent.Kind.MATCHING: ()})
    report = submit_report(token="device", told=tells).report
    actions.process_report(report)
    assert report.case.signals.count() == 1, "one upright form in the bank"
    found = Sighting.objects.get(case=report.case)
    assert (found.found, found.kind) == (Sighting.Found.REMEMBERED, "near")


def parts_told(seed: int = REPORTED) -> list[dict[str, Any]]:
    """What a device tells of a picture that stays with it, parts and all."""
    image = tracker.decode(picture(seed))
    recalled = tracker.recall_picture(image)
    (whole,) = (s for s in tracker.hash_picture(image, whole=True) if s.type == "pdq")
    both: dict[int, list[tracker.Signal]] = {}
    for signal in recalled:
        if signal.of != "whole":
            both.setdefault(int(signal.of.split()[1]), []).append(signal)
    records = (
        bytes([number, upright.quality or 0])
        + bytes.fromhex(upright.value + mirrored.value)
        for number, (upright, mirrored) in both.items()
    )
    scale = 512 / max(image.width, image.height)
    shape = [round(side * min(1, scale)) for side in (image.width, image.height)]
    packed = urlsafe_b64encode(b"".join(records)).decode()
    regions = {"type": "pdq", "regions": packed, "shape": shape}
    upright = {"type": "pdq", "value": whole.value, "quality": whole.quality}
    return [one | {"version": whole.version} for one in (upright, regions)]


def a_told_case(claims: list[dict[str, Any]], token: str = "device") -> Case:
    tells = Told(claims=[claims], consents={Consent.Kind.MATCHING: ()})
    report = submit_report(token=token, told=tells).report
    actions.process_report(report)
    return report.case


def test_of_a_picture_that_stayed_with_the_victim_a_crop_is_found() -> None:
    case = a_told_case(parts_told())
    uploaded = a_processed_case("ben")
    kept, known = (
        {(s.value, s.of, str(s.box)) for s in one.signals.filter(type="pdq")}
        for one in (case, uploaded)
    )
    assert kept == known, "what a device told is what the server makes"
    cut = drawing.encode(drawing.crop(drawing.landscape(REPORTED), 0.25), "JPEG")
    hits = {hit.signal.case: hit for hit in bank.lookup_picture(cut)}
    assert hits[case].signal.of == "whole"
    assert hits[case].reported.of.startswith("region ")


def test_of_a_picture_that_stayed_with_the_victim_a_mirrored_crop_was_seen_before(
    world: World,
) -> None:
    cut = drawing.mirror(drawing.crop(drawing.landscape(REPORTED), 0.25))
    world.site.pages |= {
        "/": page("/cut.jpg"),
        "/cut.jpg": drawing.encode(cut, "JPEG"),
    }
    visiting.crawl(world.source)
    reason = a_told_case(parts_told()).sightings.get().reason
    assert reason is not None
    assert reason["reported"]["of"].startswith("region ")
    assert reason["form"] == "mirroring"


@pytest.mark.parametrize(
    "wrong", [{"regions": "AAAA"}, {"shape": [40, 40]}, {"shape": [1, 1]}]
)
def test_parts_that_no_device_of_ours_has_made_are_refused(
    wrong: dict[str, Any],
) -> None:
    whole, regions = parts_told()
    case = a_told_case([whole, regions | wrong])
    assert case.exhibits.get().state == Exhibit.State.REFUSED
    assert not case.signals.exists()


def test_a_claim_that_is_no_signal_is_refused_and_said_so() -> None:
    claims = [{"type": "pdq", "value": "zz", "quality": 100}]
    tells = Told(claims=[claims], consents={Consent.Kind.MATCHING: ()})
    report = submit_report(token="device", told=tells).report
    actions.process_report(report)
    assert report.exhibits.get().state == Exhibit.State.REFUSED
