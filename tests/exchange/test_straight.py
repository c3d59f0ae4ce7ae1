"""The straight way and REST framework's answer alike; only what is in order goes straight."""

import json

import pytest
from django.utils import timezone
from pytest_django import Settings

from portal.bank.actions import BankAwayError
from portal.exchange.models import ApiKey, Lookup
from portal.exchange.throttling import KeyThrottle
from tests.exchange.conftest import Answer, Machine, a_case, as_json, moved, signals_of

pytestmark = pytest.mark.django_db


def asks(machine: Machine, body: object, **headers: str) -> Answer:
    return machine.client.generic(
        "POST",
        "/api/v1/lookups",
        json.dumps(body),
        "application/json",
        headers=headers,
    )


def test_both_ways_answer_with_the_same_bytes_and_headers(machine: Machine) -> None:
    a_case(1)
    known = [as_json(moved(signals_of(1)["pdq"], bits)) for bits in (0, 7, 40)]
    for body in ({"signals": known}, {"pictures": [known, known[2:]]}):
        roundabout = asks(machine, body, accept="*/*;q=1")
        asks(machine, body)
        straight = asks(machine, body)
        assert machine.client.ways[-3::2] == ["roundabout", "straight"]
        assert straight.content == roundabout.content
        assert dict(straight.headers) == dict(roundabout.headers)
    assert Lookup.objects.count() == 6


def test_the_portal_itself_answers_the_first_lookup_of_each_host(
    machine: Machine, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["portal.example", "portal.onion"]
    body = {"signals": [as_json(signals_of()["pdq"])]}
    for host in ("portal.example", "portal.example", "portal.onion", "other.example"):
        asks(machine, body, host=host)
    assert machine.client.ways == ["roundabout", "straight", "roundabout", "roundabout"]


def test_a_failure_is_told_in_the_same_words_on_both_ways(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"signals": [as_json(signals_of()["pdq"])]}
    asks(machine, body)

    def away(*_: object) -> None:
        raise BankAwayError

    monkeypatch.setattr("portal.bank.actions.lookup", away)
    answers = [asks(machine, body, accept=wanted) for wanted in ("*/*", "*/*;q=1")]
    assert machine.client.ways[1:] == ["straight", "roundabout"]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert answers[0].content == answers[1].content


def test_a_key_that_was_revoked_is_told_so_at_once(machine: Machine) -> None:
    body = {"signals": [as_json(signals_of()["pdq"])]}
    for _ in range(2):
        asks(machine, body)
    ApiKey.objects.update(revoked_at=timezone.now())
    assert asks(machine, body).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"signals": [{"type": "pdq", "value": "0F" * 32}]},
        {"signals": [], "pictures": []},
        {"signals": [{"type": "pdq", "value": "0f" * 32}], "more": 1},
        {"pictures": [[]]},
        {"names": []},
        [],
        "signals",
    ],
)
def test_what_is_not_plainly_in_order_goes_the_other_way(
    machine: Machine, body: object
) -> None:
    asks(machine, {"signals": [as_json(signals_of()["pdq"])]})
    asks(machine, body)
    assert machine.client.ways == ["roundabout", "roundabout"]


def test_the_other_way_is_not_counted_twice(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeyThrottle, "rate", "2/min", raising=False)
    body = {"signals": [as_json(signals_of()["pdq"])]}
    answers = [asks(machine, body, accept="*/*;q=1"), asks(machine, body)]
    answers += [asks(machine, body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert Lookup.objects.count() == 2


def test_a_clock_that_goes_back_shuts_nobody_out(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeyThrottle, "rate", "60/min", raising=False)
    body = {"signals": [as_json(signals_of()["pdq"])]}
    now = 1_000_000.0
    monkeypatch.setattr(KeyThrottle, "timer", lambda _: now)
    assert asks(machine, body).status_code == 200
    now -= 86_400
    assert asks(machine, body).status_code == 200


def test_a_host_that_is_not_ours_is_refused(
    machine: Machine, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["portal.example"]
    body = {"signals": [as_json(signals_of()["pdq"])]}
    assert asks(machine, body).status_code == 400
    assert not Lookup.objects.exists()
