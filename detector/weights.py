"""The one door to checkpoint files: nobody reads weights that were not checked here.

It must not know any model or tensor library; it hands out bytes that are what they
should be.
"""

import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# The largest checkpoint that we know of (DeepFakeDefenders, merged) has 636 MiB.
MAX_BYTES: Final = 1 << 30

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class WeightsError(Exception):
    """A checkpoint is refused; the text says why, for the operator."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model's name, the file of its weights, and the only content that will do."""

    name: str
    path: Path
    sha256: str


def parse_checkpoint(specification: str) -> Checkpoint:
    """Read `NAME:PATH#sha256=DIGEST`, as in `defenders:/srv/final.pth#sha256=0f3a...`.

    Raises:
        WeightsError: It is not of that form. The file is not looked at yet.
    """
    name, _, rest = specification.strip().partition(":")
    path, mark, digest = rest.rpartition("#sha256=")
    if not (name and path and mark):
        raise WeightsError("A model is given as NAME:PATH#sha256=DIGEST.")
    return Checkpoint(name, Path(path), _digest(digest))


def checked(path: str | Path, sha256: str) -> bytes:
    """Return a checkpoint's bytes after their SHA-256 was compared.

    Bytes and not a path: what is loaded is then what was hashed, even if somebody
    exchanges the file in between.

    Args:
        path: A regular file of at most MAX_BYTES.
        sha256: The expected digest, 64 hexadecimal digits.

    Raises:
        WeightsError: The digest is malformed, the file cannot be read or is too large,
            or its digest is another one.
    """
    path, expected = Path(path), _digest(sha256)
    weights = read(path)
    _compare(path, hashlib.sha256(weights).hexdigest(), expected)
    return weights


def prove(checkpoint: Checkpoint) -> None:
    """Compare the SHA-256 of a checkpoint's file without holding the file in memory.

    For a start that should fail early: whatever is loaded still comes by `checked`.

    Raises:
        WeightsError: As `checked` does.
    """
    path = checkpoint.path
    try:
        if not path.is_file():
            raise WeightsError(f"{path.name} is not a file.")
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END) > MAX_BYTES:
                raise WeightsError(f"{path.name} is larger than {MAX_BYTES >> 20} MiB.")
            file.seek(0)
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be read: {error.strerror}.") from error
    _compare(path, found, checkpoint.sha256)


def read(path: Path) -> bytes:
    """Return the bytes of a checkpoint that nobody has named by its digest.

    For what this machine has just trained. Whatever gives opinions comes by `checked`.

    Raises:
        WeightsError: The file cannot be read or is too large.
    """
    try:
        if not path.is_file():
            raise WeightsError(f"{path.name} is not a file.")
        with path.open("rb") as file:
            weights = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be read: {error.strerror}.") from error
    if len(weights) > MAX_BYTES:
        raise WeightsError(f"{path.name} is larger than {MAX_BYTES >> 20} MiB.")
    return weights


def _compare(path: Path, found: str, expected: str) -> None:
    if not hmac.compare_digest(found, expected):
        raise WeightsError(
            f"{path.name} is not the checkpoint that was named: "
            f"its SHA-256 is {found}, not {expected}."
        )


def _digest(sha256: str) -> str:
    digest = sha256.strip().lower()
    if not _SHA256.fullmatch(digest):
        raise WeightsError("The SHA-256 of a checkpoint is 64 hexadecimal digits.")
    return digest
