import pytest
from django.core.files.storage import storages
from pytest_django import DjangoCaptureOnCommitCallbacks

from portal.bank.models import Signal
from portal.cases import evidence
from portal.cases.actions import withdraw_case
from portal.cases.models import Exhibit
from portal.sightings import actions, visiting
from portal.sightings.models import Alert, Sighting
from tests.sightings.conftest import World, a_processed_case, a_report, picture

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
    case.exhibits.update(state=Exhibit.State.RECEIVED)
    actions.process_report(case.reports.get())
    assert Signal.objects.count() == before
    assert case.events.filter(kind="read").count() == 1


def test_a_file_that_is_no_picture_is_refused_and_dropped(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    report = a_report()
    exhibit = report.exhibits.get()
    other = evidence.store(report.case, b"no picture at all")
    Exhibit.objects.filter(pk=exhibit.pk).update(stored_as=other)
    with django_capture_on_commit_callbacks(execute=True):
        actions.process_report(report)
    exhibit.refresh_from_db()
    assert not storages["evidence"].exists(other)
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


def test_anybodys_picture_is_checked_and_nothing_kept() -> None:
    checked = actions.check_picture(picture())
    assert checked.finding == "no sign found"
    assert checked.not_tested
    with pytest.raises(actions.CheckError):
        actions.check_picture(b"")
