"""Drivers through HTTP, so that the journeys read as prose. Nothing is patched.

Bells ring at once (Celery's eager mode) when the transaction that rings them commits; the
crawl runs in its real subprocess against a real site on loopback.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.accounts.models import User
from portal.cases.models import Report
from portal.celery import app
from tests import drawing
from tests.conftest import signs_in
from tests.journeys.quiet import Listener
from tests.loopback_sites import Site, serve

PASSPHRASE = re.compile(r'id="passphrase"[^>]*>([^<]+)<')
DETAILS = "words of mine"
TOKEN = re.compile(r'name="token"[^>]*value="([^"]+)"')


@pytest.fixture(autouse=True)
def bells_ring_at_once(transactional_db: None) -> Iterator[None]:
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


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

    def reports(
        self,
        picture: bytes | None,
        *,
        more: Sequence[SimpleUploadedFile] = (),
        urls: str = "",
        consents: tuple[str, ...] = (
            "matching",
            "sharing",
            "notices",
            "evidence",
            "check",
        ),
    ) -> None:
        sent = self.fills(urls=urls, consents=list(consents), pictures=[*more])
        if picture is not None:
            own = SimpleUploadedFile("p.jpg", picture, "image/jpeg")
            sent["pictures"] = [own, *more]
        answer = self.client.post("/report/adult/", sent)
        shown = PASSPHRASE.search(answer.content.decode())
        assert shown, answer.content.decode()
        self.passphrase = shown[1].strip()
        self.logs.plant(self.passphrase, picture or b"")

    def fills(self, **over: object) -> dict[str, object]:
        """What the form sends, with a fresh one-time token."""
        token = TOKEN.search(self.client.get("/report/adult/").content.decode())
        assert token
        self.logs.plant(token[1])
        consents = ["matching", "sharing", "notices", "evidence"]
        filled = {"adult": "on", "details": DETAILS, "consents": consents}
        return {"token": token[1], **filled, **over}

    def is_refused(self, **over: object) -> str:
        """The page that says so, beside what was typed; nothing has been kept."""
        before = Report.objects.count()
        answer = self.client.post("/report/adult/", self.fills(**over))
        page = html.unescape(answer.content.decode())
        assert answer.status_code == 200
        assert "Nothing was sent yet" in page
        assert str(over.get("details", DETAILS)) in page
        assert Report.objects.count() == before
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


def picture(seed: int) -> bytes:
    return drawing.encode(drawing.landscape(seed), "JPEG")


def post(path: str, account: str = "mallory") -> str:
    return (
        f'<article><a rel="author">{account}</a>'
        f'<time datetime="2026-03-01T10:00:00Z">then</time><img src="{path}"></article>'
    )
