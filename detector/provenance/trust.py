"""The trust list: certificates whose signers the operator vouches for.

It must not know what was signed by them.
"""

import hashlib
import hmac
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# C2PA's own list has some 200 KiB.
_MAX_BYTES: Final = 4 << 20


class TrustError(Exception):
    """A trust list is refused; the text says why, for the operator."""


@dataclass(frozen=True, slots=True)
class TrustList:
    """Certificates in PEM form; `sha256` is of the file that they came from."""

    pem: str
    sha256: str


def trust_list(content: bytes) -> TrustList:
    """Take the certificates of authorities, or of signers, in PEM form.

    Raises:
        TrustError: There is no certificate in it, or one that cannot be read.
    """
    try:
        pem = content.decode("ascii")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError) as error:
        raise TrustError("The trust list holds no certificates in PEM form.") from error
    return TrustList(pem, hashlib.sha256(content).hexdigest())


def parse_trust(specification: str) -> TrustList:
    """Read the list that `PATH#sha256=DIGEST` names.

    Raises:
        TrustError: It is not of that form, the file cannot be read or is too large, its
            digest is another one, or it holds no certificates.
    """
    name, mark, digest = specification.strip().rpartition("#sha256=")
    if not (name and mark):
        raise TrustError("A trust list is given as PATH#sha256=DIGEST.")
    try:
        with Path(name).open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise TrustError("The trust list cannot be read.") from error
    if len(content) > _MAX_BYTES:
        raise TrustError(f"The trust list is larger than {_MAX_BYTES >> 20} MiB.")
    found = hashlib.sha256(content).hexdigest()
    if not hmac.compare_digest(found, digest.strip().lower()):
        raise TrustError(
            f"This is not the trust list that was named: its SHA-256 is {found}."
        )
    return trust_list(content)
