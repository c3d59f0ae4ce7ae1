"""The passphrase's one appearance: strong, kept, typed back, and nowhere else afterwards."""

import logging
import math
import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from portal.cases import receipts
from portal.cases.actions import submit_report
from portal.cases.models import Case
from portal.cases.passphrase import LISTS, WORDS, new_passphrase, normal, words
from portal.intake import receipt as pages
from portal.intake.receipt import disguised
from tests.intake.opening import a_token
from tests.telling import told

pytestmark = pytest.mark.django_db
ASKED = re.compile(r'name="asked" value="([\d ]+)"')


@pytest.fixture
def token() -> str:
    return a_token()


@pytest.fixture
def shown(token: str) -> str:
    """The passphrase that a report showed."""
    receipt = submit_report(
        token=token, told=told(urls=["https://chirp.example/1"]), language="en"
    )
    assert receipt.passphrase
    return receipt.passphrase


def says(client: Client, **sent: object) -> str:
    return client.post("/report/kept/", sent).content.decode()


def types_back(client: Client, token: str, passphrase: str) -> str:
    """Read what is asked for, and type it from the note."""
    asked = ASKED.search(says(client, token=token))
    assert asked
    typed = [passphrase.split()[int(place) - 1] for place in asked[1].split()]
    return says(client, token=token, asked=asked[1], word=typed)


@pytest.mark.parametrize("language", LISTS)
def test_a_passphrase_has_80_bits_in_every_language(language: str) -> None:
    listed = {normal(word) for word in words(language)}
    assert all(" " not in word for word in listed)
    assert WORDS * math.log2(len(listed)) >= 80
    assert len(new_passphrase(language).split()) == WORDS


def test_the_receipt_shows_the_words_in_the_body_and_nowhere_else(
    rf: RequestFactory,
) -> None:
    token = a_token()
    receipt = submit_report(token=token, told=told(), language="ko")
    request = rf.post("/report/review/", {"token": token})
    answer = pages.show(request, receipt)
    page = answer.content.decode()
    assert receipt.passphrase
    assert page.count(receipt.passphrase) == 1
    assert 'lang="ko" dir="auto"' in page
    assert "Nobody can tell you these words again." in page
    assert not answer.cookies
    assert f'value="{token}"' in page


def test_three_words_are_asked_for_before_the_page_is_left(
    client: Client, token: str, shown: str
) -> None:
    page = says(client, token=token)
    assert page.count('name="word"') == 3
    assert shown not in page
    assert "You have your key" in types_back(client, token, shown)


def test_a_wrong_try_shows_the_words_again(
    client: Client, token: str, shown: str
) -> None:
    page = says(client, token=token, asked="1 2 3", word=["a", "b", "c"])
    assert "Not quite" in page
    assert shown in page
    first = shown.split()[:3]
    sloppy = [word.upper() + " " for word in first]
    assert "You have your key" in says(client, token=token, asked="1 2 3", word=sloppy)


@pytest.mark.parametrize(
    "asked", ["", "1", "9 9 9", "0 1 2", "-1 2 3", "a b c", "1 " * 99]
)
def test_a_forged_question_is_only_a_wrong_try(
    client: Client, token: str, shown: str, asked: str
) -> None:
    assert "Not quite" in says(client, token=token, asked=asked, word=["", "", ""])


def test_the_words_can_be_seen_again_before_they_are_typed(
    client: Client, token: str, shown: str
) -> None:
    assert shown in says(client, token=token, again="1")


def test_who_writes_slowly_is_not_cut_off_and_then_types_all_of_them(
    client: Client, token: str, shown: str
) -> None:
    now = timezone.now()
    with time_machine.travel(now + timedelta(minutes=9), tick=False):
        says(client, token=token)
    with time_machine.travel(now + timedelta(minutes=18), tick=False):
        assert shown in says(client, token=token, again="1")
    with time_machine.travel(now + timedelta(minutes=40), tick=False):
        page = says(client, token=token)
        assert "We can no longer show the words" in page
        assert "Not quite" in says(client, token=token, asked="", word=["apple"])
        right = says(client, token=token, asked="", word=[shown])
        assert "You have your key" in right


def test_an_unknown_token_is_told_nothing(client: Client) -> None:
    assert client.post("/report/kept/", {"token": a_token()})["Location"] == "/"
    assert client.post("/report/save/", {"token": a_token()})["Location"] == "/"
    assert client.get("/report/kept/").status_code == 405


@pytest.mark.parametrize(
    ("form", "name"),
    [("plain", "note.txt"), ("shopping", "shopping.txt"), ("recipe", "recipe.txt")],
)
def test_a_saved_file_has_a_dull_name_and_the_words_in_their_order(
    client: Client, token: str, shown: str, form: str, name: str
) -> None:
    answer = client.post("/report/save/", {"token": token, "as": form})
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "no-store" in answer["Cache-Control"]
    text = answer.content.decode()
    places = [re.search(rf"\b{word}\b", text) for word in shown.split()]
    found = [place.start() for place in places if place]
    assert len(found) == WORDS
    # One of the words may be "report" by chance, as it is one of the 2,048.
    said = re.sub("|".join(rf"\b{word}\b" for word in shown.split()), "", text.lower())
    for telling in ("passphrase", "reclaim", "case", "password", "report"):
        assert telling not in said


def test_disguises_keep_the_order_though_a_word_comes_twice() -> None:
    twice = ["zoo", "acid"] * 4
    for form in ("plain", "shopping", "recipe"):
        text = disguised(form, twice)[1]
        assert re.findall("zoo|acid", text) == twice


def test_no_passphrase_is_left_in_database_session_or_log(
    client: Client, token: str, shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    types_back(client, token, shown)
    client.post("/report/save/", {"token": token, "as": "plain"})
    client.post("/case/", {"passphrase": shown})
    client.get("/case/status/")
    client.post("/case/messages/", {"token": a_token(), "words": f"mine: {shown}"})
    assert Case.objects.count() == 1
    for row in everything():
        assert shown not in row
    assert shown not in caplog.text
    assert all(shown not in str(cookie) for cookie in client.cookies.values())
    with time_machine.travel(timezone.now() + timedelta(minutes=30)):
        receipts.forget_receipts()
    assert not Case.objects.get().reports.get().receipt


def everything() -> list[str]:
    """Each row of each table, as text: bytes as they would read in a stolen file."""
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            quoted = connection.ops.quote_name(table)
            cursor.execute(f"SELECT * FROM {quoted}")  # noqa: S608 (our own tables)
            for row in cursor.fetchall():
                parts = [
                    bytes(part).decode("latin-1")
                    if isinstance(part, bytes | memoryview)
                    else str(part)
                    for part in row
                ]
                rows.append(" ".join(parts))
    return rows
