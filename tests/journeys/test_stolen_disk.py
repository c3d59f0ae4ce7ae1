"""The promise of docs/crypto.md: a stolen database, disk and backup open nothing."""

import base64
import json
import shutil
import sqlite3
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection
from nacl.exceptions import CryptoError

import tracker
from portal.accounts.models import User
from portal.cases import passphrase
from portal.cases.models import Case, Draft, Message
from portal.celery import app, ring
from portal.platforms.models import Host, Platform
from portal.sightings.models import Assessment, Sighting
from portal.sightings.tasks import process_report
from tests.conftest import APP_SECRET, WREN_PASSWORD
from tests.drawing import encode, landscape
from tests.intake.opening import a_token
from tests.intake.reporting import SHOWN
from tests.journeys import decryptor
from tests.journeys.conftest import DETAILS, Victim, Worker, picture, post
from tests.loopback_sites import Site

WORDS = "Planted words: the school by the river"
ANSWER = "Planted answer: we are with you"
RECOMPRESSED = encode(landscape(1), "JPEG", quality=60)
CONTACT = {
    "channel": "phone",
    "address": "planted-contact-4711",
    "hours": "planted hours: at noon",
    "neutral": "on",
    "never": "planted name: my uncle",
}
BEGUN = {
    "where": {"urls": "https://chirp.example/planted-address"},
    "fears": {"details": "Planted fear: they know where I live"},
    "reach": {"channel": "email", "address": "me@planted-draft.example"},
}
LEAST = 8  # bytes of a trace: less would be found by chance


@pytest.fixture
def wrens_desk(wren: User) -> Worker:
    return Worker(wren)


@pytest.fixture
def reported(amina: Victim, wrens_desk: Worker, site: Site) -> Case:
    """A whole journey: an upload, a copy captured and assessed, messages, a contact."""
    for left in (settings.VAR / "held-keys").glob("*"):  # by other tests
        left.unlink()
    site.pages = {"/post": post("/copy.jpg"), "/copy.jpg": RECOMPRESSED}
    platform = Platform.objects.create(name="Chirp", contact="ncii@chirp.example")
    Host.objects.create(platform=platform, name=f"127.0.0.1:{site.port}", inward=True)
    amina.reports(picture(1), urls=f"{site.url}/post")
    amina.uploads(picture(1), points=True)
    case = Case.objects.get()
    letter = {"token": a_token(), "words": WORDS}
    assert amina.client.post("/case/messages/", letter).status_code == 302
    assert amina.client.post("/case/reach/", CONTACT).status_code == 302
    thread = f"/desk/cases/{case.pk}/messages/"
    assert WORDS in wrens_desk.does(thread, reason="answering the victim")
    wrens_desk.does(f"{thread}answer/", words=ANSWER)
    assert ANSWER in amina.client.get("/case/messages/").content.decode()
    assert Message.objects.count() == 2
    assert Sighting.objects.get().captured_as
    assert Assessment.objects.exists()
    return case


@pytest.fixture
def begun(ben: Victim) -> Victim:
    """A report that Ben began and left open in his browser."""
    ben.fills(**BEGUN)
    return ben


@pytest.fixture
def put_away(amina: Victim) -> Victim:
    """Another one, under words to come back with."""
    other = Victim(amina.logs)
    other.fills(**BEGUN)
    shown = SHOWN.search(other.client.post("/report/stop/").content.decode())
    assert shown
    other.passphrase = shown[1].strip()
    other.hides(other.passphrase)
    return other


@pytest.fixture
def loot(
    reported: Case, begun: Victim, put_away: Victim, tmp_path: Path
) -> Iterator[decryptor.Loot]:
    """All that lies on the disk, the broker's folder, the logs, and a backup just made."""
    app.conf.task_always_eager = False
    ring(process_report, reported.reports.latest("pk").pk)  # nobody hears this bell
    name = Path(str(connection.settings_dict["NAME"]))
    if not name.is_file():
        pytest.skip("the thief reads SQLite's file")
    stolen = tmp_path / "stolen"
    shutil.copytree(settings.VAR, stolen / "var")  # the database's own log, too
    backup = stolen / "backup.sqlite3"
    with sqlite3.connect(name) as source, sqlite3.connect(backup) as target:
        source.backup(target)
    (stolen / "log").write_text(begun.logs.said.getvalue())
    del put_away
    yield decryptor.Loot(
        database=backup,
        store=stolen / "var" / "evidence",
        salt=settings.PASSPHRASE_SALT,
        ops=passphrase.OPS,
        memory=passphrase.MEMORY,
    )
    shutil.rmtree(settings.BROKER_DIR / "messages")


