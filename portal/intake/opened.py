"""A case while it is open in one browser: no key of it lies on the server.

The session's row holds the case's private key in a secret box; the key of that box is in a
cookie that only the pages under /case/ are sent. Either one alone opens nothing.
"""

import secrets
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from portal.cases.keys import VERSION, VICTIM, CaseKey
from portal.cases.models import Case

COOKIE = "case_key"
PATH = "/case/"
CASE, ENTRY = "case", "case_key"  # of the session: the case's number, the sealed key

CaseView = Callable[[HttpRequest, Case], HttpResponse]
KeyView = Callable[[HttpRequest, CaseKey], HttpResponse]


def open_session(
    request: HttpRequest, response: HttpResponse, case: Case, key: CaseKey | None
) -> None:
    """Open `case` in this browser. `key` is None where the case has ended."""
    secret = secrets.token_bytes(SecretBox.KEY_SIZE)
    sealed = VERSION + SecretBox(secret).encrypt(key.private if key else b"")
    request.session.flush()  # a new session, and whatever was in the old one is gone
    request.session[CASE] = case.pk
    request.session[ENTRY] = b64encode(sealed).decode()
    response.set_cookie(
        COOKIE,
        urlsafe_b64encode(secret).decode(),
        path=PATH,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Strict",
    )


def close_session(request: HttpRequest, response: HttpResponse) -> None:
    """Forget case and key on both sides."""
    request.session.flush()
    response.delete_cookie(COOKIE, path=PATH, samesite="Strict")


def with_case(view: CaseView) -> Callable[[HttpRequest], HttpResponse]:
    """The view of the case that is open here, ended or not; else ask for the passphrase."""

    @wraps(view)
    def handle(request: HttpRequest) -> HttpResponse:
        private = _private(request)
        case = Case.objects.filter(pk=request.session.get(CASE, 0)).first()
        if case is None or private is None:
            return redirect("intake:case")
        return view(request, case)

    return handle


def with_key(view: KeyView) -> Callable[[HttpRequest], HttpResponse]:
    """The view of an open case that goes on, with its key. An ended one shows its end."""

    @with_case
    @wraps(view)
    def handle(request: HttpRequest, case: Case) -> HttpResponse:
        private = _private(request)
        if case.is_withdrawn or not private:
            return redirect("intake:status")
        return view(request, CaseKey(case, private, VICTIM))

    return handle


def _private(request: HttpRequest) -> bytes | None:
    """The case's private key, b"" for a case that had none left; None: nothing is open."""
    try:
        secret = urlsafe_b64decode(request.COOKIES.get(COOKIE, ""))
        sealed = b64decode(request.session.get(ENTRY, ""))
        return SecretBox(secret).decrypt(sealed[1:])
    except (CryptoError, ValueError):
        return None
