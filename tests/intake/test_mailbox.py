"""Entering a case, what is seen there, and what a thief of the database sees: nothing."""

import json
from datetime import date, timedelta
from hashlib import sha256
from http.cookies import SimpleCookie

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client
from django.utils import timezone

from portal.accounts.actions import audit
from portal.accounts.models import AuditEntry, User
from portal.cases import actions, messaging
from portal.cases import passphrase as passphrases
from portal.cases.models import Case, Consent, Event
from portal.intake import pressure
from portal.platforms.models import Platform
from tests.intake.opening import a_case, a_token, an_open_case, enters, page_of
from tests.telling import told

pytestmark = pytest.mark.django_db
PAGES = [
    "/case/status/",
    "/case/messages/",
    "/case/more/",
    "/case/upload/",
    "/case/consents/",
    "/case/reach/",
    "/case/letter/",
]


# -- entering --------------------------------------------------------------------------
def test_the_words_open_the_case_however_they_are_typed(client: Client) -> None:
    _, passphrase = a_case()
    assert enters(client, "  " + passphrase.upper().replace(" ", "-") + " ") == 302
    assert "We received your report." in page_of(client, "/case/status/")


@pytest.mark.parametrize("language", ["zh-hans", "ko"])
def test_words_of_other_languages_open_too(client: Client, language: str) -> None:
    an_open_case(client, language=language)
    page_of(client, "/case/status/")


@pytest.mark.parametrize("typed", ["", "wrong words", "\x00", "x" * 5000, "desk"])
def test_wrong_words_get_one_neutral_sentence(client: Client, typed: str) -> None:
    page = client.post("/case/", {"passphrase": typed}).content.decode()
    assert "These words do not open a case" in page
    assert "desk" not in page
    assert client.get("/case/status/").status_code == 302


