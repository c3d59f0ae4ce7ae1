import json

import pytest
from django.test import Client

from portal.accounts.models import User
from portal.cases.actions import give_original, withdraw_case
from portal.cases.exposure import exposure_of
from portal.desk import sightings
from portal.desk.words import why
from portal.notices.models import Notice
from portal.platforms.models import Platform
from portal.sightings import assessing
from portal.sightings.models import Sighting
from tests.desk.scene import a_case, a_copy, a_draft
from tests.photographed import a_photo, device_tells

pytestmark = pytest.mark.django_db


def test_a_copy_says_why_it_matches_and_what_was_not_tested(
    worker: Client, chirp: Platform
) -> None:
    page = worker.get(f"/desk/sightings/{a_copy(a_case()).pk}/").content.decode()
    for words in [
        "the same picture",
        "PDQ",
        "mallory",
        "What was not tested",
        "2026-03-01",
    ]:
        assert words in page
    assert "This does not mean that it is genuine" in page


def test_the_detectors_words_are_those_of_the_readers_language(
    worker: Client, chirp: Platform
) -> None:
    address = f"/desk/sightings/{a_copy(a_case()).pk}/"

    page = worker.get(address, headers={"accept-language": "ko"}).content.decode()

    assert "아무 표시도 없음" in page
    assert "원본과의 비교: 제공된 원본이 없습니다." in page
    assert "nothing declared" not in page


def test_an_assessment_from_before_is_told_in_its_english(
    worker: Client, chirp: Platform
) -> None:
    sighting = a_copy(a_case())
    old = {"kind": "spectrum", "finding": "a peak", "strength": "measurement"}
    sighting.assessment.evidence = [{**old, "detail": "An old sentence."}]
    sighting.assessment.not_tested = ["An old gap."]
    sighting.assessment.save()

    page = worker.get(
        f"/desk/sightings/{sighting.pk}/", headers={"accept-language": "ko"}
    ).content.decode()

    assert "An old sentence." in page
    assert "An old gap." in page


@pytest.mark.parametrize(
    ("matched_type", "distance", "words"),
    [
        ("sha256", 0, "byte for byte"),
        ("pdq", 0, "is the same"),
        ("pdq", 12, "12 of 256 bits"),
        ("phash", 20, "20 of 256 bits"),
    ],
)
def test_a_distance_is_told_in_words(
    matched_type: str, distance: int, words: str
) -> None:
    assert words in why(Sighting(matched_type=matched_type, distance=distance))


@pytest.mark.parametrize("decision", ["confirmed", "rejected"])
def test_a_worker_decides_once(
    worker: Client, second: Client, wren: User, chirp: Platform, decision: str
) -> None:
    sighting = a_copy(a_case())
    path = f"/desk/sightings/{sighting.pk}/decide/"
    worker.post(path, {"decision": decision})
    again = second.post(path, {"decision": "confirmed"}, follow=True).content.decode()
    assert "decided about this copy already" in again
    sighting.refresh_from_db()
    assert (sighting.decision, sighting.decided_by) == (decision, wren)


@pytest.mark.parametrize("decision", ["", "open", "gone", "\x00"])
def test_a_decision_that_is_none_is_refused(
    worker: Client, chirp: Platform, decision: str
) -> None:
    sighting = a_copy(a_case())
    path = f"/desk/sightings/{sighting.pk}/decide/"
    page = worker.post(path, {"decision": decision}, follow=True).content.decode()
    assert "choose one of the two" in page
    sighting.refresh_from_db()
    assert sighting.decision == Sighting.Decision.OPEN


def test_a_withdrawn_case_lets_nobody_decide_or_check(
    worker: Client, chirp: Platform
) -> None:
    sighting = a_copy(a_case())
    withdraw_case(sighting.case)
    for step, form in [("decide", {"decision": "confirmed"}), ("recheck", {})]:
        path = f"/desk/sightings/{sighting.pk}/{step}/"
        assert worker.post(path, form).status_code == 404
    sighting.refresh_from_db()
    assert sighting.decision == Sighting.Decision.OPEN
    assert sighting.next_check_at is None


def test_a_check_is_asked_for(worker: Client, chirp: Platform) -> None:
    sighting = a_copy(a_case())
    worker.post(f"/desk/sightings/{sighting.pk}/recheck/")
    assert Sighting.objects.to_recheck().filter(pk=sighting.pk).exists()


def test_the_rules_that_bind_the_recipient_are_offered_and_the_others_explained(
    worker: Client, wren: User, chirp: Platform
) -> None:
    sighting = a_copy(a_case())
    registrar = Platform.objects.create(name="Names", kind="registrar", in_us=True)
    path = f"/desk/sightings/{sighting.pk}/notice/"
    assert 'value="us-take-it-down"' in worker.get(path).content.decode()
    page = worker.get(path, {"recipient": registrar.pk}).content.decode()
    assert 'value="us-take-it-down"' not in page
    assert "Rules that do not fit" in page


def test_a_copy_on_an_unknown_site_needs_a_recipient(worker: Client, db: None) -> None:
    sighting = a_copy(a_case(), host="unknown.example")
    page = worker.get(f"/desk/sightings/{sighting.pk}/notice/").content.decode()
    assert "Choose a recipient" in page


@pytest.mark.parametrize("rule", ["", "no-such-rule", "\x00", "us-take-it-down"])
def test_no_notice_comes_of_a_wrong_rule_or_an_unconfirmed_copy(
    worker: Client, chirp: Platform, rule: str
) -> None:
    sighting = a_copy(a_case())
    path = f"/desk/sightings/{sighting.pk}/notice/"
    assert worker.post(path, {"rule": rule}).status_code == 200
    assert not Notice.objects.exists()
    assert worker.post(path, {"rule": rule, "recipient": "x"}).status_code == 404


def test_drafting_twice_leads_to_the_same_notice(
    worker: Client, wren: User, chirp: Platform
) -> None:
    sighting = a_copy(a_case())
    notice = a_draft(sighting, wren)
    path = f"/desk/sightings/{sighting.pk}/notice/"
    answer = worker.post(path, {"rule": "us-take-it-down"})
    assert answer["Location"] == f"/desk/notices/{notice.pk}/"


def test_a_photo_that_came_later_is_hinted_at_until_the_program_looked_again(
    worker: Client, wren: User, chirp: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(sightings, "ring", lambda _task, pk: rung.append(pk))
    case = a_case()
    copy = a_copy(case)
    page, again = f"/desk/sightings/{copy.pk}/", "Let the program look again"
    hint = "The victim gave a harmless photo after this."
    assert hint not in worker.get(page).content.decode()
    give_original(case, device_tells(a_photo(1)).encode(), token="a")
    shown = worker.get(page).content.decode()
    assert hint in shown
    assert again in shown

    worker.post(f"{page}assess/")
    assert rung == [copy.pk]
    assert again not in worker.get(page).content.decode(), "it is held already"
    assessing.assess(Sighting.objects.get(pk=copy.pk))
    assert hint not in worker.get(page).content.decode()

    told = "Features of a harmless photo 1"
    assert told in worker.get(f"/desk/cases/{case.pk}/").content.decode()
    address = f"/desk/originals/{case.originals.get().pk}/look/"
    facts = worker.post(address, {"reason": "to compare files"}).content.decode()
    assert json.loads(device_tells(a_photo(1)))["sha256"] in facts
    assert "900 × 700 pixels" in facts
    assert exposure_of(wren).today == 0
