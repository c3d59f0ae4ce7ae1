"""Which notices the looks at their copies have decided: removed, or overdue.

It must not accuse: nobody is told that a platform missed its time before somebody looked.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from portal.notices.models import Notice, NoticeQuerySet
from portal.sightings import rechecking
from portal.sightings.models import Sighting

AWAY: Final = (Sighting.Status.GONE, Sighting.Status.REPLACED)
# A copy that nobody can look at counts as still there this long after the deadline.
GRACE: Final = timedelta(hours=1)


def removed() -> NoticeQuerySet:
    """Notices whose copy is gone."""
    return Notice.objects.awaiting().filter(sighting__status__in=AWAY)


def overdue() -> Iterator[Notice]:
    """Notices whose time is over and whose copy was seen, or not seen to go, since then.

    Asks for a look at a copy that nobody looked at since.
    """
    late = Notice.objects.awaiting().filter(
        deadline__due_at__lte=timezone.now(),
        deadline__missed_at=None,
        case__withdrawn_at=None,
    )
    late = late.exclude(sighting__status__in=AWAY)
    for notice in late.select_related("sighting", "deadline", "case", "recipient"):
        if _is_decided(notice.sighting, notice.deadline.due_at):
            yield notice


def _is_decided(sighting: Sighting, due_at: datetime) -> bool:
    now = timezone.now()
    looked = sighting.checked_at is not None and sighting.checked_at >= due_at
    if now - due_at >= GRACE or (looked and sighting.misses == 0):
        return True
    # With misses, the copy is about to be believed gone, and its next look is planned.
    planned = sighting.next_check_at is not None and sighting.next_check_at <= now
    if not looked and not planned and sighting.misses == 0:
        rechecking.check_now(sighting)
    return False
