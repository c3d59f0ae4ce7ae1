"""The one door to sealed evidence. Nothing is opened without a reason on record.

Every case has a Curve25519 key pair. Bytes are sealed to its public key (libsodium sealed
boxes); the private key exists only wrapped (secret boxes), once for the passphrase and once
for the portal's custody key. Destroying the wraps makes the bytes noise: see `shred`.
"""

import io
import secrets
from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import storages
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import SecretBox

from portal.accounts.actions import audit
from portal.accounts.models import User
from portal.cases.models import Case, Exhibit, KeyWrap, Report

VERSION = b"\x01"  # first byte of all we seal, so that algorithms can change


class EvidenceError(Exception):
    """Sealed bytes that cannot be opened: shredded, missing or damaged."""


class EvidenceAwayError(EvidenceError):
    """The store does not answer. What it holds is not lost for that: ask again later."""


def custody_key() -> bytes:
    return blake2b(
        settings.CUSTODY_KEY.encode(), digest_size=32, person=b"custody"
    ).digest()


def new_keys() -> tuple[bytes, bytes]:
    """A case's key pair: (private, public), 32 bytes each."""
    private = PrivateKey.generate()
    return bytes(private), bytes(private.public_key)


def wrap_key(case: Case, private: bytes, holder: KeyWrap.Holder, key: bytes) -> None:
    """Keep the case's private key for `holder`, who knows `key` (32 bytes)."""
    sealed = VERSION + SecretBox(key).encrypt(private)
    KeyWrap.objects.create(case=case, holder=holder, sealed=sealed)


def seal(case: Case, data: bytes) -> bytes:
    """Seal `data` to the case. Anybody can seal; only a holder can open."""
    return VERSION + SealedBox(PublicKey(bytes(case.public_key))).encrypt(data)


def store(case: Case, data: bytes) -> str:
    """Seal `data` and keep it in the evidence store under a random name, returned."""
    name = secrets.token_hex(16)
    return storages["evidence"].save(
        f"{name[:2]}/{name}", File(io.BytesIO(seal(case, data)))
    )


def open_stored(case: Case, name: str, *, actor: User | str, reason: str) -> bytes:
    """Open the sealed bytes kept under `name`, after the audit log has the reason.

    Raises EvidenceError if there are none or the case's key is destroyed, ValueError
    without a reason.
    """
    audit(actor, "open", f"case:{case.pk} evidence:{name}", reason)
    try:
        with storages["evidence"].open(name) as kept:
            sealed = kept.read()
    except FileNotFoundError:
        raise EvidenceError("This evidence is no longer there.") from None
    except OSError:
        raise EvidenceAwayError("This evidence cannot be read right now.") from None
    return unseal(case, sealed)


def open_exhibit(exhibit: Exhibit, *, actor: User | str, reason: str) -> bytes:
    """The exhibit's bytes as the victim gave them. Raises as `open_stored` does."""
    if not exhibit.stored_as:
        raise EvidenceError("This exhibit has hashes only.")
    return open_stored(exhibit.case, exhibit.stored_as, actor=actor, reason=reason)


def open_details(report: Report, *, actor: User | str, reason: str) -> str:
    """What the victim wrote with a report. Raises as `open_stored` does."""
    audit(actor, "open", f"case:{report.case_id} report:{report.pk}", reason)
    if not report.details:
        raise EvidenceError("There is nothing to read.")
    return unseal(report.case, bytes(report.details)).decode()


def unseal(case: Case, sealed: bytes) -> bytes:
    """Open bytes sealed to the case with the custody key. Callers record their reason."""
    wrap = case.wraps.filter(holder=KeyWrap.Holder.CUSTODY).first()
    if wrap is None:
        raise EvidenceError("This case's key is destroyed.")
    try:
        private = SecretBox(custody_key()).decrypt(bytes(wrap.sealed)[1:])
        return SealedBox(PrivateKey(private)).decrypt(sealed[1:])
    except CryptoError:
        raise EvidenceError("This evidence is damaged.") from None


def stored() -> Iterator[str]:
    """The name of every sealed object in the store, whoever asked for it to be kept."""
    try:
        folders, _ = storages["evidence"].listdir("")
    except FileNotFoundError:
        return
    for folder in folders:
        for name in storages["evidence"].listdir(folder)[1]:
            yield f"{folder}/{name}"


def stored_at(name: str) -> datetime:
    """When the object was put there. Raises FileNotFoundError if it is gone."""
    return storages["evidence"].get_modified_time(name)


def discard(name: str) -> None:
    """Remove one sealed object. Harmless if it is gone."""
    if name:
        storages["evidence"].delete(name)


def shred(case: Case) -> None:
    """Destroy the case's key: whatever copy of its evidence exists, nobody can open it."""
    case.wraps.all().delete()
