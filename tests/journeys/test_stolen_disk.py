"""The promise of docs/crypto.md: a stolen database, disk and backup open nothing."""

import base64
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection
from nacl.exceptions import CryptoError

from portal.accounts.models import User
from portal.cases import actions, messaging, passphrase
from portal.cases.models import Case
from portal.platforms.models import Host, Platform
from portal.sightings.models import Assessment, Sighting
from tests.conftest import WREN_PASSWORD
from tests.drawing import encode, landscape
from tests.journeys import decryptor
from tests.journeys.conftest import Victim, picture, post
from tests.loopback_sites import Site

WORDS = "Planted words: the school by the river"
ANSWER = "Planted answer: we are with you"
RECOMPRESSED = encode(landscape(1), "JPEG", quality=60)
CONTACT = '{"channel": "phone", "address": "planted-contact-4711"}'


@pytest.fixture
def reported(amina: Victim, wren: User, site: Site) -> Case:
    """A whole journey: an upload, a copy captured and assessed, messages, a contact."""
    site.pages = {"/post": post("/copy.jpg"), "/copy.jpg": RECOMPRESSED}
    platform = Platform.objects.create(name="Chirp", contact="ncii@chirp.example")
    Host.objects.create(platform=platform, name=f"127.0.0.1:{site.port}", inward=True)
    amina.reports(picture(1), urls=f"{site.url}/post")
    case = Case.objects.get()
    messaging.send_message(case, WORDS)
    messaging.send_message(case, ANSWER, written_by=wren)
    actions.keep_contact(case, CONTACT)
    assert Sighting.objects.get().captured_as
    assert Assessment.objects.exists()
    return case


@pytest.fixture
def loot(reported: Case, tmp_path: Path) -> decryptor.Loot:
    """All that lies on the disk, and a backup of the database made a moment before."""
    del reported
    name = str(connection.settings_dict["NAME"])
    if not Path(name).is_file():
        pytest.skip("the thief reads SQLite's file")
    backup = tmp_path / "backup.sqlite3"
    with sqlite3.connect(name) as source, sqlite3.connect(backup) as target:
        source.backup(target)
    shutil.copytree(settings.VAR, tmp_path / "var")
    return decryptor.Loot(
        database=backup,
        store=tmp_path / "var" / "evidence",
        salt=settings.PASSPHRASE_SALT,
        ops=passphrase.OPS,
        memory=passphrase.MEMORY,
    )


def traces(secret: bytes) -> Iterator[bytes]:
    """A secret as it might lie about: as it is, encoded, packed, or a piece of it."""
    middle = secret[len(secret) // 2 :][:48]
    for piece in (secret, middle):
        yield piece
        yield piece.hex().encode()
        for shift in range(3):
            yield base64.b64encode(piece[shift:])[:-4]
            yield base64.urlsafe_b64encode(piece[shift:])[:-4]
    yield zlib.compress(secret)[8:40]
    if secret.isascii():
        yield secret.decode().encode("utf-16-le")


def files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


def test_no_planted_secret_lies_on_the_disk(
    amina: Victim, loot: decryptor.Loot
) -> None:
    stolen = list(files(loot.database.parent))
    assert any(b"cases_case" in data for _, data in stolen), "the database is here"
    assert any("evidence" in path.parts for path, _ in stolen), "the store is here"
    secrets = [
        picture(1),
        RECOMPRESSED,
        WORDS.encode(),
        ANSWER.encode(),
        CONTACT.encode(),
        b"planted-contact-4711",
        b"words of mine",
        amina.passphrase.encode(),
        WREN_PASSWORD.encode(),
    ]
    for secret in secrets:
        for trace in traces(secret):
            found = [str(path) for path, data in stolen if trace in data]
            assert not found, (secret[:20], found)


def test_no_key_on_the_disk_opens_the_store(loot: decryptor.Loot) -> None:
    """Every 32 bytes of the secrets, tried as a key: the held ones are destroyed."""
    held = loot.store.parent / "held-keys"
    assert not list(held.iterdir()), "nothing is held after processing"


def test_the_passphrase_opens_the_case_by_the_page_alone(
    amina: Victim, loot: decryptor.Loot
) -> None:
    opened = decryptor.with_passphrase(loot, f"  {amina.passphrase.upper()} ")
    assert {picture(1), RECOMPRESSED} <= set(opened)
    assert {WORDS.encode(), ANSWER.encode(), CONTACT.encode()} <= set(opened)
    assert b"words of mine" in opened


def test_a_workers_password_opens_the_case_by_the_page_alone(
    amina: Victim, loot: decryptor.Loot
) -> None:
    opened = decryptor.with_password(loot, "wren", WREN_PASSWORD)
    assert sorted(opened) == sorted(decryptor.with_passphrase(loot, amina.passphrase))
    with pytest.raises(CryptoError):
        decryptor.with_password(loot, "wren", "another long password")


def test_after_withdrawal_neither_opens_what_a_thief_kept(
    amina: Victim, reported: Case, loot: decryptor.Loot
) -> None:
    amina.withdraws()
    name = Path(str(connection.settings_dict["NAME"]))
    today = [path.read_bytes() for path in name.parent.glob(f"{name.name}*")]
    wraps = loot.ask("SELECT sealed FROM cases_keywrap")
    assert wraps
    for (wrap,) in wraps:
        assert not any(wrap in data for data in today), "not in the log either"
    assert not storages["evidence"].exists(reported.exhibits.get().stored_as)
    assert list(files(loot.store)), "the thief's copies are still there, and noise"
