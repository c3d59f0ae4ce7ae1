"""A signal that matches everything of a sudden: when that is so, and what is done about it.

In quarantine its matches are possible at most: a person sees them, no platform does. The
same file (SHA-256) is no flood: it is that picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portal.accounts.actions import audit
from portal.accounts.models import User
from portal.bank.models import Signal, Tally
from portal.bank.tallying import HOUR, hour_of

HISTORY = timedelta(days=7)  # what is usual is the mean of
REST = timedelta(days=7)  # whoever released a signal is not contradicted for
ACTOR = "sweep:floods"

Pictures = Mapping[datetime, int]  # different ones that a signal matched, by hour


@dataclass(frozen=True, slots=True)
class Flood:
    """So many different pictures within so many hours, where so many are usual."""

    pictures: int
    hours: int
    usual: float

    def __str__(self) -> str:
        told = f"{self.pictures} different pictures in {self.hours} hours"
        return f"{told}, usually {self.usual:.0f}"


def flood(pictures: Pictures, now: datetime, since: datetime) -> Flood | None:
    """Whether what a signal matched by now is a flood. It has been banked `since`.

    Hours are counted whole, so that a window is the hour that has begun and as many as it
    is wide before: whatever comes within any sixty minutes is in it. Hours to come, which a
    clock that went backwards leaves behind, are in none.
    """
    this = hour_of(now)
    for hours, floor in ((1, settings.FLOOD_AN_HOUR), (24, settings.FLOOD_A_DAY)):
        begin = this - hours * HOUR
        count = sum(n for at, n in pictures.items() if begin <= at <= this)
        first = max(begin - HISTORY, min(hour_of(since), begin))
        before = sum(n for at, n in pictures.items() if first <= at < begin)
        usual = before / max((begin - first) // HOUR, 1) * hours
        if count > floor and count > settings.FLOOD_TIMES * usual:
            return Flood(count, hours, usual)
    return None


def tallied(signal: Signal, since: datetime) -> dict[datetime, int]:
    """What machines asked about that this signal matched."""
    rows = Tally.objects.filter(signal=signal, hour__gte=since)
    return dict(rows.values_list("hour", "pictures"))


@transaction.atomic
def quarantine(signal: Signal, why: Flood) -> bool:
    """Hold its matches back. False if it is, or if a person released it lately."""
    now = timezone.now()
    rested = Q(released_at=None) | Q(released_at__lt=now - REST)
    free = Signal.objects.matching().filter(rested, pk=signal.pk, quarantined_at=None)
    if not free.exclude(type="sha256").update(quarantined_at=now):
        return False
    audit(ACTOR, "quarantine", f"signal:{signal.pk}", str(why))
    return True


@transaction.atomic
def release(signal: Signal, worker: User, reason: str) -> bool:
    """A person has looked: its matches are told again. False if somebody was first.

    Raises ValueError without a reason.
    """
    held = Signal.objects.filter(pk=signal.pk, quarantined_at__isnull=False)
    if not held.update(quarantined_at=None, released_at=timezone.now()):
        return False
    audit(worker, "release", f"signal:{signal.pk}", reason)
    return True


def forget_tallies() -> None:
    """Hours that nothing is compared with any more."""
    limit = timezone.now() - HISTORY - timedelta(days=2)
    Tally.objects.filter(hour__lt=limit).delete()
