"""What a victim sees of their case, in their words. Reads only."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import AuditEntry
from portal.cases import events
from portal.cases.models import Case, Event, Exhibit
from portal.intake.pictures import watched_in
from portal.notices.models import Notice
from portal.sightings.models import Sighting

# A copy that is only possibly theirs is not shown before a person has looked at it.
SURE = (Sighting.Kind.EXACT, Sighting.Kind.NEAR)
NOTICES: dict[str, str | Promise] = {
    Notice.State.DRAFT: _("We are preparing it."),
    Notice.State.APPROVED: _("It is checked and about to be sent."),
    Notice.State.SENDING: _("It is checked and about to be sent."),
    Notice.State.SENT: _("We sent it."),
    Notice.State.FAILED: _("It did not get through. We will try another way."),
    Notice.State.ACKNOWLEDGED: _("They confirmed that they received it."),
    Notice.State.REFUSED: _("They refused. We will look for the next step."),
    Notice.State.REMOVED: _("They removed the copy."),
}
# Steps that only a person takes: after one of them, what came before has been read.
READING = ("open", "write")  # verbs of the audit log
BY_A_PERSON = ("copy_confirmed", "copy_rejected", "notice_drafted", "message")


@dataclass(frozen=True, slots=True)
class HostCopies:
    """The copies on one site."""

    host: str
    up: int
    away: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Request:
    """One removal request, as the victim sees it."""

    recipient: str
    words: str | Promise
    due_at: datetime | None
    missed: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of the timeline. Times are to the hour, so only the day is shown.

    `due_at` is by when a person was promised to read it; `read_at`, when one did.
    """

    at: datetime
    words: str
    due_at: datetime | None = None
    read_at: datetime | None = None

    @property
    def is_late(self) -> bool:
        """The promise was not kept, or not in time."""
        return self.due_at is not None and (
            (self.read_at or timezone.now()) > self.due_at
        )


@dataclass(frozen=True, slots=True)
class Status:
    """All of the status page."""

    case: Case
    waiting: int
    watched: int
    refused: int
    hosts: list[HostCopies]
    requests: list[Request]
    unread: int
    steps: list[Step]

    @property
    def up(self) -> int:
        return sum(host.up for host in self.hosts)

    @property
    def away(self) -> int:
        return sum(host.away for host in self.hosts)


def status_of(case: Case) -> Status:
    states = list(case.exhibits.values_list("state", flat=True))
    return Status(
        case=case,
        waiting=states.count(Exhibit.State.RECEIVED),
        watched=watched_in(case),
        refused=states.count(Exhibit.State.REFUSED),
        hosts=_hosts(case),
        requests=_requests(case),
        unread=unread(case),
        steps=_steps(case),
    )


def unread(case: Case) -> int:
    """Letters from the desk that the victim has not seen."""
    return case.messages.filter(written_by__isnull=False, read_at=None).count()


def _steps(case: Case) -> list[Step]:
    steps = list(case.events.order_by("-pk"))
    acts = _acts_of_people(case, steps)
    return [
        Step(
            event.at,
            events.sentence(event),
            event.due_at,
            next((at for at in acts if event.due_at and at >= event.at), None),
        )
        for event in steps
    ]


def _acts_of_people(case: Case, steps: Sequence[Event]) -> list[datetime]:
    """When a case worker opened or decided something of this case, in order."""
    subject = f"case:{case.pk}"
    opened = AuditEntry.objects.filter(
        Q(subject=subject) | Q(subject__startswith=f"{subject} "),
        user__isnull=False,
        verb__in=READING,
    ).values_list("at", flat=True)
    return sorted([*opened, *(step.at for step in steps if step.kind in BY_A_PERSON)])


def _hosts(case: Case) -> list[HostCopies]:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    shown = case.sightings.exclude(decision=Sighting.Decision.REJECTED)
    for sighting in shown.only("host", "status", "kind", "decision"):
        confirmed = sighting.decision == Sighting.Decision.CONFIRMED
        if confirmed or sighting.kind in SURE:
            counts[sighting.host][sighting.status] += 1
    return [
        HostCopies(
            host=host,
            up=count[Sighting.Status.UP],
            away=count[Sighting.Status.GONE] + count[Sighting.Status.REPLACED],
            unknown=count[Sighting.Status.UNKNOWN],
        )
        for host, count in sorted(counts.items())
    ]


def _requests(case: Case) -> list[Request]:
    notices = (
        case.notices.exclude(state=Notice.State.CANCELLED)
        .select_related("recipient", "deadline")
        .order_by("-pk")
    )
    requests = []
    for notice in notices:
        deadline = getattr(notice, "deadline", None)
        requests.append(
            Request(
                recipient=notice.recipient.name,
                words=NOTICES[notice.state],
                due_at=deadline.due_at if deadline and not deadline.met_at else None,
                missed=bool(deadline and deadline.missed_at),
            )
        )
    return requests
