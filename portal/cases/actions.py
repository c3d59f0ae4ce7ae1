"""Writes of the cases app, in the victim's words. Each is one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import blake2b

from django.conf import settings
from django.db import IntegrityError, transaction

from portal.accounts.actions import audit
from portal.accounts.models import User
from portal.cases import evidence, keys, originals, points, retention
from portal.cases.keys import CaseKey
from portal.cases.models import (
    Case,
    Consent,
    Draft,
    Event,
    Exhibit,
    Original,
    Report,
    ReportedUrl,
    coarse_now,
)
from portal.cases.passphrase import Opened, new_passphrase, open_passphrase
from portal.cases.receipts import Receipt, digest_of, receipt_for, receipt_of

DRAFT_LIFETIME = timedelta(hours=24)  # without a touch; the pages promise it
Claims = Sequence[Mapping[str, object]]  # of one exhibit: {"type", "value", "quality"}


@dataclass(frozen=True, slots=True)
class Told:
    """What one report says. Nothing in it is looked at by a person before it is sealed."""

    urls: Sequence[tuple[ReportedUrl.Kind, str]] = ()
    claims: Sequence[Claims] = ()  # one entry an exhibit: hashes that the device made
    pictures: Sequence[bytes] = ()
    details: str = ""
    kinds: Sequence[str] = ()
    fears: Sequence[str] = ()
    threatened: bool = False
    threatened_until: date | None = None
    contact: str = ""  # JSON, see intake.contact
    consents: Mapping[Consent.Kind, Sequence[str]] = field(default_factory=dict)


@transaction.atomic
def submit_report(*, token: str, told: Told, language: str = "en") -> Receipt:
    """Open a case with its first report. The same `token` again gives the same receipt."""
    if seen := receipt_of(token):
        return seen
    passphrase = new_passphrase(language)
    try:
        with transaction.atomic():
            case = _open_case(passphrase, language)
            report = _open_report(case, token, passphrase, told)
    except IntegrityError:
        # The same form arrived twice in one moment, and the other one was first.
        if seen := receipt_of(token):
            return seen
        raise
    _keep_told(report, told)
    for kind, scope in told.consents.items():
        Consent.objects.create(case=case, kind=kind, scope=list(scope))
    if told.contact:
        case.contact = evidence.seal(case, told.contact.encode())
        case.save(update_fields=["contact"])
    record_event(case, "received", due_at=_read_by(told))
    return Receipt(report, passphrase)


@transaction.atomic
def add_report(case: Case, *, token: str, told: Told) -> Report:
    """One submission more to an open case: addresses, hashes or an upload, all later.

    The same `token` again is the same report.
    """
    Case.objects.select_for_update().get(pk=case.pk)  # of two taps, the second waits
    digest = digest_of(token)
    if seen := Report.objects.filter(token_hash=digest).first():
        return seen
    report = _open_report(case, token, None, told)
    _keep_told(report, told)
    act(case)
    record_event(case, "added", once=f"added:{report.pk}", due_at=_read_by(told))
    return report


def find_case(passphrase: str) -> Case | None:
    """The case that this passphrase opens, or None. Takes the same time either way."""
    return Case.objects.filter(locator=opened(passphrase).locator).first()


def open_case(passphrase: str) -> tuple[Case, CaseKey | None] | None:
    """The case and its key; no key where it was destroyed. None for a wrong passphrase."""
    both = opened(passphrase)
    case = Case.objects.filter(locator=both.locator).first()
    if case is None:
        return None
    try:
        key = keys.key_of_victim(case, both.key)
    except keys.LockedError:
        return case, None
    keys.grant_anew(key)
    points.bring_back(key)
    originals.bring_back(key)
    return case, key


@transaction.atomic
def give_original(case: Case, data: bytes, *, token: str) -> bool:
    """Keep the features of a harmless photo; False if that was done already, or too late.

    Raises originals.TooManyError.
    """
    active = Case.objects.active().select_for_update().filter(pk=case.pk)
    if not active.exists():
        return False
    original = originals.keep(case, data, digest_of(token))
    if original is None:
        return False
    act(case)
    record_event(case, "original_given", once=f"original_given:{original.pk}")
    return True


@transaction.atomic
def drop_original(original: Original) -> None:
    """Forget an original, and compare nothing with it any more."""
    originals.forget([original])
    act(original.case)
    record_event(
        original.case, "original_dropped", once=f"original_dropped:{original.pk}"
    )


@transaction.atomic
def drop_upload(exhibit: Exhibit) -> None:
    """Forget the picture itself and keep its codes: back to hash-only.

    Its signals stay in the bank, so what is watched for does not change. Done twice, it is
    done once.
    """
    row = Exhibit.objects.select_for_update().get(pk=exhibit.pk)
    stored, held = row.stored_as, row.held_as
    if not stored or row.state != Exhibit.State.HASHED:
        return
    Exhibit.objects.filter(pk=row.pk).update(stored_as="", held_as="", size=0)
    points.forget([row])
    act(row.case)
    record_event(row.case, "upload_dropped", once=f"upload_dropped:{row.pk}")
    transaction.on_commit(lambda: _discard([stored], [held]), robust=True)


@transaction.atomic
def withdraw_case(case: Case) -> None:
    """Stop everything for this case, at once and for good, and destroy its key."""
    end_case(case, Case.Ending.WITHDRAWN)


@transaction.atomic
def end_case(case: Case, ending: Case.Ending) -> None:
    """Stop everything, shred the key and drop all content. The row stays as a tombstone.

    One column stops matching, notices, crawling and sharing, since all of them read it.
    """
    stopped = {"withdrawn_at": coarse_now(), "ending": ending, "contact": b""}
    if not Case.objects.active().filter(pk=case.pk).update(**stopped):
        return
    retention.remember_ending(case, ending)
    keys.shred(case)
    forget_words(case)
    case.exhibits.update(claims=[])
    points.forget(case.exhibits.all())
    originals.forget(case.originals.all())
    case.events.all().delete()
    record_event(case, str(ending), once=str(ending))
    stored = list(
        case.exhibits.exclude(stored_as="").values_list("stored_as", flat=True)
    )
    held = list(case.exhibits.exclude(held_as="").values_list("held_as", flat=True))
    transaction.on_commit(lambda: _discard(stored, held), robust=True)
    transaction.on_commit(keys.empty_log, robust=True)


@transaction.atomic
def forget_words(case: Case) -> None:
    """Drop all that was told beside the pictures: letters, words, addresses, what they fear."""
    case.messages.all().delete()
    ReportedUrl.objects.filter(report__case=case).delete()
    case.reports.update(details=b"", kinds=[], fears=[], threatened=False)
    case.reports.update(threatened_until=None, receipt=b"", receipt_until=None)
    Case.objects.filter(pk=case.pk).update(contact=b"")


@transaction.atomic
def freeze_case(case: Case, worker: User | str, reason: str) -> None:
    """Somebody in the picture may be a minor: a hard stop, and nothing is opened again.

    Nothing is destroyed here: what becomes of it is for the law and for counsel to say.
    Copies held for automatic processing go at once: no program may look either.
    """
    audit(worker, "freeze", f"case:{case.pk}", reason)
    stopped = {"withdrawn_at": coarse_now(), "ending": Case.Ending.FROZEN}
    if Case.objects.active().filter(pk=case.pk).update(**stopped):
        retention.remember_ending(case, Case.Ending.FROZEN)
        record_event(case, "frozen", once="frozen")
        held = list(case.exhibits.exclude(held_as="").values_list("held_as", flat=True))
        transaction.on_commit(lambda: _discard([], held), robust=True)
        points.shut(case)
        originals.shut(case)


@transaction.atomic
def revoke_consent(case: Case, kind: Consent.Kind) -> None:
    case.consents.filter(kind=kind, revoked_at=None).update(revoked_at=coarse_now())
    if kind == Consent.Kind.POINTS:
        points.forget(case.exhibits.all())
    act(case)


@transaction.atomic
def give_consent(case: Case, kind: Consent.Kind, scope: Sequence[str] = ()) -> None:
    """Give a consent, or change to whom it reaches. What was given before is kept, dated."""
    given = case.consents.filter(kind=kind, revoked_at=None).first()
    if given and given.scope == list(scope):
        return
    if given:
        revoke_consent(case, kind)
    Consent.objects.create(case=case, kind=kind, scope=list(scope))
    act(case)


@transaction.atomic
def keep_contact(case: Case, contact: str) -> None:
    """How the victim may be reached, sealed to the case; empty forgets it."""
    case.contact = evidence.seal(case, contact.encode()) if contact else b""
    case.save(update_fields=["contact"])
    act(case)


def act(case: Case) -> None:
    """The victim did something: the days of review and deletion move on."""
    retention.postpone(case)


def record_event(
    case: Case,
    kind: str,
    *,
    once: str | None = None,
    due_at: datetime | None = None,
    **data: str | int,
) -> None:
    """Put a step on the timeline, `once` if so told. `due_at` is what was promised next."""
    step = {"kind": kind, "data": data, "due_at": due_at}
    if once is None:
        Event.objects.create(case=case, **step)
    else:
        Event.objects.get_or_create(case=case, once=once, defaults=step)


def forget_drafts() -> int:
    """Delete reports that were begun and left alone for longer than we promised."""
    due = Draft.objects.filter(touched_at__lt=coarse_now() - DRAFT_LIFETIME)
    return due.delete()[0]


def opened(passphrase: str) -> Opened:
    """What a passphrase gives: locator and key."""
    salt = blake2b(settings.PASSPHRASE_SALT.encode(), digest_size=16).digest()
    return open_passphrase(passphrase, salt)


def _read_by(told: Told) -> datetime:
    """By when a person reads this. A threat does not wait its turn."""
    return coarse_now() + (
        settings.READ_THREATS_WITHIN if told.threatened else settings.READ_WITHIN
    )


def _open_case(passphrase: str, language: str) -> Case:
    both = opened(passphrase)
    private, public = keys.new_case_keys()
    case = Case.objects.create(
        locator=both.locator,
        public_key=public,
        language=language,
        **retention.first_days(),
    )
    keys.wrap_for_passphrase(case, private, both.key)
    keys.grant_on_duty(case, private)
    return case


def _open_report(case: Case, token: str, passphrase: str | None, told: Told) -> Report:
    sealed, until = receipt_for(token, passphrase) if passphrase else (b"", None)
    return Report.objects.create(
        case=case,
        token_hash=digest_of(token),
        receipt=sealed,
        receipt_until=until,
        details=evidence.seal(case, told.details.encode()) if told.details else b"",
        kinds=list(told.kinds),
        fears=list(told.fears),
        threatened=told.threatened,
        threatened_until=told.threatened_until,
    )


def _keep_told(report: Report, told: Told) -> None:
    case = report.case
    ReportedUrl.objects.bulk_create(
        ReportedUrl(report=report, kind=kind, url=url)
        for kind, url in dict.fromkeys(told.urls)
    )
    for claims in told.claims:
        signals = [dict(claim) for claim in claims]
        Exhibit.objects.create(case=case, report=report, claims=signals)
    for picture in told.pictures:
        Exhibit.objects.create(
            case=case,
            report=report,
            stored_as=evidence.store(case, picture),
            held_as=evidence.hold(picture),
            size=len(picture),
        )


def _discard(stored: Iterable[str], held: Iterable[str]) -> None:
    for name in held:
        evidence.release(name)
    for name in stored:
        evidence.discard(name)
