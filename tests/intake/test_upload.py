"""From hash-only to the picture itself, and back: adults only, agreed to first."""

import os
from collections.abc import Iterator

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

import tracker
from portal.bank.models import Signal
from portal.cases import actions, evidence
from portal.cases.actions import Told
from portal.cases.models import Case, Consent, Exhibit
from portal.intake import upload
from portal.sightings.actions import process_report
from tests import drawing
from tests.intake.opening import a_token, an_open_case, page_of
from tests.telling import told

pytestmark = pytest.mark.django_db
PATH = "/case/upload/"
AGREED = {"adult": "on", "keep": "on"}
CONTROL = 'type="file"'
PICTURE = drawing.encode(drawing.landscape(1), "JPEG")


@pytest.fixture(autouse=True)
def no_bells(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The bell rings in nobody's ear: a test reads the report itself."""
    monkeypatch.setattr(upload, "ring_on_commit", lambda *_: None)
    return iter([None])


@pytest.fixture
def case(client: Client) -> Case:
    return an_open_case(client, hash_only())


def hash_only() -> Told:
    """A report of codes that the device made of PICTURE."""
    signals = tracker.hash_picture(tracker.decode(PICTURE), whole=True)
    claims = [
        {"type": one.type, "value": one.value, "quality": one.quality}
        for one in signals
        if one.type in {"pdq", "sha256"}
    ]
    return Told(claims=[claims], consents={Consent.Kind.MATCHING: ()})


def a_file(data: bytes = PICTURE, name: str = "p.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "image/jpeg")


def sends(client: Client, *files: SimpleUploadedFile, **over: object) -> str:
    sent = {"token": a_token(), "send": "1", "pictures": files, **AGREED, **over}
    answer = client.post(PATH, sent)
    return answer.content.decode() if answer.status_code == 200 else ""


def reads_all(case: Case) -> None:
    for report in case.reports.filter(processed_at=None):
        process_report(report)


def test_no_file_control_exists_before_both_questions_are_answered(
    client: Client, case: Case
) -> None:
    assert CONTROL not in page_of(client, PATH)
    for sent in [{}, {"adult": "on"}, {"keep": "on"}]:
        page = client.post(PATH, {"token": a_token(), **sent}).content.decode()
        assert CONTROL not in page
        assert 'role="alert"' in page
    page = client.post(PATH, {"token": a_token(), **AGREED}).content.decode()
    assert CONTROL in page


def test_without_the_consent_to_look_there_is_no_control_and_no_way_around(
    client: Client,
) -> None:
    case = an_open_case(client, told(urls=["https://chirp.example/1"]))
    assert CONTROL not in page_of(client, PATH)
    page = client.post(PATH, {"token": a_token(), **AGREED}).content.decode()
    assert CONTROL not in page
    sends(client, a_file())
    assert not case.exhibits.exists()


def test_a_program_that_skips_the_questions_is_refused(
    client: Client, case: Case
) -> None:
    assert CONTROL not in sends(client, a_file(), adult="")
    assert CONTROL not in sends(client, a_file(), keep="")
    assert not case.exhibits.exclude(stored_as="").exists()


def test_a_map_of_points_is_agreed_to_on_its_own_or_not_at_all(
    client: Client, case: Case
) -> None:
    page = client.post(PATH, {"token": a_token(), **AGREED}).content.decode()
    assert 'name="points"' not in page
    sends(client, a_file())
    assert not case.consents_to(Consent.Kind.POINTS)
    asked = {"token": a_token(), **AGREED, "points": "on"}
    page = client.post(PATH, asked).content.decode()
    assert '<input type="hidden" name="points" value="on">' in page
    sends(client, a_file(drawing.encode(drawing.landscape(2), "JPEG")), points="on")
    assert case.consents_to(Consent.Kind.POINTS)


def test_the_picture_is_sealed_read_once_and_shown_as_one_line_with_its_codes(
    client: Client, case: Case
) -> None:
    reads_all(case)
    assert "We know only the codes of this picture." in page_of(client, PATH)
    assert sends(client, a_file()) == ""
    exhibit = case.exhibits.latest("pk")
    with storages["evidence"].open(exhibit.stored_as) as kept:
        assert PICTURE[:64] not in kept.read()
    reads_all(case)
    exhibit.refresh_from_db()
    assert exhibit.state == Exhibit.State.HASHED
    assert not exhibit.held_as, "the copy for the program is gone"
    page = page_of(client, PATH)
    assert "its codes first, and later the picture itself" in page
    assert page.count("<strong>Picture ") == 1
    status = page_of(client, "/case/status/")
    assert "You agreed that we keep what you uploaded, locked." in status
    assert "We watch for copies of 1 picture." in status


def test_going_back_destroys_the_picture_and_keeps_its_codes(
    client: Client,
    case: Case,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    sends(client, a_file())
    reads_all(case)
    exhibit = case.exhibits.latest("pk")
    name, signals = exhibit.stored_as, Signal.objects.filter(exhibit=exhibit).count()
    assert signals
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            sent = {"exhibit": exhibit.pk}
            assert client.post("/case/upload/drop/", sent).status_code == 302
    exhibit.refresh_from_db()
    assert (exhibit.stored_as, exhibit.held_as, exhibit.size) == ("", "", 0)
    assert not storages["evidence"].exists(name)
    assert Signal.objects.active().filter(exhibit=exhibit).count() == signals
    assert case.events.filter(kind="upload_dropped").count() == 1
    assert "We know only the codes of this picture." in page_of(client, PATH)


def test_nobody_drops_a_strangers_upload(client: Client, case: Case) -> None:
    sends(client, a_file())
    reads_all(case)
    exhibit = case.exhibits.latest("pk")
    mallory = Client()
    an_open_case(mallory)
    for number in [exhibit.pk, "", "x", "²", "9" * 40, -1]:
        mallory.post("/case/upload/drop/", {"exhibit": number})
    exhibit.refresh_from_db()
    assert exhibit.stored_as


def test_what_waits_to_be_read_cannot_be_dropped_yet(
    client: Client, case: Case
) -> None:
    sends(client, a_file())
    exhibit = case.exhibits.latest("pk")
    actions.drop_upload(exhibit)
    exhibit.refresh_from_db()
    assert exhibit.stored_as
    assert evidence.open_held(exhibit.held_as, actor="task:test", reason="a test")
    assert "waits to be read" in page_of(client, PATH)


def test_a_double_tap_uploads_once(client: Client, case: Case) -> None:
    token = a_token()
    for _ in range(2):
        sends(client, a_file(), token=token)
    assert case.exhibits.exclude(stored_as="").count() == 1


def test_none_too_many_empty_and_too_large_are_refused_in_words(
    client: Client, case: Case
) -> None:
    assert "Please choose a picture." in sends(client)
    assert "You chose 11 pictures." in sends(client, *[a_file()] * 11)
    assert "File number 2 is empty." in sends(client, a_file(), a_file(b""))
    large = a_file(os.urandom(1000) * 13_200)
    other = a_file(os.urandom(1000) * 13_200)
    assert "larger than 25 MB together" in sends(client, large, other)
    assert not case.exhibits.exclude(stored_as="").exists()


def test_a_file_that_is_no_picture_is_refused_and_dropped(
    client: Client, case: Case
) -> None:
    sends(client, a_file(b"not a picture at all"))
    reads_all(case)
    assert case.exhibits.latest("pk").state == Exhibit.State.REFUSED
    assert "We could not read this file." in page_of(client, PATH)
    assert "You can send it again" in page_of(client, "/case/status/")
