"""The passphrase's second showing: for minutes, to whoever sends the same form again.

The row holds it in a secret box under the form's one-time token, of which we know a hash.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from django.utils import timezone
from nacl.secret import SecretBox

from portal.cases.models import Report

RECEIPT_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A report, and the passphrase to be shown once. None when its time to show is over."""

    report: Report
    passphrase: str | None


def receipt_again(token: str) -> Receipt | None:
    """What was answered to this token, if a report came with it before.

    Who asks is still at it: the passphrase can be shown for ten minutes more.
    """
    seen = receipt_of(token)
    if seen and seen.passphrase:
        longer = timezone.now() + RECEIPT_LIFETIME
        Report.objects.filter(pk=seen.report.pk).update(receipt_until=longer)
    return seen


def forget_receipts() -> int:
    """Forget passphrases whose moment to be shown again is over."""
    due = Report.objects.filter(receipt_until__lt=timezone.now())
    return due.update(receipt=b"", receipt_until=None)


def receipt_of(token: str) -> Receipt | None:
    """What was answered to this token before, if it came before."""
    seen = Report.objects.filter(token_hash=digest_of(token)).first()
    return Receipt(seen, _passphrase_again(seen, token)) if seen else None


def digest_of(token: str) -> bytes:
    """The form's one-time token as the row knows it."""
    return blake2b(token.encode(), digest_size=32, person=b"report-token").digest()


def _key_of(token: str) -> bytes:
    return blake2b(token.encode(), digest_size=32, person=b"report-receipt").digest()


def receipt_for(token: str, passphrase: str) -> tuple[bytes, datetime]:
    """What the report's row keeps so that the passphrase can be shown again, and until when."""
    sealed = SecretBox(_key_of(token)).encrypt(passphrase.encode())
    return sealed, timezone.now() + RECEIPT_LIFETIME


def _passphrase_again(report: Report, token: str) -> str | None:
    if not report.receipt or not report.receipt_until:
        return None
    if report.receipt_until < timezone.now():
        return None
    return SecretBox(_key_of(token)).decrypt(bytes(report.receipt)).decode()
