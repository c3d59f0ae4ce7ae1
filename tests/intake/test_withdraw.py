"""One tap and one question; then the page that says who knows, for as long as they ask."""

import re

import pytest
from django.test import Client
from django.utils import timezone

import tracker
from portal.accounts.models import User
from portal.bank.actions import deposit
from portal.cases import actions
from portal.cases.models import Case, Consent
from portal.exchange import feed
from portal.exchange.actions import issue_key, lookup
from portal.exchange.models import ApiKey
from portal.platforms.models import Platform
from tests import telling

pytestmark = pytest.mark.django_db
SIGNAL = tracker.Signal("sha256", "9c1e" * 16, None, tracker.UNSTATED)


@pytest.fixture
def words(client: Client) -> str:
    """A case that is shared, open in `client`; the words that open it again."""
    told = telling.told(
        pictures=[b"a picture"],
        consents=[Consent.Kind.MATCHING, Consent.Kind.SHARING],
    )
    receipt = actions.submit_report(token="amina", told=told)
    deposit(receipt.report.exhibits.get(), [SIGNAL])
    assert receipt.passphrase
    client.post("/case/", {"passphrase": receipt.passphrase})
    return receipt.passphrase


@pytest.fixture
def key(chirp: Platform, wren: User, stella: User) -> ApiKey:
    scopes = ["feed", "lookup"]
    return issue_key(chirp, scopes, issued_by=wren, approved_by=stella)[0]


def sees(client: Client) -> str:
    page = client.get("/case/status/").content.decode()
    return re.sub(r"\s+", " ", page)


def today() -> str:
    now = timezone.now()
    return f"{now.day} {now:%B %Y}"


def test_it_asks_once_and_says_what_will_happen(
    client: Client, words: str, key: ApiKey
) -> None:
    page = client.get("/case/withdraw/").content.decode()
    assert page.count('<form method="post">') == 1
    assert "cannot be undone" in page
    assert "every platform that has your code" not in page
    assert not Case.objects.get().is_withdrawn
    feed.read(key)
    page = client.get("/case/withdraw/").content.decode()
    assert "every platform that has your code" in page


def test_one_tap_stops_at_once_and_twice_is_once(client: Client, words: str) -> None:
    for _ in range(2):
        assert client.post("/case/withdraw/")["Location"] == "/case/status/"
    case = Case.objects.get()
    assert (case.ending, case.wraps.count()) == ("withdrawn", 0)
    page = sees(client)
    assert "You withdrew this case." in page
    assert "There is nobody to tell." in page
    assert client.get("/case/withdraw/")["Location"] == "/case/status/"


def test_the_words_still_open_the_page_that_says_who_knows(
    client: Client, words: str, key: ApiKey
) -> None:
    after = feed.read(key).next
    client.post("/case/withdraw/")
    client.post("/case/leave/")

    client.post("/case/", {"passphrase": words})
    assert 'Chirp</strong> <span class="tag bad">Not yet' in sees(client)

    after = feed.read(key, after).next
    assert "Told, not yet confirmed" in sees(client)
    assert f"We told them on {today()} to delete your code." in sees(client)

    feed.read(key, after)
    assert f"They confirmed on {today()}." in sees(client)


def test_who_only_heard_of_a_match_has_nothing_to_delete(
    client: Client, words: str, key: ApiKey
) -> None:
    assert lookup(key, [[SIGNAL]])[0]
    client.post("/case/withdraw/")
    assert "Nothing to delete" in sees(client)
    assert lookup(key, [[SIGNAL]]) == [[]]


def test_one_platform_is_one_line_and_confirmed_only_when_all_of_it_is(
    client: Client, words: str, key: ApiKey
) -> None:
    exhibit = Case.objects.get().exhibits.get()
    deposit(exhibit, [tracker.Signal("pdq", "a8f6" * 16, 100, "1")])
    after = feed.read(key).next
    client.post("/case/withdraw/")
    half = feed.read(key, after, limit=1).next
    assert ">Not yet<" in sees(client), "of two codes it knows of one"
    all_ = feed.read(key, half).next
    assert ">Confirmed<" not in sees(client)
    feed.read(key, all_)
    page = sees(client)
    assert page.count("<strong>Chirp</strong>") == 1
    assert ">Confirmed<" in page


@pytest.mark.parametrize(
    ("ending", "said"),
    [("expired", "The time of this case is over"), ("frozen", "may be under 18")],
)
def test_a_case_that_ended_otherwise_says_so(
    client: Client, words: str, wren: User, ending: str, said: str
) -> None:
    case = Case.objects.get()
    if ending == "frozen":
        actions.freeze_case(case, wren, "looks young")
    else:
        actions.end_case(case, Case.Ending(ending))
    page = sees(client)
    assert said in page
    assert "You withdrew" not in page


def test_another_victim_sees_nothing_of_it(
    client: Client, words: str, key: ApiKey
) -> None:
    feed.read(key)
    told = telling.told(consents=[Consent.Kind.MATCHING])
    bens = actions.submit_report(token="ben", told=told).passphrase
    other = Client()
    other.post("/case/", {"passphrase": bens or ""})
    other.post("/case/withdraw/")
    assert "Chirp" not in sees(other)


def test_without_the_words_nothing_is_withdrawn(words: str) -> None:
    assert Client().post("/case/withdraw/")["Location"] == "/case/"
    assert not Case.objects.get().is_withdrawn
