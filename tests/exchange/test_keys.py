import io
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from portal.accounts.models import AuditEntry, User
from portal.exchange.actions import ExchangeError, issue_key, revoke_key
from portal.exchange.models import ApiKey
from portal.platforms.models import Platform
from tests.exchange.conftest import Machine

pytestmark = pytest.mark.django_db
Issue = Callable[..., tuple[ApiKey, str]]


def status_with(header: str) -> int:
    client = Client(headers={"authorization": header})
    return client.get("/api/v1/status").status_code


def test_a_key_is_shown_once_and_kept_as_a_hash(a_key: Issue, chirp: Platform) -> None:
    key, text = a_key(chirp)
    assert text.startswith(f"rk_{key.prefix}_")
    kept = ApiKey.objects.values_list().get()
    assert text.rpartition("_")[2] not in repr(kept)
    assert len(bytes(key.digest)) == 32


def test_a_key_may_do_what_its_scopes_say_and_no_more(
    a_key: Issue, chirp: Platform
) -> None:
    asking, telling = (Machine(a_key(chirp, s)[1]) for s in ("lookup", "feedback"))
    assert asking.tells("0" * 32).json()["error"] == "wrong_scope"
    assert asking.tells("0" * 32).status_code == 403
    question = {"signals": [{"type": "sha256", "value": "0" * 64}]}
    assert asking.posts("lookups", question).status_code == 200
    assert telling.posts("lookups", question).json()["error"] == "wrong_scope"
    assert telling.tells("0" * 32).json()["error"] == "unknown_match"


def test_status_tells_a_key_what_it_may_do(machine: Machine) -> None:
    assert machine.client.get("/api/v1/status").json() == {
        "status": "ok",
        "scopes": ["feedback", "lookup"],
        "most_questions": 1000,
        "most_signals_per_picture": 16,
        "most_bytes": 25 * 2**20,
    }


def test_status_without_a_key_says_that_we_answer() -> None:
    answer = Client().get("/api/v1/status").json()
    assert (answer["status"], answer["scopes"]) == ("ok", [])


def test_without_a_key_nothing_can_be_asked() -> None:
    answer = Client().post("/api/v1/lookups", {}, "application/json")
    assert answer.status_code == 401
    assert answer.json()["error"] == "no_key"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_every_wrong_key_is_refused_in_the_same_words(
    a_key: Issue, chirp: Platform
) -> None:
    key, text = a_key(chirp)
    wrong = [
        f"Bearer rk_{key.prefix}_{'0' * 64}",  # the right prefix
        f"Bearer {text}0",
        f"Bearer {text[:-1]}",
        f"Bearer rk_{'0' * 12}_{'0' * 64}",
        f"Basic {text}",
        f"Token {text}",
        text,
        "Bearer",
        "Bearer ",
        "Bearer rk__",
        "Bearer \x00",
        "Bearer r\xe9_x_y",
        "Bearer " + "x" * 5000,
    ]
    answers = [
        Client(headers={"authorization": header}).get("/api/v1/status")
        for header in wrong
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["error"] == "bad_key"
    assert status_with(f"bearer {text}") == 200  # the scheme's case does not matter


def test_a_revoked_key_is_refused_from_the_next_request_on(
    a_key: Issue, chirp: Platform, stella: User
) -> None:
    key, text = a_key(chirp)
    assert status_with(f"Bearer {text}") == 200
    assert revoke_key(key, by=stella, reason="leaked") is True
    assert status_with(f"Bearer {text}") == 401
    assert revoke_key(key, by=stella, reason="again") is False
    assert AuditEntry.objects.filter(verb="revoke_key").count() == 1


def test_a_session_of_the_desk_is_no_key(wren: User) -> None:
    client = Client()
    client.force_login(wren)
    answer = client.post("/api/v1/lookups", {}, "application/json")
    assert answer.json()["error"] == "no_key"


def test_one_person_cannot_give_a_key(chirp: Platform, wren: User) -> None:
    with pytest.raises(ExchangeError, match="two different people"):
        issue_key(chirp, ["lookup"], issued_by=wren, approved_by=wren)
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.create(
            platform=chirp, prefix="x", digest=b"", issued_by=wren, approved_by=wren
        )


@pytest.mark.parametrize("scopes", [["everything"], []])
def test_a_key_has_scopes_that_exist(
    chirp: Platform, wren: User, stella: User, scopes: list[str]
) -> None:
    with pytest.raises(ExchangeError, match="scope"):
        issue_key(chirp, scopes, issued_by=wren, approved_by=stella)


def test_who_has_left_cannot_approve(chirp: Platform, wren: User, stella: User) -> None:
    stella.is_active = False
    with pytest.raises(ExchangeError, match="left"):
        issue_key(chirp, ["lookup"], issued_by=wren, approved_by=stella)


def test_giving_a_key_is_on_record_with_both_people(
    a_key: Issue, chirp: Platform, wren: User, stella: User
) -> None:
    key, text = a_key(chirp)
    entry = AuditEntry.objects.get(verb="issue_key")
    assert (entry.user, entry.subject) == (
        wren,
        f"key:{key.pk} platform:{chirp.pk}",
    )
    assert f"user:{stella.pk}" in entry.reason
    assert text not in entry.reason


def test_the_command_prints_the_key_and_nothing_else(
    chirp: Platform, wren: User, stella: User
) -> None:
    shown, said = io.StringIO(), io.StringIO()
    call_command(
        "issue_key",
        "Chirp",
        scopes="lookup, feedback",
        issued_by="wren",
        approved_by="stella",
        stdout=shown,
        stderr=said,
    )
    text = shown.getvalue().strip()
    assert status_with(f"Bearer {text}") == 200
    assert text not in said.getvalue()
    assert "Chirp" in said.getvalue()


@pytest.mark.parametrize(
    ("platform", "people", "words"),
    [
        ("Nobody", ("wren", "stella"), "No platform"),
        ("Chirp", ("wren", "mallory"), "Nobody on the staff"),
        ("Chirp", ("wren", "wren"), "two different people"),
    ],
)
def test_the_command_says_what_is_missing(
    chirp: Platform,
    wren: User,
    stella: User,
    platform: str,
    people: tuple[str, str],
    words: str,
) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("issue_key", platform, issued_by=people[0], approved_by=people[1])
