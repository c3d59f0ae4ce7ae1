"""The harmless photo: adults only, agreed to first, and its features alone."""

from collections.abc import Iterator

import pytest
from django.test import Client

from portal.cases.models import Case, Consent
from portal.cases.originals import MOST, opened
from portal.intake import original
from tests.drawing import blank
from tests.intake.opening import a_token, an_open_case, page_of
from tests.photographed import device_tells
from tests.telling import told

pytestmark = pytest.mark.django_db
PATH = "/case/original/"
AGREED = {"adult": "on", "keep": "on"}
CONTROL = "data-original"


@pytest.fixture(autouse=True)
def no_bells(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(original, "ring", lambda *_: None)
    return iter([None])


@pytest.fixture
def case(client: Client) -> Case:
    consents = [Consent.Kind.MATCHING, *original.NEEDED]
    given = told(urls=["https://chirp.example/1"], consents=consents)
    return an_open_case(client, given)


def sends(client: Client, features: str, **over: object) -> str:
    sent = {"token": a_token(), "send": "1", "told": features, **AGREED, **over}
    answer = client.post(PATH, sent)
    return answer.content.decode() if answer.status_code == 200 else ""


def test_nothing_is_asked_for_before_both_questions_are_answered(
    client: Client, case: Case
) -> None:
    assert CONTROL not in page_of(client, PATH)
    for sent in [{}, {"adult": "on"}, {"keep": "on"}]:
        page = client.post(PATH, {"token": a_token(), **sent}).content.decode()
        assert CONTROL not in page
        assert 'role="alert"' in page
    page = client.post(PATH, {"token": a_token(), **AGREED}).content.decode()
    assert CONTROL in page
    for missing in ("adult", "keep"):
        assert CONTROL not in sends(client, device_tells(), **{missing: ""})
    assert not case.originals.exists()


def test_the_page_says_what_leaves_the_device_and_takes_no_file(
    client: Client, case: Case
) -> None:
    page = client.post(PATH, {"token": a_token(), **AGREED}).content.decode()
    assert case
    assert "What leaves this device: a list of points" in page
    assert "draw rough outlines" in page
    assert "multipart" not in page


@pytest.mark.parametrize("missing", original.NEEDED)
def test_where_no_program_would_look_nothing_is_taken(
    client: Client, missing: Consent.Kind
) -> None:
    consents = [kind for kind in original.NEEDED if kind != missing]
    given = told(urls=["https://chirp.example/1"], consents=consents)
    case = an_open_case(client, given)
    assert "We can compare only if you allow two things" in page_of(client, PATH)
    assert CONTROL not in sends(client, device_tells())
    assert not case.originals.exists()


def test_what_is_given_once_is_listed_and_taken_back(
    client: Client, case: Case
) -> None:
    features, token = device_tells(), a_token()
    for _ in range(2):  # a double tap
        assert sends(client, features, token=token) == ""
    assert opened(case, actor="task:test") == [features.encode()]
    page = page_of(client, PATH)
    assert page.count("Remove the points of this photo") == 1
    assert "We do not have the photo." in page
    row = case.originals.get()
    for number in ["", "x", "²", "9" * 40, -1, row.pk, row.pk]:
        client.post(f"{PATH}drop/", {"original": number})
    assert not case.originals.exists()


def test_nobody_takes_back_a_strangers(client: Client, case: Case) -> None:
    sends(client, device_tells())
    mallory = Client()
    an_open_case(mallory)
    mallory.post(f"{PATH}drop/", {"original": case.originals.get().pk})
    assert case.originals.count() == 1


def test_what_is_no_such_thing_is_refused_in_words(client: Client, case: Case) -> None:
    for features in ("", "{", "x" * 400_000):
        assert 'role="alert"' in sends(client, features)
    assert "too plain" in sends(client, device_tells(blank()))
    assert not case.originals.exists()


def test_there_is_an_end_to_it(client: Client, case: Case) -> None:
    features = device_tells()
    for _ in range(MOST + 1):
        sends(client, features)
    assert case.originals.count() == MOST
    assert "as many photos as we can compare with" in page_of(client, PATH)
