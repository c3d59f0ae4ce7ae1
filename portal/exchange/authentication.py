"""Who asks: a platform, by its key, and what that key may do. No session, no cookie."""

import hmac
from hashlib import blake2b

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from portal.exchange.models import ApiKey

LONGEST = 200  # characters of a header worth reading


def digest_of(key: str) -> bytes:
    """What we keep of a key: keys are 256 random bits, so a slow hash adds nothing."""
    return blake2b(key.encode(), digest_size=32, person=b"api-key").digest()


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer rk_<prefix>_<secret>`. The key is `request.auth`."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey] | None:
        header = get_authorization_header(request)
        if not header:
            return None
        key = find_key(header)
        if key is None:
            raise AuthenticationFailed
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        del request
        return "Bearer"


class HasScope(BasePermission):
    """The key may do what the view's `scope` names."""

    def has_permission(self, request: Request, view: object) -> bool:
        key = request.auth
        return isinstance(key, ApiKey) and getattr(view, "scope", "") in key.scopes


def find_key(header: bytes) -> ApiKey | None:
    """The key in force that an Authorization header presents, or None.

    The prefix finds the row; the whole key is compared by digest, in constant time, also
    where there is no row, so that the time tells nothing about prefixes.
    """
    scheme, _, presented = header.decode("latin-1")[:LONGEST].partition(" ")
    prefix = presented.removeprefix("rk_").partition("_")[0]
    if scheme.lower() != "bearer" or not prefix.isalnum() or not presented.isascii():
        return None
    found = ApiKey.presented(prefix)
    kept = bytes(found.digest) if found else bytes(32)
    if not hmac.compare_digest(kept, digest_of(presented)) or found is None:
        return None
    return found if found.revoked_at is None else None
