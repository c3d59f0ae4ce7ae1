"""Where we look: an operator adds a source, says why, and switches it on and off."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F
from django.utils import timezone

import tracker
from portal.accounts.actions import audit
from portal.accounts.models import User
from portal.platforms.models import Platform
from portal.sightings.models import Source

KINDS = tuple(tracker.SOURCES)


class SourcingError(Exception):
    """A source that cannot be, and why, in a plain sentence."""


@transaction.atomic
def add_source(
    worker: User,
    *,
    kind: str,
    name: str,
    config: Mapping[str, object],
    purpose: str,
    interval: int,
    platform: Platform | None = None,
) -> Source:
    """Add a source, switched off. `interval` is in seconds. Raises SourcingError."""
    try:
        tracker.build(kind, config)
    except tracker.SourceError as error:
        raise SourcingError(str(error)) from None
    source = Source.objects.create(
        kind=kind,
        name=name,
        config=dict(config),
        purpose=purpose,
        interval=interval,
        platform=platform,
    )
    audit(worker, "add_source", f"source:{source.pk}", purpose)
    return source


@transaction.atomic
def switch_source(source: Source, worker: User, *, on: bool) -> None:
    """Start or stop visiting. A visit under way ends at its next batch."""
    Source.objects.filter(pk=source.pk).update(enabled=on, next_visit_at=timezone.now())
    audit(worker, "switch_source", f"source:{source.pk}", "on" if on else "off")


def visit_now(source: Source) -> None:
    """Ask for a visit at the next chance."""
    Source.objects.filter(pk=source.pk, enabled=True).update(
        next_visit_at=timezone.now()
    )


def begin_anew(source: Source) -> None:
    """Let the next visit start from the beginning; one under way has lost its lease."""
    Source.objects.filter(pk=source.pk).update(
        checkpoint="", lease=F("lease") + 1, lease_until=None
    )
