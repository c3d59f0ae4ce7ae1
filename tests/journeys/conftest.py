"""Drivers through HTTP, so that the journeys read as prose. Nothing is patched.

Bells ring at once (Celery's eager mode) when the transaction that rings them commits; the
crawl runs in its real subprocess against a real site on loopback.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.accounts.models import User
from portal.celery import app
from tests import drawing
from tests.loopback_sites import Site, serve

PASSPHRASE = re.compile(r'id="passphrase"[^>]*>([^<]+)<')
TOKEN = re.compile(r'name="token"[^>]*value="([^"]+)"')


@pytest.fixture(autouse=True)
def bells_ring_at_once(transactional_db: None) -> Iterator[None]:
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@dataclass
class Victim:
    client: Client = field(default_factory=Client)
    passphrase: str = ""

    def reports(
        self,
        picture: bytes | None,
        *,
        urls: str = "",
        consents: tuple[str, ...] = ("matching", "sharing", "notices", "evidence"),
    ) -> None:
        form = self.client.get("/report/adult/").content.decode()
        token = TOKEN.search(form)
        assert token
        sent: dict[str, object] = {
            "token": token[1],
            "adult": "on",
            "urls": urls,
            "details": "words of mine",
            "consents": list(consents),
        }
        if picture is not None:
            sent["pictures"] = [SimpleUploadedFile("p.jpg", picture, "image/jpeg")]
        answer = self.client.post("/report/adult/", sent)
        shown = PASSPHRASE.search(answer.content.decode())
        assert shown, answer.content.decode()
        self.passphrase = shown[1].strip()

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
        self.client.force_login(self.user)

    def sees(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.content.decode()

    def does(self, path: str, **form: object) -> str:
        answer = self.client.post(path, form, follow=True)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.content.decode()


@pytest.fixture
def amina() -> Victim:
    return Victim()


@pytest.fixture
def ben() -> Victim:
    return Victim()


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
