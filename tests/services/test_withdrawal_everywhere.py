"""A withdrawal among several processes: none matches any more, and no password opens it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.secret import SecretBox

import tracker
from portal.accounts import sealing
from portal.accounts.models import User
from portal.bank.actions import deposit
from portal.cases import actions, evidence, keys
from portal.cases.models import Case, Consent, KeyWrap
from portal.cases.receipts import Receipt
from tests import drawing, telling

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 2.0  # seconds: the promise
PASSWORD = "wren's long password"
PICTURE = drawing.encode(drawing.landscape(1), "JPEG")
SIGNALS = tracker.hash_picture(tracker.decode(PICTURE))
LOOKUP = """
import sys, django
django.setup()
import tracker
from portal.bank.actions import lookup
for line in sys.stdin:
    asked = [tracker.parse_signal(*pair.split(":")) for pair in line.split()]
    print(len(lookup([asked])[0]), flush=True)
"""
Process = subprocess.Popen[str]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receipt(wren: User) -> Receipt:
    """A case with an upload, banked, that wren's password and a passphrase open."""
    sealing.make_keys(wren, PASSWORD)
    consents = [Consent.Kind.MATCHING, Consent.Kind.EVIDENCE]
    told = telling.told(pictures=[PICTURE], details="her words", consents=consents)
    receipt = actions.submit_report(token="amina", told=told)
    deposit(receipt.report.exhibits.get(), SIGNALS)
    return receipt


@pytest.fixture
def others() -> Iterator[list[Process]]:
    """Three processes beside ours that answer lookups from the same database."""
    if connection.vendor != "sqlite":
        pytest.skip("names the embedded database's file to other processes")
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "RECLAIM_VAR": str(settings.VAR),
    }
    command = [sys.executable, "-c", LOOKUP]
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(3)
        ]
        yield started
        for process in started:
            process.communicate(timeout=30)


def asked(processes: list[Process]) -> list[int]:
    """How many hits each process has for the picture, asked of all at once."""
    line = " ".join(f"{signal.type}:{signal.value}" for signal in SIGNALS)
    for process in processes:
        assert process.stdin
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
    return [int(process.stdout.readline()) for process in processes if process.stdout]


def test_within_two_seconds_no_process_matches(
    receipt: Receipt, others: list[Process]
) -> None:
    assert asked(others) == [1, 1, 1]
    actions.withdraw_case(receipt.report.case)
    withdrawn = time.monotonic()
    assert asked(others) == [0, 0, 0]
    assert time.monotonic() - withdrawn < WITHIN


def test_afterwards_no_password_and_no_passphrase_opens_anything(
    receipt: Receipt, wren: User
) -> None:
    case = receipt.report.case
    assert receipt.passphrase
    exhibit = case.exhibits.get()
    with storages["evidence"].open(exhibit.stored_as) as kept:
        sealed = kept.read()  # what a thief copied in time
    details = bytes(receipt.report.details)
    private = sealing.unlock(wren, PASSWORD)
    worker = keys.key_of_worker(case, wren, private)
    assert evidence.open_exhibit(worker, exhibit, reason="to compare") == PICTURE
    victim = actions.opened(receipt.passphrase)

    actions.withdraw_case(case)

    assert not KeyWrap.objects.filter(case=case).exists()
    case = Case.objects.get()
    with pytest.raises(keys.LockedError):
        keys.key_of_worker(case, wren, sealing.unlock(wren, PASSWORD))
    with pytest.raises(keys.LockedError):
        keys.key_of_victim(case, victim.key)
    opened = actions.open_case(receipt.passphrase)
    assert opened == (case, None), "the words still lead to the tombstone"
    assert private
    for noise in (sealed, details):
        with pytest.raises(CryptoError):
            SealedBox(PrivateKey(private)).decrypt(noise[1:])
        with pytest.raises(CryptoError):
            SecretBox(victim.key).decrypt(noise[1:])
    assert not storages["evidence"].exists(exhibit.stored_as)
    with pytest.raises(evidence.EvidenceError):
        evidence.open_held(exhibit.held_as, actor="task", reason="to read")
