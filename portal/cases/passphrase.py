"""The passphrase: words that are the only key to a case. Knows no database."""

import re
import secrets
import unicodedata
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


LISTS = {"en": "english", "zh-hans": "chinese_simplified", "ko": "korean"}
HAN = re.compile(r"([\u4e00-\u9fff])")  # one character is one word


# Marks of direction and joiners, which come along when words are copied from a page.
HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@cache
def words(language: str = "en") -> tuple[str, ...]:
    """The BIP-39 list of a language, 2,048 words; English where there is none."""
    name = LISTS.get(language, "english")
    listed = Mnemonic(name).wordlist
    return tuple(unicodedata.normalize("NFC", word) for word in listed)


def new_passphrase(language: str = "en") -> str:
    """Eight words drawn at random, in the reader's language where it has a list."""
    return " ".join(secrets.choice(words(language)) for _ in range(WORDS))


def is_own_language(language: str) -> bool:
    """Whether a reader of this language gets words of it; all others get English ones."""
    return language in LISTS


def language_of(passphrase: str) -> str:
    """The language of a passphrase's words, for the page that shows them.

    >>> language_of("的 一 是 在")
    'zh-hans'
    """
    drawn = passphrase.split()
    return next((name for name in LISTS if _known(name).issuperset(drawn)), "en")


def normal(passphrase: str) -> str:
    """What a hurried hand typed, as it was shown.

    >>> normal("  Apple-Bird  CLOUD ")
    'apple bird cloud'
    >>> normal("的一　是在")
    '的 一 是 在'
    """
    text = unicodedata.normalize("NFKC", HIDDEN.sub("", passphrase)).lower()
    text = HAN.sub(r" \1 ", re.sub(r"[-,.、，。·]", " ", text))
    return " ".join(text.split())


def looks_like_one(text: str) -> bool:
    """Whether a text that goes elsewhere holds a passphrase: eight list words in a row.

    Chinese ones are seen only as we show them, with spaces: in running text, most
    characters are words of the list.

    >>> looks_like_one("mine: apple bird cloud zoo able acid area army")
    True
    """
    typed = re.split(r"[\s,.-]+", unicodedata.normalize("NFKC", text).lower())
    return any(
        all(word in _known(language) for word in typed[at : at + WORDS])
        for language in LISTS
        for at in range(len(typed) - WORDS + 1)
    )


@cache
def _known(language: str) -> frozenset[str]:
    return frozenset(words(language))


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
