"""A report begun and left: sealed rows that only their writer's device, or words, open.

The key is 32 random bytes in a cookie that dies with the browser, or is derived from eight
words. The row is found by a hash of the key, so the database holds nothing that opens it.
What is sealed is JSON: {"token": str, "answers": {step: {field: [value, …]}}, "under_words":
bool}, as typed; or, where the report was put under words, only the way there: {"key": hex,
"words": str}.
"""

import binascii
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from portal.cases.actions import opened
from portal.cases.keys import VERSION
from portal.cases.models import Draft, coarse_now
from portal.cases.passphrase import new_passphrase

COOKIE = "draft"
PATH = "/report/"  # no other page is told of it

Answers = dict[str, dict[str, list[str]]]
Sealed = dict[str, Any]  # as the docstring above has it


@dataclass(slots=True)
class Begun:
    """A report begun: what was answered so far, and the token that it is sent with once."""

    key: bytes = field(repr=False)
    token: str
    answers: Answers
    under_words: bool = False  # eight words open it
    way: bytes | None = field(default=None, repr=False)  # the device's key, if another
    words: str = ""  # known to the device that put it under them

    @property
    def is_adults(self) -> bool:
        """Whether the age question was answered: nobody is under 18."""
        return self.answers.get("what", {}).get("adult") == ["on"]


def of(request: HttpRequest) -> Begun | None:
    """The report that this device has begun, or None."""
    key = _key_in(request)
    return load(key) if key else None


def load(key: bytes) -> Begun | None:
    """The report under a key; inside a transaction, its row stays locked."""
    told = _open(key)
    if told is None or "key" not in told:
        return _begun(key, told)
    real = bytes.fromhex(told["key"])
    begun = _begun(real, _open(real))
    return replace(begun, way=key, words=told["words"]) if begun else None


@transaction.atomic
def keep(request: HttpRequest, step: str, answers: dict[str, list[str]]) -> Begun:
    """Keep what one step was answered; the first one begins a report.

    Each step is kept on its own: of two tabs, the later answer to a step counts.
    """
    begun = of(request)
    if begun is None:
        key = secrets.token_bytes(SecretBox.KEY_SIZE)
        begun = Begun(key, secrets.token_urlsafe(), {})
    begun.answers[step] = answers
    _keep(begun)
    return begun


@transaction.atomic
def put_under_words(request: HttpRequest, language: str) -> Begun | None:
    """Have eight words open the report on any device; done again, the same words.

    None if there is no report. The device keeps a way to it, so that an answer lost on the
    line loses nothing, until `leave` takes that away.
    """
    begun = of(request)
    if begun is None or begun.under_words:
        return begun
    words = new_passphrase(language)
    moved = replace(begun, key=opened(words).key, under_words=True)
    _keep(moved)
    _seal(begun.key, {"key": moved.key.hex(), "words": words})
    return replace(moved, way=begun.key, words=words)


def leave(request: HttpRequest) -> None:
    """Forget on this device the way to a report that lies under words."""
    begun = of(request)
    if begun and begun.way:
        Draft.objects.filter(locator=_locator(begun.way)).delete()


def load_by_words(words: str) -> Begun | None:
    return load(opened(words).key)


def delete(begun: Begun) -> None:
    """Delete a report begun, and the way to it."""
    keys = [begun.key, begun.way] if begun.way else [begun.key]
    Draft.objects.filter(locator__in=[_locator(key) for key in keys]).delete()


def remember(response: HttpResponse, begun: Begun) -> None:
    """Give this device the key. Without a date, it dies with the browser."""
    response.set_cookie(
        COOKIE,
        urlsafe_b64encode(begun.way or begun.key).decode(),
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def forget(response: HttpResponse) -> None:
    response.delete_cookie(COOKIE, path=PATH, samesite="Strict")


def _key_in(request: HttpRequest) -> bytes | None:
    try:
        key = urlsafe_b64decode(request.COOKIES.get(COOKIE, "").encode())
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == SecretBox.KEY_SIZE else None


def _locator(key: bytes) -> bytes:
    return blake2b(key, digest_size=32, person=b"draft-locator").digest()


def _begun(key: bytes, told: Sealed | None) -> Begun | None:
    if told is None:
        return None
    return Begun(key, told["token"], told["answers"], told["under_words"])


def _keep(begun: Begun) -> None:
    names = ("token", "answers", "under_words")
    _seal(begun.key, {name: getattr(begun, name) for name in names})


def _open(key: bytes) -> Sealed | None:
    row = Draft.objects.filter(locator=_locator(key))
    if transaction.get_connection().in_atomic_block:
        row = row.select_for_update()
    draft = row.first()
    if draft is None or bytes(draft.sealed[:1]) != VERSION:
        return None
    try:
        told: Sealed = json.loads(SecretBox(key).decrypt(bytes(draft.sealed[1:])))
    except CryptoError:
        return None
    return told


def _seal(key: bytes, told: Sealed) -> None:
    sealed = VERSION + SecretBox(key).encrypt(json.dumps(told).encode())
    Draft.objects.update_or_create(
        locator=_locator(key), defaults={"sealed": sealed, "touched_at": coarse_now()}
    )
