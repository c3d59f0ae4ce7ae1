"""The letters as they go out, in three languages. People sign these: read the diff.

RECLAIM_WRITE_LETTERS=1 writes them anew.
"""

import json
import os
from pathlib import Path

import pytest

from portal.accounts.models import User
from portal.notices import actions, compose
from portal.notices.mail import message
from portal.notices.models import Notice
from portal.platforms.models import Platform
from portal.platforms.rules import LANGUAGES, rule
from portal.sightings.models import Sighting
from tests.notices.conftest import EU, US, a_case, a_sighting

pytestmark = pytest.mark.django_db
LETTERS = Path(__file__).parent / "letters"


def a_letter(
    rule_id: str, chirp: Platform, worker: User, *, language: str = "en"
) -> str:
    chirp.language = language
    chirp.save()
    sighting = a_sighting(a_case(), chirp, finding="declared")
    notice = actions.draft(sighting, worker, rule_id=rule_id)
    text = f"{notice.subject}\n\n{notice.body}"
    return text.replace(notice.reference, "N-REFERENCE")


@pytest.mark.parametrize("rule_id", [US, EU])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_letter_reads_as_it_was_reviewed(
    rule_id: str, language: str, chirp: Platform, wren: User
) -> None:
    reviewed = LETTERS / f"{rule_id}.{language}.txt"
    text = a_letter(rule_id, chirp, wren, language=language)
    if os.environ.get("RECLAIM_WRITE_LETTERS"):
        reviewed.write_text(text, encoding="utf-8")
    assert text == reviewed.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("finding", "answer"),
    [
        ("declared", "yes"),
        ("strong signs", "yes"),
        ("some signs", "unknown"),
        ("no sign found", "unknown"),
        ("cannot say", "unknown"),
        ("", "unknown"),
    ],
)
def test_only_a_telling_finding_is_repeated_and_none_becomes_a_no(
    finding: str, answer: str, chirp: Platform, wren: User
) -> None:
    sighting = a_sighting(a_case(), chirp, finding=finding)
    notice = actions.draft(sighting, wren, rule_id=US)
    assert notice.elements["generated_or_altered"] == answer


def test_a_paragraph_without_its_fact_is_left_out(chirp: Platform, wren: User) -> None:
    sighting = a_sighting(a_case(), chirp, account="")
    notice = actions.draft(sighting, wren, rule_id=US)
    assert "account" not in notice.elements
    assert "Account that published it" not in notice.body
    assert "\n\n\n" not in notice.body


def test_a_page_that_is_the_picture_is_named_once(chirp: Platform, wren: User) -> None:
    sighting = a_sighting(a_case(), chirp)
    Sighting.objects.update(media_url=sighting.url)
    notice = actions.draft(sighting, wren, rule_id=US)
    assert notice.elements["identification"] == sighting.url


def test_dollars_in_an_address_stay_as_they_are(chirp: Platform, wren: User) -> None:
    sighting = a_sighting(a_case(), chirp, path="$reference/${contact}/$$")
    notice = actions.draft(sighting, wren, rule_id=US)
    assert "https://chirp.example/$reference/${contact}/$$" in notice.body


def test_the_machine_readable_part_reports_for_the_organisation(draft: Notice) -> None:
    part = list(message(draft).iter_parts())[1]
    assert json.loads(part.get_content()) == {
        "profile": "reclaim-notice/1",
        "report_id": draft.reference,
        "reporter": {"org": "Lantern", "contact": "desk@lantern.example"},
        "category": "content",
        "rule": {"id": US, "version": rule(US).version},
        "urls": ["https://chirp.example/post/1", "https://chirp.example/post/1.jpg"],
        "account": "mallory",
        "generated_or_altered": "unknown",
    }


def test_a_reference_says_nothing_and_is_used_once(
    sighting: Sighting, chirp: Platform, wren: User
) -> None:
    first = actions.draft(sighting, wren, rule_id=US)
    second = actions.draft(sighting, wren, rule_id=EU)
    assert first.reference != second.reference
    assert sighting.case.reference not in first.reference
    assert compose.subject_of(first, rule(US)) == first.subject
