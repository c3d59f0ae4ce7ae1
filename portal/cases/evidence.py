"""The one door to sealed evidence. Nothing is opened without a reason on record.

Bytes are sealed to their case (libsodium sealed boxes) and opened with a CaseKey, which a
worker's password or the victim's passphrase gives. What automatic processing must read is
held a second time, under a key of its own that is destroyed when the reading is over.
"""

import io
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.core.files.base import File
from django.core.files.storage import storages
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import SecretBox

from portal.accounts.actions import audit
from portal.accounts.models import User
from portal.cases.holding import Keys, held_keys, lasting_keys
from portal.cases.keys import VERSION, CaseKey
from portal.cases.models import Case, Exhibit, Message, Report


class EvidenceError(Exception):
    """Sealed bytes that cannot be opened: shredded, missing, damaged or frozen."""


class EvidenceAwayError(EvidenceError):
    """The store does not answer. What it holds is not lost for that: ask again later."""


def seal(case: Case, data: bytes) -> bytes:
    """Seal `data` to the case. Anybody can seal; only a holder of its key can open."""
    return VERSION + SealedBox(PublicKey(bytes(case.public_key))).encrypt(data)


def store(case: Case, data: bytes) -> str:
    """Seal `data` and keep it in the evidence store under a random name, returned."""
    return _keep(seal(case, data))


def hold(data: bytes) -> str:
    """Keep `data` for automatic processing, under a key of its own; returns its name.

    Who calls this calls `release` in the end; a sweep does it for who was killed.
    """
    return _hold(data, held_keys())


def hold_lasting(data: bytes) -> str:
    """Keep `data` for programs while its case lives; returns its name.

    Whoever ends the case calls `release`; no sweep does.
    """
    return _hold(data, lasting_keys())


def is_lasting(name: str) -> bool:
    """Whether programs can open this copy: its key went where the machine started anew."""
    return bool(name) and lasting_keys().get(_key_name(name)) is not None


def open_lasting(
    names: Sequence[str], *, actor: str, reason: str
) -> list[bytes | None]:
    """The bytes held under each name, None for what cannot be opened (any more).

    The audit log has one entry for all of them, before. Raises ValueError without a reason.
    """
    audit(actor, "open", f"lasting:{len(names)}", reason)
    return [_lasting(name) for name in names]


def open_held(name: str, *, actor: str, reason: str) -> bytes:
    """The bytes held under `name`, after the audit log has the reason.

    Raises EvidenceError if their key is destroyed, ValueError without a reason.
    """
    audit(actor, "open", f"held:{name}", reason)
    key = held_keys().get(_key_name(name)) if name else None
    if key is None:
        raise EvidenceError("This copy's key is destroyed.")
    return _open_with(key, name)


def release(name: str) -> None:
    """Destroy a held copy: its key first, which is what counts. Harmless if it is gone."""
    if name:
        held_keys().destroy(_key_name(name))
        lasting_keys().destroy(_key_name(name))
        discard(name)


def open_stored(key: CaseKey, name: str, *, reason: str) -> bytes:
    """Open the sealed bytes kept under `name`, after the audit log has the reason.

    Raises EvidenceError, ValueError without a reason.
    """
    _on_record(key, f"evidence:{name}", reason)
    return _unseal(key, _read(name))


def open_unseen(key: CaseKey, name: str, *, reason: str) -> bytes:
    """The same for a program: nobody sees it, so it counts as nobody's look."""
    _on_record(key, f"unseen:{name}", reason)
    return _unseal(key, _read(name))


def open_exhibit(key: CaseKey, exhibit: Exhibit, *, reason: str) -> bytes:
    """The exhibit's bytes as the victim gave them. Raises as `open_stored` does."""
    if not exhibit.stored_as:
        raise EvidenceError("This exhibit has hashes only.")
    return open_stored(key, exhibit.stored_as, reason=reason)


def open_details(key: CaseKey, report: Report, *, reason: str) -> str:
    """What the victim wrote with a report. Raises as `open_stored` does."""
    _on_record(key, f"report:{report.pk}", reason)
    return _unseal(key, bytes(report.details)).decode()


def open_message(key: CaseKey, message: Message, *, reason: str) -> str:
    """The words of one message. Raises as `open_stored` does."""
    _on_record(key, f"message:{message.pk}", reason)
    return _unseal(key, bytes(message.sealed)).decode()


def open_thread(key: CaseKey, *, reason: str) -> list[tuple[Message, str | None]]:
    """All messages of the case, oldest first, with one entry on record for the opening.

    None where one message is damaged: it hides no other. Raises as `open_stored` does.
    """
    _on_record(key, "messages", reason)
    return [(message, _words(key, message)) for message in key.case.messages.all()]


def open_contact(key: CaseKey, *, reason: str) -> str:
    """How the victim may be reached, as intake wrote it. Raises as `open_stored` does."""
    _on_record(key, "contact", reason)
    return _unseal(key, bytes(key.case.contact)).decode()


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


def _on_record(key: CaseKey, what: str, reason: str) -> None:
    """The audit entry, before anything is opened.

    A victim who opens their own case leaves none: a log of when they came would tell on
    them. A frozen case is opened by nobody.
    """
    if key.case.ending == Case.Ending.FROZEN:
        raise EvidenceError("This case is frozen. Nothing in it may be opened.")
    if isinstance(key.holder, User):
        audit(key.holder, "open", f"case:{key.case.pk} {what}", reason)


def _hold(data: bytes, keys: Keys) -> str:
    key = secrets.token_bytes(SecretBox.KEY_SIZE)
    name = _keep(VERSION + SecretBox(key).encrypt(data))
    keys.put(_key_name(name), key)
    return name


def _open_with(key: bytes, name: str) -> bytes:
    sealed = _read(name)
    try:
        return SecretBox(key).decrypt(_body(sealed))
    except CryptoError:
        raise EvidenceError("This evidence is damaged.") from None


def _lasting(name: str) -> bytes | None:
    key = lasting_keys().get(_key_name(name))
    try:
        return _open_with(key, name) if key else None
    except EvidenceError:
        return None


def _keep(sealed: bytes) -> str:
    name = secrets.token_hex(16)
    return storages["evidence"].save(f"{name[:2]}/{name}", File(io.BytesIO(sealed)))


def _read(name: str) -> bytes:
    try:
        with storages["evidence"].open(name) as kept:
            data: bytes = kept.read()
            return data
    except FileNotFoundError:
        raise EvidenceError("This evidence is no longer there.") from None
    except OSError:
        raise EvidenceAwayError("This evidence cannot be read right now.") from None


def _unseal(key: CaseKey, sealed: bytes) -> bytes:
    if not sealed:
        raise EvidenceError("There is nothing to read.")
    try:
        return SealedBox(PrivateKey(key.private)).decrypt(_body(sealed))
    except CryptoError:
        raise EvidenceError("This evidence is damaged.") from None


def _words(key: CaseKey, message: Message) -> str | None:
    try:
        return _unseal(key, bytes(message.sealed)).decode()
    except EvidenceError:
        return None


def _body(sealed: bytes) -> bytes:
    if sealed[:1] != VERSION:
        raise EvidenceError("This evidence was sealed by another version.")
    return sealed[1:]


def _key_name(name: str) -> str:
    return name.replace("/", "-")
