"""The cast, and what every test stands on.

Amina (victim), Ben (another victim, who must see nothing of hers), Wren (worker),
Stella (supervisor), Chirp (platform), Mallory.
"""

import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import translation
from hypothesis import settings
from nacl import pwhash

from portal import languages
from portal.accounts import sealing, second_factor
from portal.accounts.actions import hire
from portal.accounts.models import Organisation, User
from portal.cases import passphrase
from portal.celery import app
from portal.platforms.models import Host, Platform

# pytest --hypothesis-profile=long: histories until somebody is tired of them.
settings.register_profile("long", max_examples=500, stateful_step_count=50)

WREN_PASSWORD = "wren's long password"
STELLA_PASSWORD = "stella's long password"
PASSWORDS = {"wren": WREN_PASSWORD, "stella": STELLA_PASSWORD}
APP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # what the cast's phones hold


def signs_in(client: Client, user: User, password: str = "") -> None:
    """Log in without walking the pages: second factor in place, private key unlocked.

    `password` is needed only for who is not of the cast.
    """
    if not second_factor.has_factor(user):
        second_factor.give_app(user, APP_SECRET)
    private = sealing.unlock(user, password or PASSWORDS[user.username])
    assert private is not None
    client.force_login(user)
    session = client.session
    client.cookies[sealing.COOKIE] = sealing.seal_session(session, private)
    client.cookies[sealing.COOKIE]["path"] = sealing.PATH
    session.save()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes goes first: nobody waits for it alone in the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id with its smallest cost: same path, less time."""
    for module in (passphrase, sealing):
        monkeypatch.setattr(module, "OPS", pwhash.argon2id.OPSLIMIT_MIN)
        monkeypatch.setattr(module, "MEMORY", pwhash.argon2id.MEMLIMIT_MIN)


@pytest.fixture(autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Staff passwords at Argon2's price would cost the suite minutes."""
    cheap = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(PASSWORD_HASHERS=cheap):
        yield


@pytest.fixture(autouse=True)
def audit_rows_at_once() -> Iterator[None]:
    """No timer writes into the database of the next test."""
    with override_settings(LOOKUP_AUDIT_SECONDS=0):
        yield


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(scope="session", autouse=True)
def compiled_languages() -> None:
    """Once per run: pages speak every language, also in a fresh clone."""
    languages.compile_all()


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """A request leaves its language behind in the thread: no test finds another's."""
    with translation.override("en"):
        yield


@pytest.fixture
def bells() -> Iterator[None]:
    """A bell rings at once, in this process."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def organisation(db: None) -> Organisation:
    return Organisation.objects.create(
        name="Lantern", email="desk@lantern.example", address="1 Harbour Street"
    )


@pytest.fixture
def wren(organisation: Organisation) -> User:
    return hire("wren", WREN_PASSWORD, organisation)


@pytest.fixture
def stella(organisation: Organisation) -> User:
    return hire("stella", STELLA_PASSWORD, organisation, User.Role.SUPERVISOR)


@pytest.fixture
def chirp(db: None) -> Platform:
    platform = Platform.objects.create(
        name="Chirp",
        kind=Platform.Kind.UGC,
        country="US",
        in_us=True,
        in_eu=True,
        contact="ncii@chirp.example",
        recheck_gap=0,
    )
    Host.objects.create(platform=platform, name="chirp.example")
    return platform


@pytest.fixture(scope="session")
def lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Milvus's own embedded engine, on a socket file; its import warns of its packaging."""
    os.environ.setdefault("HOME", str(tmp_path_factory.getbasetemp()))  # or it crashes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = pytest.importorskip("milvus_lite.server_manager")
        path = tmp_path_factory.mktemp("milvus") / "bank.db"
        started = server.server_manager_instance.start_and_get_uri(str(path))
    socket = Path(str(started).removeprefix("unix:"))
    deadline = time.monotonic() + 60
    while not socket.exists():  # on a busy machine it takes its time
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield f"milvus-lite://{path}"
    server.server_manager_instance.release_all()
