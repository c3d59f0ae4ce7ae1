"""The one door to checkpoint files: nobody reads weights that were not checked here.

It must not know any model or tensor library; it hands out bytes that are what they
should be.
"""

import hashlib
import hmac
import re
from pathlib import Path
from typing import Final

# The largest checkpoint that we know of (DeepFakeDefenders, merged) has 636 MiB.
MAX_BYTES: Final = 1 << 30

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class WeightsError(Exception):
    """A checkpoint is refused; the text says why, for the operator."""


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
    path = Path(path)
    expected = sha256.strip().lower()
    if not _SHA256.fullmatch(expected):
        raise WeightsError("The SHA-256 of a checkpoint is 64 hexadecimal digits.")
    weights = _read(path)
    found = hashlib.sha256(weights).hexdigest()
    if not hmac.compare_digest(found, expected):
        raise WeightsError(
            f"{path.name} is not the checkpoint that was named: "
            f"its SHA-256 is {found}, not {expected}."
        )
    return weights


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise WeightsError(f"{path.name} is not a file.")
    try:
        with path.open("rb") as file:
            weights = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be read: {error.strerror}.") from error
    if len(weights) > MAX_BYTES:
        raise WeightsError(f"{path.name} is larger than {MAX_BYTES >> 20} MiB.")
    return weights
