"""A second implementation of docs/crypto.md, written from that page alone.

It imports nothing of the portal. Given a stolen database and store, and one secret that a
person knows, it opens a case.
"""

import re
import sqlite3
import struct
import unicodedata
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from nacl import pwhash
from nacl.encoding import RawEncoder
from nacl.public import PrivateKey, SealedBox
from nacl.secret import SecretBox

VERSION = b"\x02"


@dataclass
class Loot:
    """What was stolen, and the costs of Argon2id that the passphrase is stretched at."""

    database: Path
    store: Path
    salt: str
    ops: int = 2
    memory: int = 64 * 2**20

    def ask(self, sql: str, *values: object) -> list[tuple[bytes, ...]]:
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as database:
            return database.execute(sql, values).fetchall()


def with_passphrase(loot: Loot, typed: str) -> list[bytes]:
    """All that is sealed to the case of this passphrase."""
    locator, key = stretched(loot, typed)
    ((case,),) = loot.ask("SELECT id FROM cases_case WHERE locator = ?", locator)
    ((wrap,),) = loot.ask(
        "SELECT sealed FROM cases_keywrap WHERE case_id = ? AND holder = 'passphrase'",
        case,
    )
    return everything(loot, case, SecretBox(key).decrypt(body(wrap)))


def with_words(loot: Loot, typed: str) -> bytes:
    """The report that was begun and put under these words: its JSON."""
    return with_draft_key(loot, stretched(loot, typed)[1])


def with_draft_key(loot: Loot, key: bytes) -> bytes:
    """What lies under the key in the cookie `draft`: a report begun, or the way to one."""
    locator = blake2b(key, digest_size=32, person=b"draft-locator").digest()
    ((draft,),) = loot.ask("SELECT sealed FROM cases_draft WHERE locator = ?", locator)
    return SecretBox(key).decrypt(body(draft))


def with_password(loot: Loot, username: str, password: str) -> list[bytes]:
    """All that is sealed to the one case that this worker was granted."""
    ((user, locked),) = loot.ask(
        "SELECT id, locked_key FROM accounts_user WHERE username = ?", username
    )
    ops, kib, salt = struct.unpack(">II16s", locked[1:25])
    key = argon2id(password, salt, ops, kib * 1024, 32)
    private = SecretBox(key).decrypt(locked[25:])
    ((case, wrap),) = loot.ask(
        "SELECT case_id, sealed FROM cases_keywrap WHERE user_id = ?", user
    )
    return everything(loot, case, SealedBox(PrivateKey(private)).decrypt(body(wrap)))


def everything(loot: Loot, case: object, private: bytes) -> list[bytes]:
    rows = [
        *loot.ask("SELECT details FROM cases_report WHERE case_id = ?", case),
        *loot.ask("SELECT contact FROM cases_case WHERE id = ?", case),
        *loot.ask("SELECT sealed FROM cases_message WHERE case_id = ?", case),
    ]
    names = [
        *loot.ask("SELECT stored_as FROM cases_exhibit WHERE case_id = ?", case),
        *loot.ask("SELECT captured_as FROM sightings_sighting WHERE case_id = ?", case),
    ]
    sealed = [row for (row,) in rows if row]
    sealed += [(loot.store / str(name)).read_bytes() for (name,) in names if name]
    return [SealedBox(PrivateKey(private)).decrypt(body(each)) for each in sealed]


def stretched(loot: Loot, typed: str) -> tuple[bytes, bytes]:
    """A passphrase's locator and key, however it was typed."""
    text = unicodedata.normalize("NFKC", typed).lower()
    text = re.sub("([\u4e00-\u9fff])", r" \1 ", re.sub("[-,.、，。·]", " ", text))
    text = " ".join(text.split())[:512]
    salt = blake2b(loot.salt.encode(), digest_size=16).digest()
    both = argon2id(text, salt, loot.ops, loot.memory, 64)
    return both[:32], both[32:]


def body(sealed: bytes) -> bytes:
    assert sealed[:1] == VERSION
    return sealed[1:]


def argon2id(text: str, salt: bytes, ops: int, memory: int, size: int) -> bytes:
    key: bytes = pwhash.argon2id.kdf(
        size, text.encode(), salt, opslimit=ops, memlimit=memory, encoder=RawEncoder
    )
    return key
