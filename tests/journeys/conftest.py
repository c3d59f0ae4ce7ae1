"""Drivers through HTTP, so that the journeys read as prose. Nothing is patched.

Bells ring at once (Celery's eager mode) when the transaction that rings them commits; the
crawl runs in its real subprocess against a real site on loopback.
"""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.accounts.models import User
from portal.cases.models import Report
from portal.intake.questions import STEPS
from tests import drawing
from tests.conftest import signs_in
from tests.intake.reporting import (
    TOKEN,
    answers,
    claims_of,
    passphrase_in,
    token_in,
)
from tests.journeys.quiet import Listener
from tests.loopback_sites import Site, serve

DETAILS = "words of mine"
NAME = "amina-behind-the-school.jpg"  # of her file, on her own device
CONSENTS = ("matching", "sharing", "notices", "evidence", "check")


@pytest.fixture(autouse=True)
def bells_ring_at_once(transactional_db: None, bells: None) -> None:
    """When what rings them is committed."""


@pytest.fixture(autouse=True)
def logs(transactional_db: None) -> Iterator[Listener]:
    """Whatever a test does, no logger says a secret. `logs.plant` adds to them."""
    with Listener() as listener:
        listener.plant(DETAILS)
        yield listener
    listener.plant_what_the_database_holds()
    listener.check()


@dataclass
class Victim:
    logs: Listener
    client: Client = field(default_factory=Client)
    passphrase: str = ""
    secrets: list[str | bytes] = field(default_factory=lambda: [DETAILS])

    def hides(self, *secrets: str | bytes) -> None:
        """Things that no log may tell, and no disk."""
        self.secrets += secrets
        self.logs.plant(*secrets)

    def reports(
        self,
        picture: bytes | None,
        *,
        more: Sequence[bytes] = (),
        urls: str = "",
        consents: tuple[str, ...] = CONSENTS,
    ) -> None:
        """File a report through its steps. Pictures stay on the device: codes are sent."""
        pictures = [*([picture] if picture else []), *more]
        self.fills(
            where={"urls": urls},
            picture={"claims": claims_of(*pictures) if pictures else ""},
            allow={"consents": list(consents)},
        )
        self.passphrase = passphrase_in(self.sends())
        self.hides(self.passphrase, *pictures)

    def opens_a_case(self) -> None:
        """The least report, of a threat: neither a picture nor an address."""
        self.fills(what={"kinds": ["threat"]})
        self.passphrase = passphrase_in(self.sends())
        self.hides(self.passphrase)

    def uploads(self, *pictures: bytes, points: bool = False) -> None:
        """The second step, in the open mailbox: the pictures themselves."""
        sent = self.agrees(points=points) | {
            "pictures": [a_file(data) for data in pictures]
        }
        answer = self.client.post("/case/upload/", sent)
        assert answer.status_code == 302, answer.content.decode()
        self.hides(*pictures)

    def agrees(self, *, points: bool = False) -> dict[str, object]:
        """Agree to the second step; what its form then sends beside the files."""
        self.sees()
        asked = TOKEN.search(self.client.get("/case/upload/").content.decode())
        assert asked
        agreed = {"token": asked[1], "adult": "on", "keep": "on"}
        agreed |= {"points": "on"} if points else {}
        answer = self.client.post("/case/upload/", agreed)
        assert 'type="file"' in answer.content.decode()
        self.hides(asked[1], NAME)
        return agreed | {"send": "1"}

    def fills(self, **steps: Mapping[str, object]) -> None:
        """Answer the steps of the report, up to the last page."""
        told: dict[str, Mapping[str, object]] = {"fears": {"details": DETAILS}}
        told["allow"] = {"consents": [*CONSENTS]}
        answers(self.client, **(told | steps))
        self.hides(self.token(), self.client.cookies["draft"].value)

    def token(self) -> str:
        """The one-time token of the last page."""
        return token_in(self.client)

    def sends(self) -> bytes:
        """Press “Send the report” on the last page."""
        answer = self.client.post("/report/review/", {"token": self.token()})
        assert answer.status_code == 200
        return answer.content

    def is_refused(
        self, before: Mapping[str, Mapping[str, object]] | None = None, **typed: object
    ) -> str:
        """The page of the step with these fields that says so; nothing can be sent.

        `before` are answers to other steps.
        """
        step = next(
            name for name in STEPS if typed.keys() <= STEPS[name].base_fields.keys()
        )
        reports = Report.objects.count()
        self.fills(**(before or {}))
        answer = self.client.post(f"/report/{step}/", typed)
        page = html.unescape(answer.content.decode())
        assert answer.status_code == 200
        assert "nothing was sent yet" in page
        assert "Nothing was sent yet" in self.sends().decode()
        assert Report.objects.count() == reports
        return page

    def sees(self) -> str:
        self.client.post("/case/", {"passphrase": self.passphrase})
        answer = self.client.get("/case/status/")
        assert answer.status_code == 200
        return answer.content.decode()

    def withdraws(self) -> None:
        self.sees()
        answer = self.client.post("/case/withdraw/")
        assert answer.status_code in {200, 302}


@dataclass
class Worker:
    user: User
    client: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        signs_in(self.client, self.user)

    def sees(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.content.decode()

    def does(self, path: str, **form: object) -> str:
        answer = self.client.post(path, form, follow=True)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.content.decode()


@pytest.fixture
def amina(logs: Listener) -> Victim:
    return Victim(logs)


@pytest.fixture
def ben(logs: Listener) -> Victim:
    return Victim(logs)


@pytest.fixture
def site() -> Iterator[Site]:
    with serve(Site()) as running:
        yield running


@pytest.fixture
def bell_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody hears that a report or an upload came in; a sweep must find it."""
    for door in ("report", "upload"):
        monkeypatch.setattr(f"portal.intake.{door}.ring_on_commit", lambda *_: None)


def a_file(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(NAME, data, "image/jpeg")


def picture(seed: int) -> bytes:
    return drawing.encode(drawing.landscape(seed), "JPEG")


def post(path: str, account: str = "mallory") -> str:
    return (
        f'<article><a rel="author">{account}</a>'
        f'<time datetime="2026-03-01T10:00:00Z">then</time><img src="{path}"></article>'
    )
