"""Somebody may be a minor: from the button on, nothing is shown and nothing is computed."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

import detector
from portal.accounts.models import AuditEntry, User
from portal.bank import actions as bank
from portal.cases import evidence, keys
from portal.cases.actions import open_case, submit_report
from portal.cases.messaging import send_message
from portal.cases.models import Case, Consent, Exhibit, Report, ReportedUrl
from portal.desk import referral
from portal.notices.actions import NoticeError, draft
from portal.notices.models import Notice
from portal.platforms.bodies import BODIES, READS_IN, bodies_for
from portal.platforms.models import Platform
from portal.sightings import actions, assessing, previews, rechecking
from portal.sightings.freezing import freeze
from portal.sightings.models import Assessment, Check, Sighting
from portal.sightings.tasks import assess_sighting, process_report
from tests.desk.scene import a_case, a_copy, a_draft, a_find, key_in_hand, picture
from tests.telling import told

pytestmark = pytest.mark.django_db
WHY = {"reason": "the uniform"}


@pytest.fixture
def case(worker: Client, wren: User, chirp: Platform) -> Case:
    case = a_case(details="words of mine", contact='{"phone": "never"}')
    a_copy(case)
    return case


def frozen(case: Case, wren: User) -> Case:
    freeze(case, wren, "the uniform")
    case.refresh_from_db()
    return case


def test_one_button_stops_the_case(worker: Client, wren: User, case: Case) -> None:
    copy = case.sightings.get()
    for path in [f"cases/{case.pk}/", f"sightings/{copy.pk}/"]:
        button = f'href="/desk/cases/{case.pk}/freeze/"'
        assert button in worker.get(f"/desk/{path}").content.decode()
    look = worker.post(f"/desk/exhibits/{copy.exhibit_id}/look/", WHY)
    assert f'href="/desk/cases/{case.pk}/freeze/"' in look.content.decode()
    assert "for good" in worker.get(f"/desk/cases/{case.pk}/freeze/").content.decode()
    assert worker.post(f"/desk/cases/{case.pk}/freeze/", WHY).status_code == 302
    case.refresh_from_db()
    assert case.ending == Case.Ending.FROZEN
    entry = AuditEntry.objects.get(verb="freeze")
    assert (entry.user, entry.reason) == (wren, "the uniform")


def test_nothing_stops_without_a_reason(worker: Client, case: Case) -> None:
    page = worker.post(f"/desk/cases/{case.pk}/freeze/", {"reason": " "})
    assert "Please write why" in page.content.decode()
    case.refresh_from_db()
    assert not case.is_withdrawn


def test_a_frozen_case_shows_nothing(worker: Client, wren: User, case: Case) -> None:
    send_message(case, "words of mine")
    copy, report = case.sightings.get(), case.reports.get()
    frozen(case, wren)
    before = AuditEntry.objects.count()
    for path in [
        f"exhibits/{copy.exhibit_id}/look/",
        f"sightings/{copy.pk}/look/",
        f"reports/{report.pk}/look/",
        f"cases/{case.pk}/contact/",
        f"cases/{case.pk}/messages/",
    ]:
        for answer in (worker.get(f"/desk/{path}"), worker.post(f"/desk/{path}", WHY)):
            text = answer.content.decode()
            assert "data:image" not in text
            assert "words of mine" not in text
            assert "never" not in text
    assert AuditEntry.objects.count() == before
    page = worker.get(f"/desk/cases/{case.pk}/").content.decode()
    assert "look/" not in page
    assert "/messages/" not in page


def test_the_door_is_shut_for_everybody(wren: User, case: Case) -> None:
    exhibit, report = case.exhibits.get(), case.reports.get()
    frozen(case, wren)
    holders = [key_in_hand(case, wren), keys.CaseKey(case, bytes(32), keys.VICTIM)]
    for key in holders:
        with pytest.raises(previews.PreviewError, match="frozen"):
            previews.of_exhibit(key, exhibit, reason="curiosity")
        with pytest.raises(evidence.EvidenceError, match="frozen"):
            evidence.open_details(key, report, reason="curiosity")
        with pytest.raises(evidence.EvidenceError, match="frozen"):
            evidence.open_contact(key, reason="curiosity")
        with pytest.raises(evidence.EvidenceError, match="frozen"):
            evidence.open_thread(key, reason="curiosity")


def test_nothing_matches_a_frozen_case(wren: User, case: Case) -> None:
    assert bank.lookup_picture(picture(1, 70))
    frozen(case, wren)
    assert bank.lookup_picture(picture(1, 70)) == []
    assert actions.handle_find(a_find("/2"), found=Sighting.Found.CRAWLED) == []


def test_a_copy_that_waits_is_never_assessed(
    wren: User,
    case: Case,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    waiting = a_copy(case, "/2", is_assessed=False)
    with django_capture_on_commit_callbacks(execute=True):
        frozen(case, wren)
    with pytest.raises(evidence.EvidenceError, match="destroyed"):
        evidence.open_held(waiting.held_as, actor="task:test", reason="a test")
    assert not Sighting.objects.unassessed().exists()
    assess_sighting(waiting.pk)
    assessing.assess(waiting)  # a task that had its row before the button was pressed
    assert not Assessment.objects.filter(sighting=waiting).exists()


def test_what_the_detector_says_too_late_is_not_kept(
    wren: User, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, real = a_copy(case, "/2", is_assessed=False), detector.assess

    def interrupted(*args: Any, **kwargs: Any) -> detector.Assessment:
        frozen(case, wren)
        return real(*args, **kwargs)

    monkeypatch.setattr(detector, "assess", interrupted)
    assessing.assess(waiting)
    assert not Assessment.objects.filter(sighting=waiting).exists()


def an_unread_report(consents: list[Consent.Kind]) -> Report:
    said = told(
        urls=["https://chirp.example/seen"], pictures=[picture(2)], consents=consents
    )
    return submit_report(token="late", told=said).report


def test_a_report_that_waits_is_not_read_and_nothing_of_it_is_destroyed(
    worker: Client,
    wren: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    report = an_unread_report(list(Consent.Kind))
    exhibit = report.exhibits.get()
    with django_capture_on_commit_callbacks(execute=True):
        freeze(report.case, wren, "the uniform")
        actions.read_exhibit(exhibit)  # a task that was already at it
        process_report(report.pk)
    exhibit.refresh_from_db()
    assert exhibit.state == Exhibit.State.RECEIVED
    assert exhibit.stored_as in set(evidence.stored())
    assert not exhibit.signals.exists()
    assert exhibit.held_as == ""


def test_a_picture_that_was_being_hashed_is_not_banked(
    wren: User, worker: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, real = an_unread_report(list(Consent.Kind)), actions._read

    def interrupted(exhibit: Exhibit) -> object:
        signals = real(exhibit)
        freeze(report.case, wren, "the uniform")
        return signals

    monkeypatch.setattr(actions, "_read", interrupted)
    actions.read_exhibit(report.exhibits.get())
    assert not report.case.signals.exists()


def test_no_copy_is_captured_any_more(wren: User, case: Case) -> None:
    copy = case.sightings.get()
    evidence.discard(copy.captured_as)
    copy.captured_as = ""
    frozen(case, wren)
    actions.capture(copy, picture(1, 60))
    assert copy.captured_as == ""
    assert copy.held_as == ""


def test_no_address_of_it_is_visited(
    wren: User, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = case.sightings.get()
    rechecking.check_now(copy)
    assert Sighting.objects.to_recheck().exists()

    def interrupted(sighting: Sighting) -> Check:
        frozen(case, wren)
        return Check(sighting=sighting, seen="up")

    monkeypatch.setattr(rechecking, "_look", interrupted)
    rechecking.recheck(copy)  # it was under way
    assert not Check.objects.exists()
    assert not Sighting.objects.to_recheck().exists()
    assert not ReportedUrl.objects.stranded().exists()


def test_nothing_is_decided_or_sent_any_more(
    worker: Client, wren: User, stella: User, case: Case
) -> None:
    waiting = a_draft(case.sightings.get(), wren)
    frozen(case, wren)
    for path, form in [
        (f"sightings/{waiting.sighting_id}/decide/", {"decision": "confirmed"}),
        (f"sightings/{waiting.sighting_id}/recheck/", {}),
        (f"notices/{waiting.pk}/approve/", {}),
        (f"cases/{case.pk}/messages/answer/", {"words": "Hello"}),
        (f"cases/{case.pk}/ask-back/", {"day": "2099-01-01"}),
    ]:
        page = worker.post(f"/desk/{path}", form, follow=True).content.decode()
        assert "has ended" in page
    with pytest.raises(NoticeError, match="has ended"):
        draft(waiting.sighting, wren, rule_id="us-take-it-down")
    assert Notice.objects.get().state == Notice.State.DRAFT
    assert not case.messages.exists()


def test_the_victim_is_told_and_keeps_no_way_to_the_pictures(wren: User) -> None:
    receipt = submit_report(token="t", told=told(details="words"))
    frozen(receipt.report.case, wren)
    found = open_case(receipt.passphrase or "")
    assert found is not None
    case, key = found
    assert case.events.filter(kind="frozen").exists()
    assert key is not None
    with pytest.raises(evidence.EvidenceError, match="frozen"):
        evidence.open_details(key, receipt.report, reason="my own")


# -- the referral ----------------------------------------------------------------------
def test_the_referral_holds_addresses_and_hashes_only(
    worker: Client, wren: User, case: Case
) -> None:
    assert worker.post(f"/desk/cases/{case.pk}/referral/").status_code == 404
    frozen(case, wren)
    answer = worker.post(f"/desk/cases/{case.pk}/referral/")
    text = answer.content.decode()
    assert answer["Content-Type"].startswith("text/plain")
    assert answer["Content-Disposition"].endswith(f'"referral-{case.reference}.txt"')
    for known in ["https://chirp.example/seen", "https://chirp.example/1.jpg"]:
        assert known in text
    for signal in case.signals.whole():
        assert f"{signal.type} {signal.value}" in text
    assert case.sightings.get().sha256 in text
    for secret in ["words of mine", "never", "the uniform", "wren", "base64"]:
        assert secret not in text
    entry = AuditEntry.objects.latest("number")
    assert (entry.user, entry.verb) == (wren, "export")
    assert entry.subject == f"case:{case.pk} referral"


def test_the_referral_holds_no_code_of_a_part(wren: User, case: Case) -> None:
    parts = {"type": "pdq", "regions": "AWQ" + "A" * 85, "shape": [512, 384]}
    whole = {"type": "pdq", "value": "9c" * 32, "quality": 90, "turned": True}
    case.exhibits.update(claims=[whole, parts])
    freeze(case, wren, "the uniform")
    case.refresh_from_db()
    written = referral.draft(case, wren)
    assert "9c" * 32 in written
    assert "AWQ" not in written


def test_the_page_shows_the_draft_and_who_takes_it(
    worker: Client, wren: User, case: Case
) -> None:
    frozen(case, wren)
    page = worker.get(f"/desk/cases/{case.pk}/").content.decode()
    assert "CyberTipline" in page
    assert "Referral of material" in page
    assert 'href="http' not in page
    assert worker.get(f"/desk/cases/{case.pk}/referral/").status_code == 405


@pytest.mark.parametrize(
    ("language", "countries", "first"),
    [
        ("en", set(), "CyberTipline"),
        ("zh-hans", set(), "中央网信办举报中心"),
        ("ko", {"US"}, "디지털성범죄피해자지원센터"),
        ("ar", set(), "INHOPE"),
        ("ar", {"US"}, "CyberTipline"),
    ],
)
def test_the_body_is_the_one_of_the_language_then_of_the_country(
    language: str, countries: set[str], first: str
) -> None:
    bodies = bodies_for(language, countries)
    assert bodies[0].helpline.name == first
    assert bodies[-1].helpline.name == "INHOPE"


def test_every_body_is_one_of_the_helplines() -> None:
    assert {body.helpline.name for body in BODIES} == set(READS_IN)
