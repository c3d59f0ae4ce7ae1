"""The report for a court, from the page of a copy."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from detector.report.fonts import FONTS
from portal.accounts.models import AuditEntry
from portal.cases.actions import withdraw_case
from portal.platforms.models import Platform
from portal.sightings.models import Assessment
from tests.desk.scene import a_case, a_copy

pytestmark = pytest.mark.django_db
GIVEN = {"reason": "the court of Seoul", "locale": "ko"}


@pytest.fixture(autouse=True)
def own_key(settings: Settings, tmp_path: Path) -> None:
    settings.FORENSIC_KEY = tmp_path / "forensic.key"


@pytest.mark.skipif(not FONTS.is_dir(), reason="no front-end packages")
def test_a_worker_gets_the_report_for_a_reason(worker: Client, chirp: Platform) -> None:
    copy = a_copy(a_case())
    address = f"/desk/sightings/{copy.pk}/forensic/"
    assert address in worker.get(f"/desk/sightings/{copy.pk}/").content.decode()
    assert "It holds no picture" in worker.get(address).content.decode()

    answer = worker.post(address, GIVEN)

    name = f"report-{copy.case.reference}-{copy.pk}.zip"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["Cache-Control"] == "no-store"
    assert answer.content[:2] == b"PK"
    assert AuditEntry.objects.latest("number").reason == GIVEN["reason"]


@pytest.mark.parametrize("wrong", [{"reason": ""}, {"locale": "xx"}])
def test_without_a_reason_or_a_language_it_asks_again(
    worker: Client, chirp: Platform, wrong: dict[str, str]
) -> None:
    address = f"/desk/sightings/{a_copy(a_case()).pk}/forensic/"
    before = AuditEntry.objects.count()

    answer = worker.post(address, GIVEN | wrong)

    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert AuditEntry.objects.count() == before


def test_of_what_nobody_looked_at_there_is_none(
    worker: Client, chirp: Platform
) -> None:
    copy = a_copy(a_case())
    Assessment.objects.filter(sighting=copy).delete()

    answer = worker.post(f"/desk/sightings/{copy.pk}/forensic/", GIVEN)
    assert answer.status_code == 404


def test_a_case_that_has_ended_is_not_told_of(worker: Client, chirp: Platform) -> None:
    copy = a_copy(a_case())
    withdraw_case(copy.case)

    assert worker.get(f"/desk/sightings/{copy.pk}/forensic/").status_code == 404


def test_what_cannot_be_written_is_said_in_a_sentence(
    worker: Client, chirp: Platform
) -> None:
    copy = a_copy(a_case())
    Assessment.objects.filter(sighting=copy).update(version="0.0.1")

    answer = worker.post(f"/desk/sightings/{copy.pk}/forensic/", GIVEN, follow=True)

    assert "Let it look again first." in answer.content.decode()
