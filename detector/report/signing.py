"""Signatures beside reports: Ed25519 (RFC 8032) over the file's bytes, checkable offline."""

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Final

from nacl.exceptions import CryptoError
from nacl.signing import SigningKey

VERSION: Final = 1
SUFFIX: Final = ".sig"
_SEED: Final = 32  # bytes, written as hex


class KeyFileError(Exception):
    """A key file is refused or cannot be made; the text says why, for the operator."""


def make_key(path: Path) -> str:
    """Write a new secret key that only its owner can read, and return the public key.

    Raises:
        KeyFileError: There is such a file already, or none can be written.
    """
    key = SigningKey.generate()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        handle = os.open(path, flags, 0o600)
    except FileExistsError as error:
        raise KeyFileError(
            "There is such a file already; it stays as it is."
        ) from error
    except (OSError, ValueError) as error:
        raise KeyFileError("The key file cannot be written.") from error
    with os.fdopen(handle, "w") as file:
        os.fchmod(handle, 0o600)  # whatever the umask took or left
        file.write(bytes(key).hex() + "\n")
    return bytes(key.verify_key).hex()


def read_key(path: Path) -> SigningKey:
    """Read a secret key.

    Raises:
        KeyFileError: It cannot be read, is no key, or others can read it.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise KeyFileError("The key file cannot be read.") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise KeyFileError("The key file is no ordinary file.")
        if status.st_mode & 0o077 or status.st_uid != os.geteuid():
            raise KeyFileError(
                "Others can read the key file, or it is another user's: make it yours "
                "alone (chmod 600), or make a new key."
            )
        written = os.read(handle, 4 * _SEED)
    finally:
        os.close(handle)
    try:
        return SigningKey(bytes.fromhex(written.decode("ascii")))
    except (ValueError, TypeError, CryptoError) as error:
        raise KeyFileError("This is no key file of ours.") from error


def sign(content: bytes, key: SigningKey) -> str:
    """Return the text of a signature file: the same content and key, the same text."""
    facts = {
        "version": VERSION,
        "algorithm": "Ed25519",
        "public_key": bytes(key.verify_key).hex(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "signature": key.sign(content).signature.hex(),
    }
    return json.dumps(facts, indent=1) + "\n"
