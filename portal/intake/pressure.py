"""What a try costs while very many fail: work for a browser, or a wait for its reader.

No address is looked at and nobody is locked out. A passphrase has 88 bits, so this guards
our processor and not the case. It knows no passphrase and no case.
"""

import re
import secrets
from hashlib import sha256

from django.core.cache import cache
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner

from portal.accounts.pacing import Bucket

FAILURES = Bucket("case", size=60, seconds=1)  # of everybody together
CALM_AFTER = 600  # seconds without the bucket running dry
BITS = (
    17  # of a hash that must be zero: 131,072 hashes, a second or two on a cheap phone
)
WAIT = 15  # seconds, instead of the work, where a browser runs no script
LIFETIME = 15 * 60  # seconds that a ticket is good for
SOLUTION = re.compile(r"[0-9]{1,15}")
HIGH = "case:pressure"

_signer = TimestampSigner(salt="intake.pressure")


def failed() -> None:
    """One try did not open a case."""
    FAILURES.take()
    if FAILURES.wait():
        cache.set(HIGH, 1, CALM_AFTER)


def is_high() -> bool:
    return cache.get(HIGH) is not None


def new_ticket() -> str:
    """A ticket for one try: signed, dated, and known to nobody before it is used."""
    return _signer.sign(secrets.token_urlsafe(12))


def is_paid(ticket: str, solution: str) -> bool:
    """Whether work or a wait was given for this ticket, which is spent by this."""
    try:
        number = _signer.unsign(ticket, max_age=LIFETIME)
    except BadSignature:
        return False
    if not is_solved(ticket, solution) and not _is_old(ticket):
        return False
    return bool(cache.add(f"{HIGH}:{number}", 1, LIFETIME))


def is_solved(ticket: str, solution: str) -> bool:
    """Whether SHA-256 of "ticket.solution" starts with BITS zero bits (as in Hashcash)."""
    if not SOLUTION.fullmatch(solution):
        return False
    digest = sha256(f"{ticket}.{solution}".encode()).digest()
    return int.from_bytes(digest) >> (256 - BITS) == 0


def _is_old(ticket: str) -> bool:
    try:
        _signer.unsign(ticket, max_age=WAIT)
    except SignatureExpired:
        return True
    return False
