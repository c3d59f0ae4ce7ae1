"""Letters and contact rules: sealed until somebody says why, and on record when opened."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal.accounts.models import AuditEntry, User
from portal.cases.messaging import send_message
from portal.cases.models import Case, Message
from portal.platforms.models import Platform
from tests.desk.scene import a_case, key_in_hand

pytestmark = pytest.mark.django_db
WHY = {"reason": "answering the victim"}
CONTACT = {  # as portal/intake/contact.py writes it
    "version": 1,
    "channel": "text",
    "address": "+44 555 0100",
    "hours": "in the evening",
    "neutral": True,
    "never": "",
}


@pytest.fixture
def case(worker: Client, second: Client, chirp: Platform) -> Case:
    return a_case(contact=json.dumps(CONTACT))


def opened(client: Client, case: Case, **form: str) -> str:
    path = f"/desk/cases/{case.pk}/messages/"
    return client.post(path, form or WHY).content.decode()


def test_letters_are_sealed_until_somebody_says_why(
    worker: Client, wren: User, case: Case
) -> None:
    send_message(case, "They wrote again <b>today</b>.")
    send_message(case, "And once more.")
    page = worker.get(f"/desk/cases/{case.pk}/messages/").content.decode()
    assert "They wrote" not in page
    assert 'value="answering the victim"' in page
    assert "They wrote" not in opened(worker, case, reason=" ")
    page = opened(worker, case)
    assert "They wrote again &lt;b&gt;today&lt;/b&gt;." in page
    assert "And once more." in page
    entry = AuditEntry.objects.get(verb="open", user=wren)
    assert entry.subject == f"case:{case.pk} messages", "one entry for the whole thread"


def test_new_messages_are_counted_until_they_are_opened(
    worker: Client, case: Case
) -> None:
    send_message(case, "Is somebody there?")
    assert "1 new" in worker.get("/desk/").content.decode()
    assert "1 new" in worker.get(f"/desk/cases/{case.pk}/").content.decode()
    opened(worker, case)
    assert "1 new" not in worker.get("/desk/").content.decode()
    assert Message.objects.get().read_at is not None


def test_an_answer_is_sealed_and_on_the_victims_timeline(
    worker: Client, wren: User, case: Case
) -> None:
    path = f"/desk/cases/{case.pk}/messages/answer/"
    page = worker.post(path, {"words": "We are on it."}, follow=True).content.decode()
    assert "Sealed and sent" in page
    message = Message.objects.get()
    assert message.written_by == wren
    assert b"on it" not in bytes(message.sealed)
    assert case.events.filter(kind="message").exists()
    assert "We are on it." in opened(worker, case)
    message.refresh_from_db()
    assert message.read_at is None, "the victim has not read it"


@pytest.mark.parametrize("words", ["", "  ", "x" * 4001, "a\x00b"])
def test_an_answer_that_will_not_do_is_kept_in_the_form(
    worker: Client, case: Case, words: str
) -> None:
    path = f"/desk/cases/{case.pk}/messages/answer/"
    answer = worker.post(path, {"words": words})
    assert answer.status_code == 200
    assert not Message.objects.exists()


def test_a_damaged_letter_hides_no_other(worker: Client, case: Case) -> None:
    first = send_message(case, "first")
    send_message(case, "second")
    Message.objects.filter(pk=first.pk).update(sealed=b"\x02" + bytes(60))
    page = opened(worker, case)
    assert "damaged" in page
    assert "second" in page


def test_a_key_that_is_not_unlocked_opens_no_letter(
    client: Client, wren: User, case: Case
) -> None:
    send_message(case, "first")
    client.force_login(wren)
    page = opened(client, case)
    assert "not yours to use" in page
    assert "first" not in page
    assert not AuditEntry.objects.filter(verb="open", user=wren).exists()
    assert Message.objects.get().read_at is None


def test_the_victim_is_asked_to_look_in_on_a_day(
    worker: Client, wren: User, case: Case
) -> None:
    day = timezone.now().date() + timedelta(days=7)
    path = f"/desk/cases/{case.pk}/ask-back/"
    worker.post(path, {"day": day.isoformat()})
    case.refresh_from_db()
    assert case.come_back_on == day
    assert AuditEntry.objects.filter(user=wren, verb="ask_back").exists()
    assert day.isoformat() in worker.get(f"/desk/cases/{case.pk}/").content.decode()


@pytest.mark.parametrize("days", [None, -1, 0, 366])
def test_a_day_that_will_not_do_changes_nothing(
    worker: Client, case: Case, days: int | None
) -> None:
    day = "soon"
    if days is not None:
        day = (timezone.now().date() + timedelta(days=days)).isoformat()
    path = f"/desk/cases/{case.pk}/ask-back/"
    page = worker.post(path, {"day": day}, follow=True).content.decode()
    assert "Choose a day" in page
    case.refresh_from_db()
    assert case.come_back_on is None


def test_contact_rules_are_shown_on_request_only(
    worker: Client, wren: User, case: Case
) -> None:
    path = f"/desk/cases/{case.pk}/contact/"
    assert f'href="{path}"' in worker.get(f"/desk/cases/{case.pk}/").content.decode()
    assert "evening" not in worker.get(path).content.decode()
    assert "evening" not in worker.post(path, {"reason": ""}).content.decode()
    page = worker.post(path, {"reason": "to call back"}).content.decode()
    for line in ["How: by a text message", "When: in the evening", "about: yes"]:
        assert line in page
    assert "must not learn" not in page, "nothing was told"
    entry = AuditEntry.objects.latest("number")
    assert (entry.user, entry.subject) == (wren, f"case:{case.pk} contact")


@pytest.mark.parametrize("text", ["call in the evening", "[1, 2]", '"words"'])
def test_contact_rules_of_another_shape_are_shown_as_they_are(
    worker: Client, text: str
) -> None:
    case = a_case(contact=text)
    path = f"/desk/cases/{case.pk}/contact/"
    page = worker.post(path, {"reason": "to call back"}).content.decode()
    assert text.replace('"', "&quot;") in page


def test_no_letter_of_one_case_is_in_another(
    worker: Client, wren: User, case: Case
) -> None:
    other = a_case("ben", seed=2)
    send_message(other, "from Ben")
    send_message(case, "from Amina")
    page = opened(worker, case)
    assert "from Amina" in page
    assert "from Ben" not in page
    assert key_in_hand(other, wren).private != key_in_hand(case, wren).private
