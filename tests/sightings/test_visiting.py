import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

import detector
from portal.accounts.models import AuditEntry, User
from portal.cases import evidence
from portal.cases.models import Consent, ReportedUrl
from portal.sightings import actions, assessing, packing, visiting
from portal.sightings.models import Alert, Assessment, Observation, Sighting, Source
from portal.sightings.tasks import assess_sighting, sweep_sightings
from tests.loopback_sites import Answer
from tests.sightings.conftest import World, a_processed_case, a_report, page, picture

pytestmark = pytest.mark.django_db


def test_a_crawl_finds_the_copy_and_nothing_else(world: World) -> None:
    case = a_processed_case()
    visiting.crawl(world.source)
    sighting = case.sightings.get()
    assert sighting.media_url == f"{world.site.url}/copy.jpg"
    assert sighting.url == f"{world.site.url}/"
    assert sighting.kind == Sighting.Kind.NEAR
    assert (sighting.account, sighting.platform) == ("mallory", world.platform)
    assert sighting.posted_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert sighting.captured_as
    assert Observation.objects.count() == 2
    assert case.events.filter(kind="copy_found").count() == 1


def test_crawling_again_records_nothing_twice(world: World) -> None:
    case = a_processed_case()
    for _ in range(2):
        visiting.crawl(Source.objects.get())
    assert case.sightings.count() == 1
    assert Observation.objects.count() == 2
    assert Alert.objects.count() == 1


def test_the_visit_ends_with_its_outcome_and_the_next_time(world: World) -> None:
    source = Source.objects.claim(world.source.pk)
    assert source
    assert Source.objects.claim(world.source.pk) is None
    visiting.crawl(source)
    source.refresh_from_db()
    assert (source.outcome, source.failures, source.lease_until) == ("done", 0, None)
    assert source.pictures == 2
    assert source.next_visit_at > datetime.now(UTC) + timedelta(minutes=50)


def test_a_source_that_fails_is_visited_less_and_less_often(world: World) -> None:
    Source.objects.update(config={"url": "http://127.0.0.1:9/", "min_delay": 0})
    for failures in (1, 2):
        visiting.crawl(Source.objects.get())
        source = Source.objects.get()
        assert source.failures == failures
        assert source.outcome not in {"", "done"}


def test_a_visit_whose_lease_went_to_another_stops_and_changes_nothing(
    world: World,
) -> None:
    late = Source.objects.claim(world.source.pk)
    assert late
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1)):
        assert Source.objects.claim(world.source.pk)
    visiting.crawl(late)
    assert Source.objects.get().outcome == ""


def test_without_consent_to_evidence_no_copy_is_kept(world: World) -> None:
    report = a_report(consents=[Consent.Kind.MATCHING])
    actions.process_report(report)
    visiting.crawl(world.source)
    assert report.case.sightings.get().captured_as == ""
    assert not Sighting.objects.unassessed().exists()


def test_a_reported_address_is_looked_at_once(world: World) -> None:
    report = a_report(urls=(f"{world.site.url}/",))
    actions.process_report(report)
    reported = ReportedUrl.objects.claim(report.urls.get().pk)
    assert reported
    visiting.visit_reported(reported)
    reported.refresh_from_db()
    assert reported.outcome == "seen"
    assert report.case.sightings.get().found == Sighting.Found.REPORTED
    assert report.case.events.filter(kind="url_seen").count() == 1
    assert ReportedUrl.objects.claim(reported.pk) is None


def test_a_reported_address_of_the_picture_itself_is_seen(world: World) -> None:
    report = a_report(urls=(f"{world.site.url}/copy.jpg",))
    actions.process_report(report)
    visiting.visit_reported(report.urls.get())
    assert report.case.sightings.count() == 1


@pytest.mark.parametrize(
    ("url", "event"),
    [
        ("http://127.0.0.1:9/", "url_failed"),
        ("http://169.254.169.254/latest/", "url_failed"),
        ("http://user:secret@example.org/", "url_failed"),
    ],
)
def test_an_address_that_cannot_be_looked_at_is_said_to_be_so(
    url: str, event: str
) -> None:
    report = a_report(urls=(url,))
    actions.process_report(report)
    visiting.visit_reported(report.urls.get())
    assert report.case.events.filter(kind=event).count() == 1


