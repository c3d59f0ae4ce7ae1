"""A report begun, left and come back to: nothing is lost, and nobody else reads it."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client

from portal.cases.models import Draft, Report
from portal.cases.tasks import sweep_drafts
from portal.intake import drafts
from tests.intake.reporting import (
    ADDRESS,
    answers,
    passphrase_in,
    sends,
    token_in,
)

pytestmark = pytest.mark.django_db


def page(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def words_to_come_back(client: Client) -> str:
    return passphrase_in(client.post("/report/stop/").content)


def comes_back(words: str) -> Client:
    client = Client()
    answer = client.post("/report/continue/", {"passphrase": words})
    assert answer.status_code == 302, "the words open it"
    return client


def test_the_cookie_comes_with_the_first_answer_and_dies_with_the_browser(
    client: Client,
) -> None:
    for path in ["/report/", "/report/what/", "/report/young/", "/report/helping/"]:
        client.get(path)
        assert drafts.COOKIE not in client.cookies
    client.post("/report/what/", {"adult": "on"})
    cookie = client.cookies[drafts.COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/report/"
    assert cookie["expires"] == ""
    assert cookie["max-age"] == ""
    assert bool(cookie["secure"]) == settings.SESSION_COOKIE_SECURE


def test_what_is_kept_cannot_be_read_without_the_cookie(client: Client) -> None:
    answers(client, where={"urls": ADDRESS}, fears={"details": "They know my team."})
    row = Draft.objects.get()
    for secret in (b"chirp", b"team", client.cookies[drafts.COOKIE].value.encode()):
        assert secret not in bytes(row.sealed) + bytes(row.locator)
    assert Client().get("/report/where/")["Location"] == "/report/"


@pytest.mark.parametrize(
    "forged", ["", "x", "A" * 43 + "=", "é", "A" * 9000, "====", "\x7f"]
)
def test_a_forged_cookie_opens_nothing_and_is_replaced(
    client: Client, forged: str
) -> None:
    client.cookies[drafts.COOKIE] = forged
    assert client.get("/report/where/")["Location"] == "/report/"
    answers(client, where={"urls": ADDRESS})
    assert client.cookies[drafts.COOKIE].value != forged
    assert ADDRESS in page(client, "/report/review/")


def test_every_answer_is_there_when_the_line_was_lost(client: Client) -> None:
    """The step reached us and our answer never reached them: the page is opened again."""
    answers(client, where={"urls": ADDRESS}, fears={"details": "mine", "until": ""})
    client.post("/report/fears/", {"details": "mine, and more", "go": "next"})
    assert "mine, and more" in page(client, "/report/fears/")
    assert ADDRESS in page(client, "/report/where/")


def test_going_back_keeps_even_what_is_wrong(client: Client) -> None:
    answers(client)
    answer = client.post("/report/where/", {"urls": "ftp://x", "go": "back"})
    assert answer["Location"] == "/report/what/"
    assert "ftp://x" in page(client, "/report/where/")


@pytest.mark.parametrize(
    ("step", "go", "to"),
    [
        ("what", "next", "/report/where/"),
        ("what", "back", "/report/"),
        ("where", "next", "/report/picture/"),
        ("fears", "review", "/report/review/"),
        ("fears", "stop", "/report/stop/"),
        ("reach", "next", "/report/review/"),
        ("allow", "elsewhere", "/report/reach/"),
    ],
)
def test_each_button_leads_where_it_says(
    client: Client, step: str, go: str, to: str
) -> None:
    answers(client)
    sent = {"adult": "on", "go": go}
    assert client.post(f"/report/{step}/", sent)["Location"] == to


def test_of_two_tabs_the_last_answer_to_each_step_counts(client: Client) -> None:
    answers(client, where={"urls": "https://one.example"}, fears={"details": "one"})
    client.post("/report/where/", {"urls": "https://two.example"})
    review = page(client, "/report/review/")
    assert "https://two.example" in review
    assert "one.example" not in review
    assert "<blockquote>one" in review


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_one_moment_lose_no_step(client: Client) -> None:
    answers(client)
    gate = threading.Barrier(2)
    typed = {"where": {"urls": ADDRESS}, "fears": {"details": "both of them"}}
    codes = []

    def tab(step: str) -> None:
        other = Client()
        other.cookies = client.cookies
        gate.wait()
        codes.append(other.post(f"/report/{step}/", typed[step]).status_code)
        connection.close()

    tabs = [threading.Thread(target=tab, args=[step]) for step in typed]
    for each in tabs:
        each.start()
    for each in tabs:
        each.join()
    assert codes == [302, 302]
    review = page(client, "/report/review/")
    assert ADDRESS in review
    assert "both of them" in review


@pytest.mark.django_db(transaction=True)
def test_a_report_sent_three_times_in_one_moment_is_one_case(client: Client) -> None:
    answers(client, where={"urls": ADDRESS})
    token = token_in(client)
    gate = threading.Barrier(3)
    words: list[str] = []

    def tap() -> None:
        other = Client()
        other.cookies = client.cookies
        gate.wait()
        answer = other.post("/report/review/", {"token": token})
        words.append(passphrase_in(answer.content))
        connection.close()

    taps = [threading.Thread(target=tap) for _ in range(3)]
    for each in taps:
        each.start()
    for each in taps:
        each.join()
    assert len(words) == 3
    assert len(set(words)) == 1
    assert Report.objects.count() == 1
    assert not Draft.objects.exists()


def test_words_open_the_report_on_another_device(client: Client) -> None:
    answers(client, where={"urls": ADDRESS})
    words = words_to_come_back(client)
    assert len(words.split()) == 8
    assert words_to_come_back(client) == words, "an answer lost is an answer again"
    client.post("/report/leave/")
    assert client.get("/report/where/")["Location"] == "/report/"
    other = comes_back(f"  {words.upper()} ")
    assert ADDRESS in page(other, "/report/review/")
    other.post("/report/fears/", {"details": "and this"})
    again = comes_back(words)
    assert "and this" in page(again, "/report/review/")
    assert "words that you came back with" in page(again, "/report/stop/")
    answer = again.post("/report/review/", {"token": token_in(again)})
    passphrase_in(answer.content)
    assert not Draft.objects.exists()
    assert Report.objects.count() == 1


def test_a_report_under_words_is_still_there_on_the_first_device(
    client: Client,
) -> None:
    answers(client, where={"urls": ADDRESS})
    words = words_to_come_back(client)
    client.post("/report/fears/", {"details": "later here"})
    assert "later here" in page(comes_back(words), "/report/review/")
    passphrase_in(client.post("/report/review/", {"token": token_in(client)}).content)
    assert not Draft.objects.exists(), "neither the report nor the way to it"


@pytest.mark.parametrize("typed", ["", "wrong words", "\x00", "x" * 5000, "a b c"])
def test_wrong_words_get_one_neutral_sentence(client: Client, typed: str) -> None:
    answer = client.post("/report/continue/", {"passphrase": typed})
    assert answer.status_code == 200
    assert "These words open no form" in answer.content.decode()
    assert drafts.COOKIE not in client.cookies


def test_guesses_are_slowed_down(client: Client) -> None:
    codes = {
        client.post("/report/continue/", {"passphrase": f"no {n}"}).status_code
        for n in range(70)
    }
    assert codes == {200, 429}


def test_the_words_of_a_case_open_no_form_and_the_other_way_round(
    client: Client,
) -> None:
    case = sends(client)
    answers(client, where={"urls": ADDRESS})
    words = words_to_come_back(client)
    sent = {"passphrase": case}
    assert "open no form" in Client().post("/report/continue/", sent).content.decode()
    assert Client().post("/case/", {"passphrase": words}).status_code == 200


def test_all_can_be_thrown_away_at_once(client: Client) -> None:
    answers(client, where={"urls": ADDRESS})
    words_to_come_back(client)
    answer = client.post("/report/leave/", {"delete": "1"})
    assert "It is deleted" in answer.content.decode()
    assert not Draft.objects.exists()
    assert client.cookies[drafts.COOKIE].value == ""


def test_the_quick_exit_forgets_the_way_to_the_report(client: Client) -> None:
    answers(client, where={"urls": ADDRESS})
    answer = client.get("/exit/")
    assert answer.cookies[drafts.COOKIE].value == ""
    assert answer.cookies[drafts.COOKIE]["path"] == "/report/"


def test_a_report_left_alone_is_deleted_after_a_day(client: Client) -> None:
    begun = datetime.now(UTC)
    answers(client, where={"urls": ADDRESS})
    words = words_to_come_back(client)
    with time_machine.travel(begun + timedelta(hours=23, minutes=59), tick=False):
        sweep_drafts()
        assert Draft.objects.count() == 2
    with time_machine.travel(begun + timedelta(hours=26), tick=False):
        sweep_drafts()
    assert not Draft.objects.exists()
    assert client.get("/report/where/")["Location"] == "/report/"
    assert "open no form" in (
        Client().post("/report/continue/", {"passphrase": words}).content.decode()
    )


def test_a_damaged_row_is_as_none(client: Client) -> None:
    answers(client, where={"urls": ADDRESS})
    for sealed in [b"", b"\x02", b"\x02" + bytes(80), b"\x09" + bytes(80)]:
        Draft.objects.update(sealed=sealed)
        assert client.get("/report/where/")["Location"] == "/report/"


def test_the_token_of_the_page_is_the_only_one(client: Client) -> None:
    answers(client)
    assert token_in(client) == token_in(client)
    assert re.fullmatch(r"[\w-]{43}", token_in(client))
