"""The flood guard's sweep: what every signal matched of late, in sightings and in lookups."""

from collections import Counter
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum
from django.db.models.functions import TruncHour
from django.utils import timezone

from portal.bank import flooding
from portal.bank.models import Signal, Tally
from portal.bank.tallying import hour_of
from portal.sightings.actions import raise_alert
from portal.sightings.models import Alert, Sighting, SightingQuerySet

DAY = timedelta(hours=25)  # the longest window, with the hour that has begun


def sweep() -> list[Signal]:
    """Put every signal that floods in quarantine, and alert the desk. Returns those."""
    now, found = timezone.now(), []
    for signal in _suspects(now):
        why = flooding.flood(_pictures(signal, now), now, signal.deposited_at)
        with transaction.atomic():
            if why and flooding.quarantine(signal, why):
                subject = f"signal:{signal.pk} {now:%Y-%m-%dT%H}"
                raise_alert(signal.case, Alert.Kind.FLOOD, subject)
                found.append(signal)
    flooding.forget_tallies()
    return found


def _suspects(now: datetime) -> list[Signal]:
    """Signals with enough of either to flood: no other is counted hour by hour."""
    least = min(settings.FLOOD_AN_HOUR, settings.FLOOD_A_DAY) // 2
    recent = Tally.objects.filter(hour__gte=now - DAY)
    asked = recent.values("signal").annotate(n=Sum("pictures")).filter(n__gte=least)
    seen = _unsure().values("signal").annotate(n=Count("pk")).filter(n__gte=least)
    pks = {row["signal"] for rows in (asked, seen) for row in rows}
    free = Signal.objects.matching().filter(pk__in=pks, quarantined_at=None)
    return list(free.select_related("case"))


def _pictures(signal: Signal, now: datetime) -> Counter[datetime]:
    """Different pictures that it matched, by hour.

    What was remembered from before the report came all at once, with the deposit.
    """
    pictures = Counter(flooding.tallied(signal, now - DAY - flooding.HISTORY))
    remembered = Sighting.Found.REMEMBERED
    mine = _unsure().filter(signal=signal)
    by_hour = mine.exclude(found=remembered).values(at=TruncHour("seen_at"))
    for row in by_hour.annotate(n=Count("sha256", distinct=True)).order_by():
        pictures[row["at"]] += row["n"]
    old = mine.filter(found=remembered).values("sha256").distinct().count()
    pictures[hour_of(signal.deposited_at)] += old
    return pictures


def _unsure() -> SightingQuerySet:
    """Sightings that may be false: no same file, and none that a person has confirmed."""
    confirmed = Sighting.Decision.CONFIRMED
    unsure = Sighting.objects.active().exclude(decision=confirmed)
    return unsure.exclude(kind=Sighting.Kind.EXACT)
