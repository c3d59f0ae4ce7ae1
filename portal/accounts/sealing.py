"""Workers' keys: one Curve25519 pair each, locked under their password, for their eyes.

libsodium only. Byte layouts are in docs/crypto-workers.md. Knows no case.
"""

import secrets
import struct
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponseBase
from mnemonic import Mnemonic
from nacl import pwhash
from nacl.encoding import RawEncoder
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey
from nacl.secret import SecretBox

from portal.accounts.models import User

VERSION = b"\x02"  # first byte of all we seal, so that algorithms can change
OPS = 4
MEMORY = 128 * 2**20  # bytes
HIGHEST_OPS, HIGHEST_MEMORY = 64, 2**30  # a forged blob must not exhaust the machine
HEADER = struct.Struct(">cII16s")  # version, passes, KiB of memory, salt

COOKIE = "desk_key"
PATH = "/desk/"
ENTRY = "desk_key"  # of the session: the sealed key


# -- under the password ----------------------------------------------------------------
def make_keys(user: User, password: str) -> None:
    """Give `user` a new pair. What was sealed to an old one stays closed to them."""
    private = PrivateKey.generate()
    user.public_key = bytes(private.public_key)
    relock(user, bytes(private), password)


def relock(user: User, private: bytes, new_password: str) -> None:
    """Lock the same private key under another password, at today's cost."""
    header = HEADER.pack(VERSION, OPS, MEMORY // 1024, secrets.token_bytes(16))
    user.locked_key = header + SecretBox(_stretch(new_password, header)).encrypt(
        private
    )
    user.save(update_fields=["public_key", "locked_key"])


def unlock(user: User, password: str) -> bytes | None:
    """The private key (32 bytes), or None if this password does not open it.

    None too if it does not belong to the public key: somebody exchanged one of the two.
    """
    locked = bytes(user.locked_key or b"")
    header, box = locked[: HEADER.size], locked[HEADER.size :]
    if len(header) < HEADER.size or header[:1] != VERSION or not _is_bearable(header):
        return None
    try:
        private = SecretBox(_stretch(password, header)).decrypt(box)
        public = bytes(PrivateKey(private).public_key)
    except (CryptoError, ValueError):
        return None
    return private if public == bytes(user.public_key or b"") else None


def is_dated(user: User) -> bool:
    """Whether the lock was made at another cost than today's."""
    _, ops, memory, _ = HEADER.unpack(bytes(user.locked_key or b"")[: HEADER.size])
    return (ops, memory) != (OPS, MEMORY // 1024)


def _is_bearable(header: bytes) -> bool:
    _, ops, memory, _ = HEADER.unpack(header)
    is_slow: bool = pwhash.argon2id.OPSLIMIT_MIN <= ops <= HIGHEST_OPS
    is_big: bool = pwhash.argon2id.MEMLIMIT_MIN <= memory * 1024 <= HIGHEST_MEMORY
    return is_slow and is_big


def _stretch(password: str, header: bytes) -> bytes:
    """Argon2id (RFC 9106) with one lane, at the cost that the header names."""
    _, ops, memory, salt = HEADER.unpack(header)
    return pwhash.argon2id.kdf(
        SecretBox.KEY_SIZE,
        password.encode(),
        salt,
        opslimit=ops,
        memlimit=memory * 1024,
        encoder=RawEncoder,
    )


# -- while logged in -------------------------------------------------------------------
def open_session(
    request: HttpRequest, response: HttpResponseBase, private: bytes
) -> None:
    """Keep `private` for this session: sealed in its row, under a key in the browser."""
    response.set_cookie(
        COOKIE,
        seal_session(request.session, private),
        path=PATH,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Strict",
    )


def seal_session(session: SessionBase, private: bytes) -> str:
    """Put the sealed key into the session; the cookie's value that opens it is returned."""
    key = secrets.token_bytes(SecretBox.KEY_SIZE)
    sealed = VERSION + SecretBox(key).encrypt(private)
    session[ENTRY] = b64encode(sealed).decode()
    return urlsafe_b64encode(key).decode()


def private_of(request: HttpRequest) -> bytes | None:
    """The private key of who is logged in, or None. Half a login gives nothing.

    None too once their key has been replaced or erased, whatever the session holds.
    """
    public = getattr(request.user, "public_key", None)
    if public is None or ENTRY not in request.session:
        return None
    try:
        key = urlsafe_b64decode(request.COOKIES.get(COOKIE, ""))
        sealed = b64decode(request.session[ENTRY])
        private = SecretBox(key).decrypt(sealed[1:])
    except (CryptoError, ValueError):
        return None
    return private if bytes(PrivateKey(private).public_key) == bytes(public) else None


def close_session(request: HttpRequest, response: HttpResponseBase) -> None:
    """Forget the key on both sides."""
    request.session.pop(ENTRY, None)
    response.delete_cookie(COOKIE, path=PATH, samesite="Strict")


# -- on paper --------------------------------------------------------------------------
def new_recovery_key() -> tuple[str, bytes]:
    """An organisation's recovery key: the private one as 24 words, and the public one."""
    private = PrivateKey.generate()
    return to_words(bytes(private)), bytes(private.public_key)


def to_words(private: bytes) -> str:
    """32 bytes as 24 English words, the last of which holds a checksum (BIP-39)."""
    return Mnemonic("english").to_mnemonic(private)


def from_words(words: str) -> bytes:
    """The private key (32 bytes) that was printed. Raises ValueError for a wrong word."""
    spoken = words.lower().split()
    try:
        private = bytes(Mnemonic("english").to_entropy(spoken))
    except (LookupError, ValueError):
        private = b""
    if len(private) != PrivateKey.SIZE:
        raise ValueError("These are not the 24 words as they were printed.")
    return private
