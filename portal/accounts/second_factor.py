"""The second factor: codes from an app, security keys, recovery codes on paper.

The one place that knows django-allauth, and of it only the factors: its pages, its
addresses and its limits by IP address are not used.
"""

from base64 import b64decode, b64encode
from hashlib import blake2b
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal import auth as webauthn
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from nacl.secret import SecretBox

from portal.accounts.models import User

SETUP = "second_factor_setup"  # of the session: the app's secret until it is confirmed
PRIMARY = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
LONGEST_NAME = 60
# What allauth and fido2 raise for an answer that no browser gives.
NO_ANSWER = (ValidationError, ValueError, TypeError, KeyError, AttributeError)


class Adapter(DefaultMFAAdapter):
    """Seals the factors' secrets, so that a database alone makes no code."""

    def encrypt(self, text: str) -> str:
        return b64encode(_box().encrypt(text.encode())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(b64decode(encrypted_text)).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return entity | {"name": str(settings.PORTAL_NAME)}


def _box() -> SecretBox:
    key = settings.SECRET_KEY.encode()
    return SecretBox(blake2b(key, digest_size=32, person=b"second factor").digest())


# -- what somebody has -----------------------------------------------------------------
def _of(user: User) -> Any:  # a QuerySet; allauth ships no types
    return Authenticator.objects.filter(user=user)


def factors(user: User) -> list[Authenticator]:
    """Apps and security keys, oldest first; recovery codes alone are no factor."""
    return list(_of(user).filter(type__in=PRIMARY).order_by("pk"))


def has_factor(user: User) -> bool:
    return bool(_of(user).filter(type__in=PRIMARY).exists())


def has(user: User, kind: str) -> bool:
    return bool(_of(user).filter(type=kind).exists())


def codes_left(user: User) -> int:
    row = _of(user).filter(type=Authenticator.Type.RECOVERY_CODES).first()
    return len(row.wrap().get_unused_codes()) if row else 0


@transaction.atomic
def remove(user: User, pk: int) -> bool:
    """Take away one factor. False if it is not there, or is the last one."""
    User.objects.select_for_update().get(pk=user.pk)
    mine = _of(user).filter(type__in=PRIMARY)
    if mine.count() < 2:
        return False
    return bool(mine.filter(pk=pk).delete()[0])


def remove_all(user: User) -> None:
    """The next login begins with setting one up."""
    _of(user).delete()


@transaction.atomic
def new_codes(user: User) -> list[str]:
    """Recovery codes instead of those before. To be shown once."""
    _of(user).filter(type=Authenticator.Type.RECOVERY_CODES).delete()
    codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    return codes


def new_secret() -> str:
    """For an authenticator app: 20 random bytes in base32 (RFC 4226, 4)."""
    return str(totp.generate_totp_secret())


# -- codes -----------------------------------------------------------------------------
def setup_app(request: HttpRequest, user: User) -> dict[str, str]:
    """What an authenticator app needs: `secret` as text, `picture` as a data URI (SVG)."""
    adapter = get_adapter()
    if SETUP not in request.session:
        request.session[SETUP] = adapter.encrypt(new_secret())
    secret = adapter.decrypt(request.session[SETUP])
    svg = adapter.build_totp_svg(adapter.build_totp_url(user, secret))
    picture = f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
    return {"secret": secret, "picture": picture}


def add_app(request: HttpRequest, user: User, code: str) -> bool:
    """Add the app that was set up, if it shows the right code."""
    held = request.session.get(SETUP)
    if held is None or has(user, Authenticator.Type.TOTP):
        return False
    secret = get_adapter().decrypt(held)
    if not totp.validate_totp_code(secret, code):
        return False
    del request.session[SETUP]
    totp.TOTP.activate(user, secret)
    return True


def give_app(user: User, secret: str) -> None:
    """Make `secret` (base32) the user's app, whatever it was before."""
    _of(user).filter(type=Authenticator.Type.TOTP).delete()
    totp.TOTP.activate(user, secret)


def code_of(secret: str, at: float) -> str:
    """What an app with this secret (base32) shows at a time (seconds since 1970)."""
    counter = int(at) // settings.MFA_TOTP_PERIOD
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))


def takes_code(user: User, code: str) -> bool:
    """Whether it is a code of the app, or an unused recovery code. Each is taken once."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
    for row in _of(user).filter(type__in=kinds).order_by("-type"):
        if row.wrap().validate_code(code) and _is_fresh(user, code):
            row.record_usage()
            return True
    return False


def _is_fresh(user: User, code: str) -> bool:
    """Each code counts once: allauth forgets it after one period, and ours live for three."""
    lifetime = settings.MFA_TOTP_PERIOD * (2 * settings.MFA_TOTP_TOLERANCE + 1)
    used = f"second-factor:{user.pk}:{''.join(filter(str.isdecimal, code))}"
    return bool(cache.add(used, 1, timeout=lifetime))


# -- security keys ---------------------------------------------------------------------
def setup_key(user: User) -> dict[str, Any]:
    """What a browser needs to make a credential; the challenge stays in the session."""
    options: dict[str, Any] = webauthn.begin_registration(user, passwordless=False)
    return options


def add_key(user: User, name: str, credential: object) -> bool:
    """Add the security key that answered."""
    try:
        webauthn.parse_registration_response(credential)
        webauthn.complete_registration(credential)
    except NO_ANSWER:
        return False
    webauthn.WebAuthn.add(user, name[:LONGEST_NAME], credential)
    return True


def ask_key(user: User) -> dict[str, Any]:
    """What a browser needs to let a security key answer."""
    options: dict[str, Any] = webauthn.begin_authentication(user)
    return options


def takes_key(user: User, credential: object) -> bool:
    """Whether one of the user's security keys answered our challenge."""
    try:
        webauthn.parse_authentication_response(credential)
        row = webauthn.complete_authentication(user, credential)
    except NO_ANSWER:
        return False
    row.record_usage()
    return True
