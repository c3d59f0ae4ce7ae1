"""How long a case is kept, and why: two days for each, review and delete.

Any act of the victim moves both on. A hold stops deletion; it needs two people and ends by
a date. This module decides; `ending.py` carries out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TypedDict

from django.conf import settings
from django.db import transaction
from django.db.models import Q, TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.actions import audit
from portal.accounts.models import User
from portal.cases import tombstones
from portal.cases.models import Case, CaseQuerySet, Hold, Report, coarse_now

LONGEST_HOLD = timedelta(days=366)


class HoldError(Exception):
    """A hold, or a closing, that is refused: why, in a plain sentence."""


class What(TextChoices):
    """What retention can do with a case."""

    EXPIRE = "expire", gettext_lazy("delete everything")
    FILES = "files", gettext_lazy("delete the files")
    METADATA = (
        "metadata",
        gettext_lazy("delete messages, words, addresses and old steps"),
    )


class Days(TypedDict):
    """The two dates of a case."""

    review_on: date
    delete_on: date


@dataclass(frozen=True, slots=True)
class Decision:
    """What retention does with one case, and why; or by whose hold it does not."""

    case: Case
    what: What
    why: str
    hold: Hold | None = None

    @property
    def is_held(self) -> bool:
        return self.hold is not None

    def __str__(self) -> str:
        """One plain line: case, what, why, since when, held by whom until when."""
        line = f"{self.case.reference}: {self.what.label}: {self.why}"
        if self.hold is None or self.hold.approved_by is None:
            return line
        held = _("Not now: held by %(asked)s and %(approved)s until %(until)s.") % {
            "asked": self.hold.asked_by.username,
            "approved": self.hold.approved_by.username,
            "until": self.hold.until,
        }
        return f"{line} {held}"


def first_days() -> Days:
    """The dates that an act of today gives a case."""
    today = timezone.now().date()
    return Days(
        review_on=today + settings.REVIEW_AFTER, delete_on=today + settings.DELETE_AFTER
    )


def postpone(case: Case) -> None:
    """The victim acted: both dates move on, never back, and a closed case is open again."""
    active = Case.objects.active().filter(pk=case.pk)
    active.update(acted_at=coarse_now(), closed_at=None)
    days = first_days()
    review, delete = days["review_on"], days["delete_on"]
    active.filter(Q(review_on=None) | Q(review_on__lt=review)).update(review_on=review)
    active.filter(Q(delete_on=None) | Q(delete_on__lt=delete)).update(delete_on=delete)


@transaction.atomic
def close_case(case: Case, by: User, reason: str) -> None:
    """A worker closes a case: it is watched on, but its files and words have their time.

    Raises HoldError if it has ended, or is closed.
    """
    reason = _required(reason)
    open_ = Case.objects.active().filter(pk=case.pk, closed_at=None)
    if not open_.update(closed_at=coarse_now()):
        raise HoldError(_("This case is closed already."))
    audit(by, "close", f"case:{case.pk}", reason)


# -- holds -----------------------------------------------------------------------------
@transaction.atomic
def ask_hold(case: Case, by: User, *, reason: str, until: date) -> Hold:
    """Ask that a case be kept until a day. It counts once a second person approves.

    Raises HoldError for no reason, for a day that is past or too far, and for a case that
    has ended.
    """
    reason, today = _required(reason), timezone.now().date()
    if not today < until <= today + LONGEST_HOLD:
        raise HoldError(_("A hold ends on a day to come, within a year."))
    if not Case.objects.active().filter(pk=case.pk).exists():
        raise HoldError(_("This case has ended. There is nothing left to hold."))
    hold = Hold.objects.create(case=case, reason=reason, until=until, asked_by=by)
    audit(by, "ask_hold", f"case:{case.pk} hold:{hold.pk}", reason)
    return hold


@transaction.atomic
def approve_hold(hold: Hold, by: User) -> None:
    """A second person agrees. Raises HoldError for the same one, or when it is too late."""
    locked = Hold.objects.select_for_update().get(pk=hold.pk)
    if by.pk == locked.asked_by_id:
        raise HoldError(_("Another person than the one who asked must approve a hold."))
    if not by.is_active:
        raise HoldError(_("Somebody who has left cannot approve a hold."))
    if locked.approved_by_id or locked.ended_at or locked.until < timezone.now().date():
        raise HoldError(_("This hold is not waiting for an approval."))
    Hold.objects.filter(pk=hold.pk).update(approved_by=by)
    audit(by, "approve_hold", f"case:{locked.case_id} hold:{hold.pk}", locked.reason)


@transaction.atomic
def end_hold(hold: Hold, by: User, reason: str) -> None:
    """End a hold before its day; one person may. Raises HoldError if it has ended."""
    reason = _required(reason)
    if not Hold.objects.filter(pk=hold.pk, ended_at=None).update(ended_at=coarse_now()):
        raise HoldError(_("This hold has ended already."))
    audit(by, "end_hold", f"case:{hold.case_id} hold:{hold.pk}", reason)


# -- decisions -------------------------------------------------------------------------
def decisions(among: CaseQuerySet | None = None) -> list[Decision]:
    """For every case whose time for something has come, what is done and why. Reads only."""
    cases = Case.objects.active() if among is None else among.active()
    holds = {hold.case_id: hold for hold in Hold.objects.in_force()}
    return [
        Decision(case, what, why, holds.get(case.pk))
        for found in (_expired, _with_files, _with_metadata)
        for case, what, why in found(cases)
    ]


def files_are_due(cases: CaseQuerySet) -> CaseQuerySet:
    """Cases closed so long ago that no file of theirs is kept, and that nobody holds."""
    closed = cases.filter(closed_at__lte=timezone.now() - settings.FILES_AFTER)
    return closed.exclude(pk__in=Hold.objects.in_force().values("case"))


def _expired(cases: CaseQuerySet) -> Iterator[tuple[Case, What, str]]:
    for case in cases.filter(delete_on__lte=timezone.now().date()):
        why = _("its day was %(day)s; the victim last came by %(acted)s.")
        told = {"day": case.delete_on, "acted": case.acted_at.date()}
        yield case, What.EXPIRE, why % told


def _with_files(cases: CaseQuerySet) -> Iterator[tuple[Case, What, str]]:
    limit = timezone.now() - settings.FILES_AFTER
    stored = Q(exhibits__stored_as__gt="") | Q(originals__isnull=False)
    for case in cases.filter(stored, closed_at__lte=limit).distinct():
        yield case, What.FILES, _closed(case, settings.FILES_AFTER)


def _with_metadata(cases: CaseQuerySet) -> Iterator[tuple[Case, What, str]]:
    limit = timezone.now() - settings.METADATA_AFTER
    kept = (
        Q(messages__isnull=False)
        | ~Q(contact=b"")
        | Q(reports__urls__isnull=False)
        | Q(reports__in=Report.objects.exclude(details=b""))
        | Q(events__at__lte=limit)
    )
    for case in cases.filter(kept, closed_at__lte=limit).distinct():
        yield case, What.METADATA, _closed(case, settings.METADATA_AFTER)


def _closed(case: Case, kept: timedelta) -> str:
    day = case.closed_at.date() if case.closed_at else None
    why = _("closed since %(day)s, and they are kept for %(days)d days.")
    return why % {"day": day, "days": kept.days}


def _required(reason: str) -> str:
    if not reason.strip():
        raise HoldError(_("Please write why."))
    return reason.strip()[:300]


def remember_ending(case: Case, ending: Case.Ending) -> None:
    """Once this ending is committed, write it where a restored backup does not reach.

    Not before: a transaction that is rolled back must end no case. A process killed in
    between leaves it to `tombstones.write_missing`.
    """
    locator = bytes(case.locator)
    transaction.on_commit(partial(tombstones.write, locator, ending), robust=True)
