"""The straight way and REST framework's answer alike; only what is in order goes straight."""

import json

import pytest
from django.http import HttpRequest
from pytest_django import Settings

from portal.exchange import straight
from portal.exchange.models import Lookup
from portal.exchange.throttling import KeyThrottle
from portal.exchange.views import Lookups
from tests.exchange.conftest import Answer, Machine, a_case, as_json, moved, signals_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which way each lookup took that was answered."""
    taken: list[str] = []
    dispatch, quick = Lookups.dispatch, straight._json

    def roundabout(view: Lookups, request: HttpRequest) -> object:
        taken.append("roundabout")
        return dispatch(view, request)

    def at_once(*told: object) -> object:
        taken.append("straight")
        return quick(*told)  # type: ignore[arg-type]

    monkeypatch.setattr(Lookups, "dispatch", roundabout)
    monkeypatch.setattr(straight, "_json", at_once)
    return taken


def asks(machine: Machine, body: object, **headers: str) -> Answer:
    return machine.client.generic(
        "POST",
        "/api/v1/lookups",
        json.dumps(body),
        "application/json",
        headers=headers,
    )


def test_both_ways_answer_with_the_same_bytes_and_headers(
    machine: Machine, ways: list[str]
) -> None:
    a_case(1)
    known = [as_json(moved(signals_of(1)["pdq"], bits)) for bits in (0, 7, 40)]
    for body in ({"signals": known}, {"pictures": [known, known[2:]]}):
        answers = [asks(machine, body, accept=wanted) for wanted in ("*/*", "*/*;q=1")]
        assert ways == ["straight", "roundabout"]
        ways.clear()
        assert answers[0].content == answers[1].content
        kept, others = (
            {name: value for name, value in answer.headers.items() if name != "Vary"}
            for answer in answers
        )
        assert kept == others
    assert Lookup.objects.count() == 4


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
    machine: Machine, ways: list[str], body: object
) -> None:
    asks(machine, body)
    assert ways == ["roundabout"]


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
