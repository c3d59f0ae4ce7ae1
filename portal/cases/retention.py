"""How long a case is kept, and why: two days for each, review and delete.

Any act of the victim moves both on. A hold stops deletion; it needs two people and ends by
a date. What is over becomes a tombstone without content.
"""

from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from django.conf import settings
from django.utils import timezone

from portal.cases.models import Case, CaseQuerySet, Hold, coarse_now


class Days(TypedDict):
    """The two dates of a case."""

    review_on: date
    delete_on: date


@dataclass(frozen=True, slots=True)
class Decision:
    """What retention does with one case, and why."""

    case: Case
    deletes: bool
    why: str


def first_days() -> Days:
    """The dates that an act of today gives a case."""
    today = timezone.now().date()
    return Days(
        review_on=today + settings.REVIEW_AFTER, delete_on=today + settings.DELETE_AFTER
    )


def postpone(case: Case) -> None:
    """The victim acted: both dates move on. They never move back."""
    days = first_days()
    active = Case.objects.active().filter(pk=case.pk)
    active.update(acted_at=coarse_now(), **days)


def decisions() -> list[Decision]:
    """For every case whose day has come, what is done and why. Reads only."""
    return [_decide(case) for case in _due()]


def _due() -> CaseQuerySet:
    today = timezone.now().date()
    return Case.objects.active().filter(delete_on__lte=today)


def _decide(case: Case) -> Decision:
    today = timezone.now().date()
    hold = Hold.objects.filter(
        case=case, until__gte=today, approved_by__isnull=False
    ).first()
    if hold:
        return Decision(case, deletes=False, why=f"held until {hold.until}")
    return Decision(
        case, deletes=True, why=f"its day to be deleted was {case.delete_on}"
    )


def remember_ending(case: Case) -> None:
    """Write the ending where a restored backup of the database does not reach."""