def test_an_address_without_the_picture_is_said_to_be_so(world: World) -> None:
    world.site.pages["/clean"] = page("/other.jpg")
    report = a_report(urls=(f"{world.site.url}/clean",))
    actions.process_report(report)
    visiting.visit_reported(report.urls.get())
    assert report.case.events.filter(kind="url_not_seen").count() == 1


def test_a_captured_copy_is_assessed_once_with_a_reason_on_record(world: World) -> None:
    a_processed_case()
    visiting.crawl(world.source)
    sighting = Sighting.objects.get()
    for _ in range(2):
        assessing.assess(sighting)
    sighting.refresh_from_db()
    assert sighting.held_as == ""  # no key on the server opens it any more
    assert sighting.captured_as
    assessment = Assessment.objects.get()
    assert assessment.finding == "no sign found"
    assert assessment.evidence
    assert assessment.not_tested
    assert AuditEntry.objects.filter(actor="task:assess_sighting").exists()


def test_a_copy_waits_for_a_model_that_is_refused_and_is_assessed_when_it_is_mended(
    world: World,
    settings: Settings,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    a_processed_case()
    visiting.crawl(world.source)
    sighting = Sighting.objects.get()
    weights = tmp_path / "final.pth"
    weights.write_bytes(b"what was named, and no weights")
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    settings.DETECTOR_MODEL = f"defenders:{weights}#sha256={digest}"
    with pytest.raises(detector.WeightsError):
        assess_sighting(sighting.pk)
    assert f"sighting {sighting.pk} waits for its models: WeightsError" in caplog.text
    assert not Assessment.objects.exists()
    settings.DETECTOR_MODEL = ""
    with time_machine.travel(timezone.now() + 2 * settings.CLAIM_LIFETIME, tick=False):
        assert Sighting.objects.unassessed().get() == sighting
        assess_sighting(sighting.pk)
    assert Assessment.objects.get().sighting == sighting


def test_the_models_are_loaded_once_for_all_copies() -> None:
    assert assessing.models() is assessing.models()


def test_a_capture_that_is_lost_is_not_asked_for_again(world: World) -> None:
    a_processed_case()
    visiting.crawl(world.source)
    sighting = Sighting.objects.get()
    evidence.discard(sighting.held_as)
    assessing.assess(sighting)
    assert not Assessment.objects.exists()
    assert not Sighting.objects.unassessed().exists()
    sweep_sightings()


def test_a_worker_decides_once(world: World, wren: User) -> None:
    case = a_processed_case()
    visiting.crawl(world.source)
    sighting = case.sightings.get()
    assert actions.decide(sighting, wren, confirmed=True)
    assert not actions.decide(sighting, wren, confirmed=False)
    sighting.refresh_from_db()
    assert sighting.decision == Sighting.Decision.CONFIRMED
    assert case.events.filter(kind="copy_confirmed").count() == 1
    assert AuditEntry.objects.filter(verb="confirmed", user=wren).count() == 1


def test_a_second_site_raises_an_alert(world: World) -> None:
    case = a_processed_case()
    visiting.crawl(world.source)
    Sighting.objects.update(host="elsewhere.example")
    world.site.pages["/again"] = page("/copy.jpg")
    Source.objects.update(config={"url": f"{world.site.url}/again", "min_delay": 0})
    visiting.crawl(Source.objects.get())
    kinds = set(case.alerts.values_list("kind", flat=True))
    assert kinds == {Alert.Kind.FIRST_COPY, Alert.Kind.NEW_HOST}


def test_observations_are_forgotten_after_their_time(world: World) -> None:
    visiting.crawl(world.source)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=181)):
        assert packing.forget() == 2
    assert not Observation.objects.exists()


def test_pages_that_hold_no_pictures_but_lies_are_passed_over(world: World) -> None:
    a_processed_case()
    world.site.pages["/other.jpg"] = Answer(b"<script>", "image/jpeg")
    world.site.pages["/copy.jpg"] = Answer(b"\x89PNG\r\n\x1a\ntorn", "image/png")
    visiting.crawl(world.source)
    assert not Sighting.objects.exists()
    assert Source.objects.get().outcome == "done"
    assert picture()
