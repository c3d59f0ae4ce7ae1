from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User
from portal.cases.models import Case, Consent
from portal.sightings import actions as sightings
from portal.sightings.models import Sighting
from tests.desk.scene import a_case, a_copy, a_draft
from tests.intake.reporting import sends

pytestmark = pytest.mark.django_db


def enters(client: Client, passphrase: str) -> int:
    return client.post("/case/", {"passphrase": passphrase}).status_code


def opens(client: Client, case: Case) -> str:
    """See the status page of a case as its victim, without deriving the passphrase."""
    session = client.session
    session["case"] = case.pk
    session.save()
    return client.get("/case/status/").content.decode()


@pytest.fixture
def passphrase(client: Client) -> str:
    return sends(client)


def test_the_words_open_the_case_however_they_are_typed(
    client: Client, passphrase: str
) -> None:
    typed = "  " + passphrase.upper().replace(" ", "-") + " "
    assert enters(client, typed) == 302
    assert "We received your report." in client.get("/case/status/").content.decode()


def test_the_session_holds_the_case_and_nothing_else(
    client: Client, passphrase: str
) -> None:
    client.session.save()
    before = client.session.session_key
    enters(client, passphrase)
    assert client.session.session_key != before
    assert set(client.session.keys()) == {"case"}
    assert client.session.get_expiry_age() == 15 * 60
    assert client.cookies["sessionid"]["max-age"] == "", "it goes with the window"


@pytest.mark.parametrize("typed", ["", "wrong words", "\x00", "x" * 5000, "desk"])
def test_wrong_words_get_one_neutral_sentence(client: Client, typed: str) -> None:
    page = client.post("/case/", {"passphrase": typed}).content.decode()
    assert "These words do not open a case" in page
    assert "desk" not in page
    assert client.get("/case/status/").status_code == 302


def test_failures_are_slowed_down_and_then_forgiven(
    client: Client, passphrase: str
) -> None:
    for _ in range(5):
        assert enters(client, "wrong words") == 200
    answer = client.post("/case/", {"passphrase": passphrase})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    with time_machine.travel(timezone.now() + timedelta(seconds=30)):
        assert enters(client, passphrase) == 302


def test_one_victims_failures_do_not_keep_another_out(
    client: Client, passphrase: str
) -> None:
    for _ in range(6):
        enters(Client(), "wrong words")
    mallory = Client()
    for _ in range(6):
        enters(mallory, "wrong words")
    assert enters(client, passphrase) == 302


def test_without_a_case_every_page_asks_for_the_words(client: Client) -> None:
    for path in ["/case/status/", "/case/withdraw/"]:
        assert client.get(path)["Location"] == "/case/"
    assert client.post("/case/withdraw/")["Location"] == "/case/"
    assert client.post("/case/consents/", {"kind": "notices"})["Location"] == "/case/"


def test_copies_are_counted_by_site_and_a_doubtful_one_is_not_shown_yet(
    client: Client, chirp: object
) -> None:
    case = a_case()
    a_copy(case, "/1")
    gone = a_copy(case, "/2")
    Sighting.objects.filter(pk=gone.pk).update(status=Sighting.Status.GONE)
    doubtful = a_copy(case, "/3", host="boards.example")
    Sighting.objects.filter(pk=doubtful.pk).update(kind=Sighting.Kind.POSSIBLE)
    page = opens(client, case)
    assert "1 still there" in page
    assert "1 gone" in page
    assert "<strong>boards.example</strong>" not in page


def test_a_rejected_copy_is_not_shown(
    client: Client, chirp: object, wren: User
) -> None:
    case = a_case()
    sightings.decide(a_copy(case), wren, confirmed=False)
    assert "<strong>chirp.example</strong>" not in opens(client, case)


def test_a_notice_is_told_in_plain_words(
    client: Client, chirp: object, wren: User
) -> None:
    case = a_case()
    a_draft(a_copy(case), wren)
    page = opens(client, case)
    assert "We are preparing it." in page
    assert "We prepared a removal request to Chirp." in page


def test_consents_are_taken_back_and_given_one_by_one(
    client: Client, chirp: object
) -> None:
    case = a_case()
    opens(client, case)
    client.post("/case/consents/", {"kind": "notices", "given": "0"})
    assert not case.consents_to(Consent.Kind.NOTICES)
    assert case.consents_to(Consent.Kind.MATCHING)
    client.post("/case/consents/", {"kind": "notices", "given": "1"})
    assert case.consents_to(Consent.Kind.NOTICES)
    assert client.post("/case/consents/", {"kind": "all"}).status_code == 302


def test_stopping_everything_asks_once_and_cannot_be_undone(client: Client) -> None:
    case = a_case()
    opens(client, case)
    assert "cannot be undone" in client.get("/case/withdraw/").content.decode()
    assert not Case.objects.get().is_withdrawn
    assert client.post("/case/withdraw/").status_code == 302
    page = client.get("/case/status/").content.decode()
    assert "You withdrew this case." in page
    assert "What we may do" not in page
    client.post("/case/consents/", {"kind": "notices", "given": "0"})
    assert case.consents_to(Consent.Kind.NOTICES), "nothing changes any more"
    assert client.get("/case/withdraw/")["Location"] == "/case/status/"


def test_leaving_closes_the_case_on_this_device(client: Client) -> None:
    opens(client, a_case())
    assert client.post("/case/leave/").status_code == 200
    assert client.get("/case/status/")["Location"] == "/case/"
