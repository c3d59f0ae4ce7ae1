"""How much each worker has looked at: counted from the audit log, which forgets nothing.

A look is one opening of a picture, of the victim's or of a copy. Words are not counted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.actions import audit
from portal.accounts.models import AuditEntry, User

MOST_MORE = 20  # looks that one grant may add
MORE = "look_more"


class SpentError(Exception):
    """The worker has looked at enough for today."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """One worker's looks. Days are days of UTC."""

    hour: int  # within the last 60 minutes
    today: int
    week: int  # within the last seven days
    budget: int  # of today, with what a second person granted

    @property
    def left(self) -> int:
        return max(self.budget - self.today, 0)


def exposure_of(worker: User) -> Exposure:
    now = timezone.now()
    looks = AuditEntry.objects.filter(
        user=worker, verb="open", subject__contains=" evidence:"
    )
    return Exposure(
        hour=looks.filter(at__gt=now - timedelta(hours=1)).count(),
        today=looks.filter(at__gte=_midnight(now)).count(),
        week=looks.filter(at__gt=now - timedelta(days=7)).count(),
        budget=worker.exposure_budget + _granted(worker, _midnight(now)),
    )


def require_budget(worker: User, looks: int = 1) -> None:
    """Before so many looks. Raises SpentError where fewer are left."""
    if exposure_of(worker).left < looks:
        raise SpentError


def grant_more(worker: User, more: int, *, by: User, reason: str) -> None:
    """A supervisor lets somebody else look at `more` pictures, today only.

    Raises ValueError in plain words.
    """
    if by.pk == worker.pk:
        raise ValueError(_("Another person must decide this, not you."))
    if not by.is_supervisor or by.organisation_id != worker.organisation_id:
        raise ValueError(_("A supervisor of the same organisation decides this."))
    if not 1 <= more <= MOST_MORE:
        words = _("At most %(most)d more at a time.")
        raise ValueError(words % {"most": MOST_MORE})
    if not reason.strip():
        raise ValueError(_("Please write why."))
    audit(by, MORE, f"user:{worker.pk} more:{more}", reason)


def looks_at(name: str) -> int:
    """How often workers have opened what the evidence store keeps under `name`."""
    opened = AuditEntry.objects.filter(verb="open", user__isnull=False)
    return opened.filter(subject__endswith=f" evidence:{name}").count() if name else 0


def _granted(worker: User, since: datetime) -> int:
    given = AuditEntry.objects.filter(
        verb=MORE, subject__startswith=f"user:{worker.pk} more:", at__gte=since
    )
    subjects = given.values_list("subject", flat=True)
    return sum(int(subject.rpartition(":")[2]) for subject in subjects)


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
