import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.core import serializers
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from nacl import pwhash
from nacl.public import PrivateKey

from portal.accounts import sealing
from portal.accounts.models import Organisation, User
from tests.conftest import WREN_PASSWORD, signs_in

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
WRONG = "another long password"
SHIPPED = (sealing.OPS, sealing.MEMORY)  # before any test makes it cheap


def opened(user: User) -> bytes:
    private = sealing.unlock(user, WREN_PASSWORD)
    assert private is not None
    return private


def request_of(client: Client, user: User) -> HttpRequest:
    """What a view gets from this client."""
    request = RequestFactory().get("/desk/")
    request.COOKIES = {name: it.value for name, it in client.cookies.items()}
    request.session = client.session
    request.user = user
    return request


def test_only_the_password_opens_the_key(wren: User) -> None:
    private = opened(wren)
    assert bytes(PrivateKey(private).public_key) == wren.public_key
    assert sealing.unlock(wren, WRONG) is None
    assert sealing.unlock(User(username="new"), WREN_PASSWORD) is None


def test_a_lock_names_its_own_cost_so_that_it_can_be_raised(
    wren: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = opened(wren)
    before = bytes(wren.locked_key or b"")
    assert not sealing.is_dated(wren)
    monkeypatch.setattr(sealing, "OPS", pwhash.argon2id.OPSLIMIT_MIN + 1)
    assert sealing.is_dated(wren)
    assert opened(wren) == private, "the old cost is read from the lock"
    sealing.relock(wren, private, WREN_PASSWORD)
    wren.refresh_from_db()
    assert bytes(wren.locked_key or b"") != before
    assert not sealing.is_dated(wren)
    assert opened(wren) == private


def test_the_cost_that_we_ship_is_moderate() -> None:
    assert SHIPPED >= (3, 128 * 2**20)


@pytest.mark.parametrize("place", [0, 1, 4, 5, 8, 9, 24, 25, 60, 96])
def test_a_lock_that_was_altered_anywhere_opens_nothing(wren: User, place: int) -> None:
    locked = bytearray(wren.locked_key or b"")
    locked[place] ^= 0x80
    wren.locked_key = bytes(locked)
    assert sealing.unlock(wren, WREN_PASSWORD) is None


@pytest.mark.parametrize("length", [0, 1, 24, 25, 60, 96])
def test_a_lock_that_was_cut_opens_nothing(wren: User, length: int) -> None:
    wren.locked_key = bytes(wren.locked_key or b"")[:length]
    assert sealing.unlock(wren, WREN_PASSWORD) is None


def test_a_forged_lock_cannot_ask_for_all_memory(wren: User) -> None:
    header = sealing.HEADER.pack(sealing.VERSION, 2**32 - 1, 2**32 - 1, bytes(16))
    wren.locked_key = header + bytes(72)
    assert sealing.unlock(wren, WREN_PASSWORD) is None


def test_an_exchanged_public_key_is_noticed(wren: User, stella: User) -> None:
    wren.public_key = stella.public_key
    assert sealing.unlock(wren, WREN_PASSWORD) is None


def test_the_lock_is_no_use_to_another_person(wren: User, stella: User) -> None:
    stella.locked_key = wren.locked_key
    assert sealing.unlock(stella, WREN_PASSWORD) is None


def test_the_locks_are_different_for_the_same_password(
    organisation: Organisation, wren: User
) -> None:
    private = opened(wren)
    first = bytes(wren.locked_key or b"")
    sealing.relock(wren, private, WREN_PASSWORD)
    assert first != wren.locked_key
    assert WREN_PASSWORD.encode() not in first + bytes(wren.locked_key or b"")


def test_the_session_needs_the_cookie_and_the_cookie_the_session(
    client: Client, wren: User, stella: User
) -> None:
    private = opened(wren)
    signs_in(client, wren)
    assert sealing.private_of(request_of(client, wren)) == private
    request = request_of(client, wren)
    request.COOKIES = {}
    assert sealing.private_of(request) is None
    for forged in ["", "no base64 at all", "A" * 44, "AAAA", "é" * 44]:
        request.COOKIES = {sealing.COOKIE: forged}
        assert sealing.private_of(request) is None
    request = request_of(client, wren)
    del request.session[sealing.ENTRY]
    assert sealing.private_of(request) is None
    assert sealing.private_of(request_of(client, stella)) is None
    nobody = request_of(client, wren)
    nobody.user = AnonymousUser()
    assert sealing.private_of(nobody) is None, "half a login gives nothing"


def test_an_altered_session_gives_no_key(client: Client, wren: User) -> None:
    signs_in(client, wren)
    request = request_of(client, wren)
    sealed = bytearray(base64.b64decode(request.session[sealing.ENTRY]))
    sealed[-1] ^= 1
    request.session[sealing.ENTRY] = base64.b64encode(bytes(sealed)).decode()
    assert sealing.private_of(request) is None
    request.session[sealing.ENTRY] = "no base64"
    assert sealing.private_of(request) is None


def test_the_cookie_dies_with_the_browser_and_is_for_the_desk_only(
    client: Client, wren: User
) -> None:
    signs_in(client, wren)
    request, response = request_of(client, wren), HttpResponse()
    sealing.open_session(request, response, opened(wren))
    cookie = response.cookies[sealing.COOKIE]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/desk/"
    assert not cookie["expires"]
    assert not cookie["max-age"]
    assert not cookie["secure"], "the embedded profile speaks HTTP"
    sealing.close_session(request, response)
    assert sealing.ENTRY not in request.session
    assert not response.cookies[sealing.COOKIE].value


def test_the_cookie_is_secure_under_https(
    client: Client, wren: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs_in(client, wren)
    monkeypatch.setattr("django.conf.settings.HTTPS", True)
    response = HttpResponse()
    sealing.open_session(request_of(client, wren), response, opened(wren))
    assert response.cookies[sealing.COOKIE]["secure"] is True


def test_all_that_the_database_holds_opens_no_key(client: Client, wren: User) -> None:
    private = opened(wren)
    signs_in(client, wren)
    users = serializers.serialize("json", User.objects.all())
    sessions = [json.dumps(row.get_decoded()) for row in Session.objects.all()]
    stolen = users + "".join(sessions)
    for secret in (private, WREN_PASSWORD.encode()):
        for form in (secret.hex(), base64.b64encode(secret).decode()):
            assert form not in stolen
        assert repr(secret) not in stolen
    cookie = client.cookies[sealing.COOKIE].value
    assert cookie.rstrip("=") not in stolen


@given(st.binary(min_size=32, max_size=32))
def test_a_printed_key_is_read_back(private: bytes) -> None:
    words = sealing.to_words(private)
    assert len(words.split()) == 24
    assert sealing.from_words(f"  {words.upper()}\n") == private


@pytest.mark.parametrize(
    "words",
    [
        "",
        "word",
        "abandon " * 24,
        "abandon " * 12,
        "abandon " * 11 + "about",
        "nosuchword " * 24,
    ],
)
def test_words_that_were_not_printed_are_refused(words: str) -> None:
    with pytest.raises(ValueError, match="24 words"):
        sealing.from_words(words)


def test_a_recovery_key_is_a_pair() -> None:
    words, public = sealing.new_recovery_key()
    assert bytes(PrivateKey(sealing.from_words(words)).public_key) == public


def test_the_code_in_our_documents_opens_a_workers_key(wren: User) -> None:
    """docs/crypto-workers.md is enough to open a dump without our code."""
    text = (ROOT / "docs/crypto-workers.md").read_text("utf-8")
    code = text.partition("```python\n")[2].partition("```")[0]
    assert "portal" not in code
    known: dict[str, Callable[[bytes, str], bytes]] = {}
    exec(code, known)  # noqa: S102 (our own document)
    private = known["private_key"](bytes(wren.locked_key or b""), WREN_PASSWORD)
    assert private == opened(wren)
