"""Letters between a victim and the desk: sealed, counted, and never a passphrase."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from portal.accounts.models import User
from portal.cases import messaging
from portal.cases.models import Message
from portal.intake import messages
from tests.intake.opening import a_case, a_token, an_open_case, enters, page_of

pytestmark = pytest.mark.django_db
PATH = "/case/messages/"


def writes(client: Client, words: str, token: str = "") -> int:
    sent = {"token": token or a_token(), "words": words}
    return client.post(PATH, sent).status_code


def test_a_message_is_sealed_in_the_database_and_read_by_both(
    client: Client, wren: User
) -> None:
    case = an_open_case(client)
    assert writes(client, "They know my school.") == 302
    messaging.send_message(case, "We are on it.", written_by=wren)
    for message in Message.objects.all():
        assert b"school" not in bytes(message.sealed)
        assert b"on it" not in bytes(message.sealed)
    page = page_of(client, PATH)
    assert "They know my school." in page
    assert "We are on it." in page


def test_a_letter_from_the_desk_is_new_once_and_its_reading_is_kept_to_the_hour(
    client: Client, wren: User
) -> None:
    case = an_open_case(client)
    messaging.send_message(case, "We are on it.", written_by=wren)
    assert "1 new message" in page_of(client, "/case/status/")
    assert ">New<" in page_of(client, PATH)
    assert ">New<" not in page_of(client, PATH)
    read_at = Message.objects.get().read_at
    assert read_at is not None
    assert (read_at.minute, read_at.second) == (0, 0)


def test_markup_in_a_message_is_shown_as_it_was_typed(client: Client) -> None:
    an_open_case(client)
    writes(client, "<script>alert(1)</script>\nsecond line")
    page = page_of(client, PATH)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>second line" in page


@pytest.mark.parametrize("language", ["en", "zh-hans", "ko"])
def test_a_passphrase_is_kindly_refused_as_a_message(
    client: Client, language: str
) -> None:
    _, passphrase = a_case(language=language)
    enters(client, passphrase)
    answer = client.post(PATH, {"token": a_token(), "words": f"mine: {passphrase} ok?"})
    assert "It is your key alone" in answer.content.decode()
    assert not Message.objects.exists()


@pytest.mark.parametrize("words", ["", "   ", "a\x00b", "x" * 5001])
def test_what_cannot_be_sent_is_said_and_nothing_is_lost(
    client: Client, words: str
) -> None:
    an_open_case(client)
    answer = client.post(PATH, {"token": a_token(), "words": words})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not Message.objects.exists()


def test_a_double_tap_is_one_message(client: Client) -> None:
    an_open_case(client)
    token = a_token()
    for _ in range(2):
        assert writes(client, "hello", token) == 302
    assert Message.objects.count() == 1


def test_a_day_has_room_for_so_many_messages(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "MOST_A_DAY", 2)
    an_open_case(client)
    for _ in range(2):
        assert writes(client, "hello") == 302
    answer = client.post(PATH, {"token": a_token(), "words": "one more"})
    page = answer.content.decode()
    assert "Please write again tomorrow" in page
    assert "one more" in page
    Message.objects.update(at=timezone.now() - timedelta(days=2))
    assert writes(client, "one more") == 302


def test_an_answer_is_promised_and_a_broken_promise_is_owned_up_to(
    client: Client, wren: User
) -> None:
    case, passphrase = a_case()
    enters(client, passphrase)
    writes(client, "Is anybody there?")
    assert "A person answers you by" in page_of(client, PATH)
    with time_machine.travel(timezone.now() + timedelta(days=5)):
        enters(client, passphrase)
        assert "did not keep that" in page_of(client, PATH)
    messaging.send_message(case, "Yes.", written_by=wren)
    enters(client, passphrase)
    assert "A person answers you by" not in page_of(client, PATH)


def test_a_case_open_in_two_tabs_and_two_browsers_loses_no_message(
    client: Client,
) -> None:
    _, passphrase = a_case()
    other = Client()
    enters(client, passphrase)
    enters(other, passphrase)
    page_of(client, PATH)
    page_of(other, PATH)
    assert writes(client, "from the first") == 302
    assert writes(other, "from the second") == 302
    assert writes(client, "from the first again") == 302
    page = page_of(other, PATH)
    for words in ["from the first", "from the second", "from the first again"]:
        assert words in page
    other.post("/case/leave/")
    assert "from the second" in page_of(client, PATH), "one tab closed, one still open"


def test_another_victim_sees_nothing_of_it(client: Client) -> None:
    an_open_case(client)
    writes(client, "They know my school.")
    ben = Client()
    an_open_case(ben)
    assert "school" not in page_of(ben, PATH)
