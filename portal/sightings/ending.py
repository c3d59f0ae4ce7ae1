"""What hangs on a case that ended, and cases that somebody should look at again."""

from django.db.models import Q, QuerySet
from django.utils import timezone

from portal.cases import evidence
from portal.cases.models import Case
from portal.cases.retention import files_are_due
from portal.sightings.actions import raise_alert
from portal.sightings.models import Alert, Sighting


def drop_captures() -> int:
    """Remove captured copies of ended cases, and of those closed for long enough.

    Of a frozen case only what programs could read goes: the law says what becomes of the rest.
    """
    ended = Case.objects.exclude(withdrawn_at=None)
    _release(Sighting.objects.filter(case__in=ended).exclude(held_as=""))
    over = Q(case__in=ended.exclude(ending=Case.Ending.FROZEN))
    due = Q(case__in=files_are_due(Case.objects.active()))
    dropped = Sighting.objects.filter(over | due).exclude(captured_as="")
    for sighting in dropped:
        evidence.discard(sighting.captured_as)
        Sighting.objects.filter(pk=sighting.pk).update(captured_as="")
    return len(dropped)


def ask_for_reviews() -> None:
    """Alert the desk to every case whose day of review has come: once for each such day."""
    for case in Case.objects.active().filter(review_on__lte=timezone.now().date()):
        raise_alert(case, Alert.Kind.REVIEW, f"review:{case.review_on}")


def _release(sightings: QuerySet[Sighting]) -> None:
    for sighting in sightings:
        evidence.release(sighting.held_as)
        Sighting.objects.filter(pk=sighting.pk).update(held_as="")
