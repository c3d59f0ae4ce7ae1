"""Writes of the cases app, in the victim's words. Each is one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from nacl.secret import SecretBox

from portal.cases import evidence
from portal.cases.models import (
    Case,
    Consent,
    Event,
    Exhibit,
    KeyWrap,
    Report,
    ReportedUrl,
    coarse_now,
)
from portal.cases.passphrase import Opened, new_passphrase, open_passphrase

RECEIPT_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A report, and the passphrase to be shown once. None when its time to show is over."""

    report: Report
    passphrase: str | None


@transaction.atomic
def submit_report(
    *,
    token: str,
    urls: Sequence[str],
    pictures: Sequence[bytes],
    details: str = "",
    threatened: bool = False,
    consents: Iterable[Consent.Kind] = (),
    language: str = "en",
) -> Receipt:
    """Open a case with its first report. The same `token` again gives the same receipt."""
    if seen := _receipt_of(token):
        return seen
    passphrase = new_passphrase()
    try:
        with transaction.atomic():
            case = _open_case(passphrase, language)
            report = _open_report(
                case, token, passphrase, details=details, threatened=threatened
            )
    except IntegrityError:
        # The same form arrived twice in one moment, and the other one was first.
        if seen := _receipt_of(token):
            return seen
        raise
    ReportedUrl.objects.bulk_create(
        ReportedUrl(report=report, url=url) for url in dict.fromkeys(urls)
    )
    for picture in pictures:
        Exhibit.objects.create(
            case=case,
            report=report,
            stored_as=evidence.store(case, picture),
            size=len(picture),
        )
    Consent.objects.bulk_create(
        Consent(case=case, kind=kind) for kind in dict.fromkeys(consents)
    )
    record_event(case, "received")
    return Receipt(report, passphrase)


def find_case(passphrase: str) -> Case | None:
    """The case that this passphrase opens, or None. Takes the same time either way."""
    return Case.objects.filter(locator=_opened(passphrase).locator).first()


@transaction.atomic
def withdraw_case(case: Case) -> None:
    """Stop everything for this case, at once and for good, and destroy its key.

    One column stops matching, notices, crawling and sharing, since all of them read it.
    """
    if not Case.objects.active().filter(pk=case.pk).update(withdrawn_at=coarse_now()):
        return
    evidence.shred(case)
    case.reports.update(details=b"", receipt=b"", receipt_until=None)
    record_event(case, "withdrawn", once="withdrawn")
    names = list(
        case.exhibits.exclude(stored_as="").values_list("stored_as", flat=True)
    )
    transaction.on_commit(lambda: _discard(names), robust=True)


@transaction.atomic
def revoke_consent(case: Case, kind: Consent.Kind) -> None:
    case.consents.filter(kind=kind, revoked_at=None).update(revoked_at=coarse_now())


@transaction.atomic
def give_consent(case: Case, kind: Consent.Kind) -> None:
    if not case.consents_to(kind):
        Consent.objects.create(case=case, kind=kind)


def record_event(
    case: Case, kind: str, *, once: str | None = None, **data: str | int
) -> None:
    """Put a step on the victim's timeline; with `once`, however often a task runs."""
    if once is None:
        Event.objects.create(case=case, kind=kind, data=data)
    else:
        Event.objects.get_or_create(
            case=case, once=once, defaults={"kind": kind, "data": data}
        )


def forget_receipts() -> int:
    """Forget passphrases whose moment to be shown again is over."""
    due = Report.objects.filter(receipt_until__lt=timezone.now())
    return due.update(receipt=b"", receipt_until=None)


def _open_case(passphrase: str, language: str) -> Case:
    opened = _opened(passphrase)
    private, public = evidence.new_keys()
    case = Case.objects.create(
        locator=opened.locator, public_key=public, language=language
    )
    evidence.wrap_key(case, private, KeyWrap.Holder.PASSPHRASE, opened.key)
    evidence.wrap_key(case, private, KeyWrap.Holder.CUSTODY, evidence.custody_key())
    return case


def _open_report(
    case: Case, token: str, passphrase: str, *, details: str, threatened: bool
) -> Report:
    return Report.objects.create(
        case=case,
        token_hash=_digest(token),
        receipt=SecretBox(_receipt_key(token)).encrypt(passphrase.encode()),
        receipt_until=timezone.now() + RECEIPT_LIFETIME,
        details=evidence.seal(case, details.encode()) if details else b"",
        threatened=threatened,
    )


def _receipt_of(token: str) -> Receipt | None:
    """What was answered to this token before, if it came before."""
    seen = Report.objects.filter(token_hash=_digest(token)).first()
    return Receipt(seen, _passphrase_again(seen, token)) if seen else None


def _opened(passphrase: str) -> Opened:
    salt = blake2b(settings.PASSPHRASE_SALT.encode(), digest_size=16).digest()
    return open_passphrase(passphrase, salt)


def _digest(token: str) -> bytes:
    return blake2b(token.encode(), digest_size=32, person=b"report-token").digest()


def _receipt_key(token: str) -> bytes:
    return blake2b(token.encode(), digest_size=32, person=b"report-receipt").digest()


def _passphrase_again(report: Report, token: str) -> str | None:
    if not report.receipt or not report.receipt_until:
        return None
    if report.receipt_until < timezone.now():
        return None
    return SecretBox(_receipt_key(token)).decrypt(bytes(report.receipt)).decode()


def _discard(names: Sequence[str]) -> None:
    for name in names:
        evidence.discard(name)
