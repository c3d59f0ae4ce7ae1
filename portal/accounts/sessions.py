"""Half a login, and the end of all logins of one person.

Nobody is logged in before every step is taken: password, second factor, and an end to a
password that somebody else knows. Until then the session only says who is on the way.
"""

import time
from datetime import timedelta

from django.contrib.auth import SESSION_KEY, login
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from portal.accounts.models import User

PENDING = "signing_in"
PATIENCE = timedelta(minutes=10)


def begin(request: HttpRequest, user: User, onward: str) -> None:
    """The password was right. `onward` is where the finished login leads."""
    request.session.flush()  # nothing of who was on the way before
    request.session[PENDING] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "at": time.time(),
        "proven": False,
        "onward": onward,
    }


def pending(request: HttpRequest) -> User | None:
    """Who is on the way in. Ends with time, with a new password, and with dismissal."""
    held = request.session.get(PENDING)
    if held is None or time.time() - held["at"] > PATIENCE.total_seconds():
        return None
    user = User.objects.filter(pk=held["user"], is_active=True).first()
    if user is None or not constant_time_compare(
        held["hash"], user.get_session_auth_hash()
    ):
        return None
    return user


def prove(request: HttpRequest) -> None:
    """The second factor was shown."""
    request.session[PENDING] = {**request.session[PENDING], "proven": True}


def is_proven(request: HttpRequest) -> bool:
    return bool(request.session[PENDING]["proven"])


def keep(request: HttpRequest, user: User) -> None:
    """Stay on the way in after a change of the password."""
    fresh = {"hash": user.get_session_auth_hash()}
    request.session[PENDING] = {**request.session[PENDING], **fresh}


def finish(request: HttpRequest, user: User) -> str:
    """Log in. Returns where this leads."""
    onward: str = request.session.pop(PENDING)["onward"]
    login(request, user)
    return onward


def end_all(user: User) -> None:
    """Delete every session of `user`, ended ones too: they hold the key, sealed."""
    for session in Session.objects.iterator():
        held = session.get_decoded()
        owners = {held.get(SESSION_KEY), str(held.get(PENDING, {}).get("user"))}
        if str(user.pk) in owners:
            session.delete()


def forget_ended() -> int:
    """Delete the sessions whose time is over, with the keys sealed in them."""
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]