def traces(secret: bytes) -> Iterator[bytes]:
    """A secret as it might lie about: as it is, encoded, packed, or a piece of it."""
    spellings = [zlib.compress(secret)[8:40]]
    for piece in (secret, secret[len(secret) // 2 :][:48]):
        spellings += [piece, piece.hex().encode()]
        for shift in range(3):
            spellings.append(base64.b64encode(piece[shift:])[:-4])
            spellings.append(base64.urlsafe_b64encode(piece[shift:])[:-4])
    if secret.isascii():
        spellings.append(secret.decode().encode("utf-16-le"))
    yield from (spelled for spelled in spellings if len(spelled) >= LEAST)


def planted(*people: Victim) -> Iterator[bytes]:
    """All that the journey hid, and what lay only in the browsers and heads of people."""
    told = [WORDS, ANSWER, APP_SECRET, WREN_PASSWORD, *CONTACT.values()]
    told += [text for step in BEGUN.values() for text in step.values()]
    hidden = [secret for person in people for secret in person.secrets]
    points = tracker.points_of(tracker.decode(picture(1))).to_bytes()
    for secret in [*told, *hidden, RECOMPRESSED, points[14:]]:
        data = secret if isinstance(secret, bytes) else secret.encode()
        if len(data) >= LEAST:
            yield data


def files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


def test_no_planted_secret_lies_on_the_disk(
    amina: Victim,
    begun: Victim,
    put_away: Victim,
    wrens_desk: Worker,
    loot: decryptor.Loot,
) -> None:
    stolen = list(files(loot.database.parent))
    for part in ("evidence", "broker", "log", "backup.sqlite3"):
        assert any(part in path.parts for path, _ in stolen), part
    assert sum(b"cases_case" in data for _, data in stolen) > 1, "the database, too"
    cookies = [
        amina.client.cookies["case_key"].value,
        begun.client.cookies["draft"].value,
        wrens_desk.client.cookies["desk_key"].value,
    ]
    secrets = {*planted(amina, begun, put_away)}
    secrets |= {each.encode() for each in cookies}
    secrets |= {urlsafe_b64decode(each) for each in cookies}
    assert {picture(1), DETAILS.encode()} <= secrets
    for secret in secrets:
        for trace in traces(secret):
            found = [str(path) for path, data in stolen if trace in data]
            assert not found, (secret[:20], found)


def test_the_search_finds_what_does_lie_about() -> None:
    """Each spelling that a careless program could leave."""
    secret = WORDS.encode()
    for spelled in (
        secret,
        b"..." + secret[5:] + b"...",
        secret.hex().encode(),
        base64.b64encode(b"?" + secret),
        base64.urlsafe_b64encode(b"??" + secret),
        zlib.compress(secret),
        WORDS.encode("utf-16-le"),
    ):
        assert any(trace in spelled for trace in traces(secret)), spelled


def test_no_key_on_the_disk_opens_the_store(loot: decryptor.Loot) -> None:
    """What was held for reading is destroyed after processing, its key first."""
    held = loot.store.parent / "held-keys"
    assert not list(held.iterdir())
    assert loot.ask("SELECT 1 FROM cases_exhibit WHERE stored_as != ''")
    assert loot.ask("SELECT 1 FROM cases_exhibit WHERE points_held_as != ''")
    assert not loot.ask("SELECT 1 FROM cases_exhibit WHERE held_as != ''")


def test_the_passphrase_opens_the_case_by_the_page_alone(
    amina: Victim, loot: decryptor.Loot
) -> None:
    opened = decryptor.with_passphrase(loot, f"  {amina.passphrase.upper()} ")
    assert {picture(1), RECOMPRESSED} <= set(opened)
    assert {WORDS.encode(), ANSWER.encode(), DETAILS.encode()} <= set(opened)
    (contact,) = [each for each in opened if each.startswith(b"{")]
    told = json.loads(contact)
    assert told == CONTACT | {"version": 1, "neutral": True}


def test_the_words_or_the_browser_open_a_report_begun_by_the_page_alone(
    begun: Victim, put_away: Victim, loot: decryptor.Loot
) -> None:
    assert Draft.objects.count() == 3, "Ben's, the other one's, and the way to it"
    key = urlsafe_b64decode(begun.client.cookies["draft"].value)
    for opened in (
        decryptor.with_draft_key(loot, key),
        decryptor.with_words(loot, put_away.passphrase.upper()),
    ):
        answers = json.loads(opened)["answers"]
        for step, typed in BEGUN.items():
            assert answers[step] == {name: [text] for name, text in typed.items()}
    with pytest.raises(ValueError, match="not enough values"):
        decryptor.with_words(loot, "eight other words")


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
    upload = reported.exhibits.exclude(stored_as="").get()
    amina.withdraws()
    name = Path(str(connection.settings_dict["NAME"]))
    today = [path.read_bytes() for path in name.parent.glob(f"{name.name}*")]
    wraps = loot.ask("SELECT sealed FROM cases_keywrap")
    assert wraps
    for (wrap,) in wraps:
        assert not any(wrap in data for data in today), "not in the log either"
    assert not storages["evidence"].exists(upload.stored_as)
    assert list(files(loot.store)), "the thief's copies are still there, and noise"
