"""What everybody may know: a few counts, none of which says anything about one person.

A small count, or one that can be watched going up by one, could tell that somebody asked
for help today. So counts below K are not shown, and others are rounded down to tens.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.cases.models import Case
from portal.notices.models import Notice
from portal.sightings.models import Sighting

K = 10


@dataclass(frozen=True, slots=True)
class Count:
    name: str | Promise
    at_least: int | None  # None: too few to show


def coarse(count: int) -> int | None:
    """The count as it may be shown.

    >>> coarse(9), coarse(10), coarse(47)
    (None, 10, 40)
    """
    return count - count % 10 if count >= K else None


def counts() -> list[Count]:
    sent = Notice.objects.exclude(sent_at=None)
    gone = Sighting.objects.filter(status=Sighting.Status.GONE)
    numbers = [
        (_("people who reported to us"), Case.objects.count()),
        (_("copies that we found"), Sighting.objects.count()),
        (_("removal requests that we sent"), sent.count()),
        (_("copies that are gone"), gone.count()),
    ]
    return [Count(name, coarse(number)) for name, number in numbers]