def test_every_try_costs_one_derivation_whether_right_or_wrong(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, passphrase = a_case()
    derived = []

    def counted(typed: str, salt: bytes) -> passphrases.Opened:
        derived.append(typed)
        return passphrases.open_passphrase(typed, salt)

    monkeypatch.setattr(actions, "open_passphrase", counted)
    assert enters(client, "wrong words") == 200
    assert len(derived) == 1
    assert enters(client, passphrase) == 302
    assert len(derived) == 2


def test_the_session_holds_a_number_and_a_sealed_key(client: Client) -> None:
    _, passphrase = a_case()
    enters(client, passphrase)
    assert set(client.session.keys()) == {"case", "case_key"}
    assert client.session.get_expiry_age() == 15 * 60
    cookie = client.cookies["case_key"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/case/"
    assert not cookie["max-age"]
    assert not cookie["expires"]


def test_a_stolen_session_row_opens_nothing_and_neither_does_the_cookie_alone(
    client: Client,
) -> None:
    case = an_open_case(client)
    stored = client.session.session_key or ""
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = stored
    for path in PAGES:
        assert thief.get(path)["Location"] == "/case/"
    thief.cookies["case_key"] = "A" * 43 + "="
    assert thief.get("/case/status/")["Location"] == "/case/"
    other = Client()
    other.cookies = SimpleCookie({"case_key": client.cookies["case_key"].value})
    assert other.get("/case/status/")["Location"] == "/case/"
    assert case.pk == client.session["case"], "the victim is not disturbed"
    page_of(client, "/case/status/")


def test_entering_gives_a_new_session_and_leaving_ends_it(client: Client) -> None:
    an_open_case(client)
    first = client.session.session_key
    an_open_case(client)
    assert client.session.session_key != first
    assert client.post("/case/leave/").status_code == 200
    assert not client.cookies["case_key"].value
    assert client.get("/case/status/")["Location"] == "/case/"


def test_after_idle_minutes_the_case_is_closed(client: Client) -> None:
    """Fifteen, rounded up to a step of five, so that the row tells no moment."""
    an_open_case(client)
    now = timezone.now()
    with time_machine.travel(now + timedelta(minutes=10), tick=False):
        page_of(client, "/case/status/")
    with time_machine.travel(now + timedelta(minutes=24), tick=False):
        page_of(client, "/case/status/")
    with time_machine.travel(now + timedelta(minutes=45), tick=False):
        assert client.get("/case/status/")["Location"] == "/case/"


# -- guessing --------------------------------------------------------------------------
def solved(ticket: str) -> str:
    """What the page's script finds."""
    number = 0
    while not pressure.is_solved(ticket, str(number)):
        number += 1
    return str(number)


@pytest.fixture
def cheap_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pressure, "BITS", 8)


def test_a_browsers_failures_are_slowed_down_and_then_forgiven(client: Client) -> None:
    _, passphrase = a_case()
    client.get("/case/")
    for _ in range(5):
        assert enters(client, "wrong words") == 200
    answer = client.post("/case/", {"passphrase": passphrase})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    with time_machine.travel(timezone.now() + timedelta(seconds=30)):
        assert enters(client, passphrase) == 302


def guess_from_many(number: int) -> int:
    browser = Client()
    browser.cookies[settings.CSRF_COOKIE_NAME] = f"browser-{number}"
    return enters(browser, f"wrong words {number}")


def test_a_flood_of_guesses_is_turned_away_and_the_right_words_still_get_in(
    client: Client, cheap_work: None
) -> None:
    _, passphrase = a_case()
    answers = [guess_from_many(number) for number in range(300)]
    assert answers.count(200) < 75, "the others were refused before any derivation"
    assert answers[-100:] == [429] * 100
    client.get("/case/")
    page = client.post("/case/", {"passphrase": passphrase})
    assert page.status_code == 429
    assert passphrase in page.content.decode(), "nobody has to type them twice"
    ticket = page.context["ticket"]
    sent = {"passphrase": passphrase, "ticket": ticket, "solution": solved(ticket)}
    assert client.post("/case/", sent).status_code == 302


def test_without_scripts_a_short_wait_takes_the_place_of_the_work(
    client: Client,
) -> None:
    _, passphrase = a_case()
    for number in range(100):
        guess_from_many(number)
    page = client.get("/case/")
    assert "noscript" in page.content.decode()
    sent = {"passphrase": passphrase, "ticket": page.context["ticket"], "solution": ""}
    assert client.post("/case/", sent).status_code == 429
    waited = timezone.now() + timedelta(seconds=pressure.WAIT + 1)
    with time_machine.travel(waited):
        assert client.post("/case/", sent).status_code == 302


def test_a_ticket_is_good_once_and_for_a_while(cheap_work: None) -> None:
    ticket = pressure.new_ticket()
    solution = solved(ticket)
    assert pressure.is_paid(ticket, solution)
    assert not pressure.is_paid(ticket, solution), "spent"
    late = pressure.new_ticket()
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert not pressure.is_paid(late, solved(late))
    for forged in ["", "x", ticket[:-1] + "x", signing.dumps("a", salt="other")]:
        assert not pressure.is_paid(forged, "1")
    assert not pressure.is_solved(ticket, "1 ")
    assert not pressure.is_solved(ticket, "²")


def test_a_solution_is_a_plain_hash_that_anybody_can_check(cheap_work: None) -> None:
    ticket = pressure.new_ticket()
    digest = sha256(f"{ticket}.{solved(ticket)}".encode()).digest()
    assert digest[0] == 0


def test_no_work_is_asked_for_in_quiet_times_and_a_guess_writes_no_row(
    client: Client,
) -> None:
    page = page_of(client, "/case/")
    assert "data-bits" not in page
    assert "js/enter" not in page
    enters(client, "wrong words")
    assert not Session.objects.exists()


# -- what is seen ----------------------------------------------------------------------
def test_without_a_case_every_page_asks_for_the_words(client: Client) -> None:
    for path in [*PAGES, "/case/day.ics", "/case/letter/letter.pdf", "/case/withdraw/"]:
        assert client.get(path)["Location"] == "/case/"
    for path in ["/case/withdraw/", "/case/consents/", "/case/upload/drop/"]:
        assert client.post(path)["Location"] == "/case/"


def test_every_page_of_the_mailbox_opens_under_a_title_of_its_own(
    client: Client,
) -> None:
    an_open_case(client)
    pages = [page_of(client, path) for path in PAGES]
    titles = {page.split("<title>")[1].split("</title>")[0] for page in pages}
    assert len(titles) == len(PAGES)


def test_a_promise_is_shown_then_kept_or_owned_up_to(
    client: Client, wren: User
) -> None:
    case = an_open_case(client)
    assert "A person reads it by" in page_of(client, "/case/status/")
    Event.objects.update(due_at=timezone.now() - timedelta(hours=1))
    assert "We did not keep that, and we are sorry." in page_of(client, "/case/status/")
    Event.objects.update(due_at=timezone.now() + timedelta(hours=9))
    audit(wren, "open", f"case:{case.pk} report:1", "to read it")
    assert "A person has read it." in page_of(client, "/case/status/")
    Event.objects.update(due_at=timezone.now() - timedelta(hours=1))
    assert "We had promised" in page_of(client, "/case/status/")


def test_neither_anothers_reading_nor_a_handover_keeps_a_promise(
    client: Client, wren: User
) -> None:
    case = an_open_case(client)
    audit(wren, "open", f"case:{case.pk}1 report:1", "to read it")
    audit(wren, "grant", f"case:{case.pk}", "granted to user:7")
    assert "A person has read it." not in page_of(client, "/case/status/")


def test_a_threat_is_promised_to_be_read_sooner() -> None:
    calm, _ = a_case()
    threatened, _ = a_case(told(threatened=True))
    first, second = Event.objects.filter(kind="received").order_by("due_at")
    assert (first.case, second.case) == (threatened, calm)


def test_the_day_to_come_back_is_shown_and_fits_a_calendar_without_a_word(
    client: Client,
) -> None:
    case = an_open_case(client)
    assert client.get("/case/day.ics").status_code == 404
    Case.objects.update(come_back_on=date(2026, 12, 3))
    assert "Dec. 3, 2026" in page_of(client, "/case/status/")
    answer = client.get("/case/day.ics")
    text = answer.content.decode()
    assert "DTSTART;VALUE=DATE:20261203\r\nSUMMARY:Reminder\r\n" in text
    assert case.reference not in text
    assert "eclaim" not in text
    assert answer["Content-Disposition"] == 'attachment; filename="day.ics"'


def test_consents_show_their_dates_and_whom_they_reach(
    client: Client, chirp: Platform
) -> None:
    case = an_open_case(client)
    actions.give_consent(case, Consent.Kind.SHARING, [str(chirp.pk)])
    page = page_of(client, "/case/consents/")
    assert "Only: Chirp" in page
    assert "You allowed it on" in page
    client.post("/case/consents/", {"kind": "sharing", "given": "0"})
    assert "and took it back on" in page_of(client, "/case/consents/")
    assert not case.consents_to(Consent.Kind.SHARING)
    client.post("/case/consents/", {"kind": "sharing", "given": "1"})
    assert case.consents_to(Consent.Kind.SHARING)
    assert client.post("/case/consents/", {"kind": "all"}).status_code == 302


def test_the_rules_of_contact_are_read_changed_and_kept_sealed(client: Client) -> None:
    case = an_open_case(client)
    sent = {"channel": "email", "address": "quiet@post.example", "never": "my father"}
    assert client.post("/case/reach/", sent).status_code == 302
    case.refresh_from_db()
    assert b"quiet@post.example" not in bytes(case.contact)
    page = page_of(client, "/case/reach/")
    assert "quiet@post.example" in page
    assert "my father" in page
    wrong = client.post("/case/reach/", {"channel": "email", "address": ""})
    assert wrong.status_code == 200
    client.post("/case/reach/", {"channel": "none"})
    case.refresh_from_db()
    assert not case.contact


def test_addresses_and_codes_are_added_later_and_once(client: Client) -> None:
    case = an_open_case(client)
    hashed = [{"value": "b" * 64, "quality": 90}]
    claim = {"kind": "picture", "sha256": "a" * 64, "pdq": hashed}
    sent = {
        "token": a_token(),
        "urls": "https://boards.example/2\n@some_channel",
        "claims": json.dumps([claim]),
        "details": "It is the same one.",
    }
    for _ in range(2):
        assert client.post("/case/more/", sent).status_code == 302
    report = case.reports.latest("pk")
    assert case.reports.count() == 2
    assert {url.kind for url in report.urls.all()} == {"web", "telegram"}
    assert report.exhibits.get().claims[0]["value"] == "a" * 64
    assert b"same one" not in bytes(report.details)
    assert "You gave us more." in page_of(client, "/case/status/")


def test_nothing_added_and_nonsense_are_refused_in_words(client: Client) -> None:
    case = an_open_case(client)
    empty = client.post("/case/more/", {"token": a_token()})
    assert "Give us an address" in empty.content.decode()
    wrong = client.post("/case/more/", {"token": a_token(), "urls": "ftp://a.example"})
    assert "Line 1" in wrong.content.decode()
    assert case.reports.count() == 1


# -- endings ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (Case.Ending.WITHDRAWN, "This case is withdrawn"),
        (Case.Ending.EXPIRED, "The time of this case is over"),
    ],
)
def test_an_ended_case_shows_its_end_on_every_path(
    client: Client, ending: Case.Ending, words: str
) -> None:
    case, passphrase = a_case()
    enters(client, passphrase)
    actions.end_case(case, ending)
    assert words in page_of(client, "/case/status/")
    for path in PAGES[1:]:
        assert client.get(path)["Location"] == "/case/status/"
    again = Client()
    assert enters(again, passphrase) == 302, "the words still tell how it ended"
    assert words in page_of(again, "/case/status/")
    answer = again.post("/case/messages/", {"token": a_token(), "words": "hello"})
    assert answer["Location"] == "/case/status/"


def test_a_frozen_case_says_why_and_who_can_help(client: Client, wren: User) -> None:
    case = an_open_case(client)
    actions.freeze_case(case, wren, "looks young")
    assert "We had to stop this case" in page_of(client, "/case/status/")
    assert client.get("/case/messages/")["Location"] == "/case/status/"


def test_victims_own_reading_leaves_no_trace_in_the_audit_log(
    client: Client, wren: User
) -> None:
    case = an_open_case(client)
    messaging.send_message(case, "We found two copies.", written_by=wren)
    before = AuditEntry.objects.count()
    assert "We found two copies." in page_of(client, "/case/messages/")
    assert AuditEntry.objects.count() == before
