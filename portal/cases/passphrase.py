"""The passphrase: words that are the only key to a case. Knows no database."""

import secrets
from dataclasses import dataclass
from functools import cache

from mnemonic import Mnemonic
from nacl import pwhash
from nacl.encoding import RawEncoder

WORDS = 8  # of a list of 2,048: 88 bits
OPS = pwhash.argon2id.OPSLIMIT_INTERACTIVE
MEMORY = pwhash.argon2id.MEMLIMIT_INTERACTIVE  # 64 MiB


@dataclass(frozen=True, slots=True)
class Opened:
    """What a passphrase gives: where its case is, and the key that unwraps the case's key."""

    locator: bytes  # 32 bytes, stored
    key: bytes  # 32 bytes, never stored


@cache
def words() -> tuple[str, ...]:
    """The BIP-39 list: 2,048 plain words, distinct in their first four letters."""
    return tuple(Mnemonic("english").wordlist)


def new_passphrase() -> str:
    """Eight words drawn at random."""
    return " ".join(secrets.choice(words()) for _ in range(WORDS))


def normal(passphrase: str) -> str:
    """What a hurried hand typed, as it was shown.

    >>> normal("  Apple-Bird  CLOUD ")
    'apple bird cloud'
    """
    return " ".join(passphrase.lower().replace("-", " ").replace(",", " ").split())


def open_passphrase(passphrase: str, salt: bytes) -> Opened:
    """Derive locator and key by Argon2id (RFC 9106), in about 0.1 s and 64 MiB.

    One derivation for a right and for a wrong passphrase, and then one indexed look: the
    time tells nothing. `salt` is the installation's, 16 bytes.
    """
    both = pwhash.argon2id.kdf(
        64,
        normal(passphrase)[:512].encode(),
        salt,
        opslimit=OPS,
        memlimit=MEMORY,
        encoder=RawEncoder,
    )
    return Opened(locator=both[:32], key=both[32:])
