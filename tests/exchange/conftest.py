"""Chirp's machine, and cases whose pictures it may ask about."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse

import tracker
from portal.accounts.models import User
from portal.bank.actions import deposit
from portal.cases.actions import submit_report
from portal.cases.models import Case, Consent
from portal.exchange.actions import issue_key
from portal.exchange.models import ApiKey
from portal.platforms.models import Platform
from tests import drawing
from tests.exchange.server_client import ServerClient
from tests.telling import told

if TYPE_CHECKING:  # what the test client makes of a response exists for types only
    from django.test.client import _MonkeyPatchedWSGIResponse

    Answer = _MonkeyPatchedWSGIResponse
else:
    Answer = HttpResponse


class Machine:
    """A platform's program: it knows a key and nothing else."""

    def __init__(self, key: str) -> None:
        self.client = ServerClient({"authorization": f"Bearer {key}"})

    def posts(self, path: str, body: object) -> Answer:
        return self.client.post(f"/api/v1/{path}", body, "application/json")

    def asks(self, *signals: tracker.Signal) -> list[dict[str, Any]]:
        """The results of one question for each signal."""
        body = {"signals": [as_json(signal) for signal in signals]}
        return results(self.posts("lookups", body))

    def uploads(self, data: bytes) -> Answer:
        upload = SimpleUploadedFile("x.jpg", data, "image/jpeg")
        return self.client.post("/api/v1/lookups", {"picture": upload})

    def tells(self, match_id: str, outcome: str = "removed", **more: int) -> Answer:
        body = {"match_id": match_id, "outcome": outcome} | more
        return self.posts("feedback", body)


def results(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def as_json(signal: tracker.Signal) -> dict[str, str]:
    return {"type": signal.type, "value": signal.value}


@cache
def picture(seed: int = 1) -> bytes:
    return drawing.encode(drawing.landscape(seed), "JPEG", quality=90)


@cache
def signals_of(seed: int = 1) -> Mapping[str, tracker.Signal]:
    made = tracker.hash_picture(tracker.decode(picture(seed)), whole=True)
    return {signal.type: signal for signal in made}


def moved(signal: tracker.Signal, bits: int) -> tracker.Signal:
    """The signal of another copy, so many bits away."""
    flipped = int(signal.value, 16) ^ ((1 << bits) - 1)
    return tracker.parse_signal(signal.type, f"{flipped:0{len(signal.value)}x}")


def a_case(
    seed: int = 1,
    consents: Iterable[Consent.Kind] = (Consent.Kind.MATCHING, Consent.Kind.SHARING),
    *,
    token: str = "amina",
) -> Case:
    """A case whose one picture, the landscape of `seed`, is banked."""
    report = submit_report(
        token=token, told=told(pictures=[picture(seed)], consents=consents)
    ).report
    deposit(report.exhibits.get(), signals_of(seed).values())
    return report.case


@pytest.fixture
def a_key(wren: User, stella: User) -> Callable[..., tuple[ApiKey, str]]:
    def issue(platform: Platform, *scopes: str) -> tuple[ApiKey, str]:
        wanted = scopes or ("lookup", "feedback")
        return issue_key(platform, wanted, issued_by=wren, approved_by=stella)

    return issue


@pytest.fixture
def machine(a_key: Callable[..., tuple[ApiKey, str]], chirp: Platform) -> Machine:
    return Machine(a_key(chirp)[1])


@pytest.fixture
def other_machine(a_key: Callable[..., tuple[ApiKey, str]]) -> Machine:
    return Machine(a_key(Platform.objects.create(name="Warble"))[1])
