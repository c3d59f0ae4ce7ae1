"""Looking outside: a visit to a source, or to an address that a victim gave."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, When
from django.utils import timezone

import tracker
from portal.cases.actions import record_event
from portal.cases.models import ReportedUrl, coarse_now
from portal.platforms.models import Host, host_of
from portal.sightings.actions import handle_find
from portal.sightings.models import Sighting, Source

LIMITS = tracker.VisitLimits(
    seconds=settings.VISIT_SECONDS,
    # So often that a site which drips its pages never looks like a dead worker.
    beat=settings.CLAIM_LIFETIME.total_seconds() / 4,
)


def visit_reported(reported: ReportedUrl) -> list[Sighting]:
    """Look at an address that the victim gave: once, and only there."""
    config = {"url": reported.url, "max_depth": 0, "max_pages": 1}
    case = reported.report.case
    outcome, sightings = "not_seen", []
    try:
        for batch in tracker.visit("site", _guarded(config), None, LIMITS):
            _keep_claim(reported)
            for find in batch.finds:
                _keep_claim(reported)  # a video may take its minute
                sightings += handle_find(find, found=Sighting.Found.REPORTED)
    except tracker.VisitError as error:
        outcome = error.code
    mine = [sighting for sighting in sightings if sighting.case_id == case.pk]
    outcome = "seen" if mine else outcome
    kind = {"seen": "url_seen", "not_seen": "url_not_seen"}.get(outcome, "url_failed")
    with transaction.atomic():
        ReportedUrl.objects.filter(pk=reported.pk).update(
            visited_at=coarse_now(), claimed_at=None, outcome=outcome
        )
        host = host_of(reported.url)
        record_event(case, kind, once=f"url:{reported.pk}", host=host)
    return sightings


def _keep_claim(reported: ReportedUrl) -> None:
    """The visit lives, so the claim does; one that was lost by now is not taken back."""
    now = timezone.now()
    mine = ReportedUrl.objects.filter(pk=reported.pk, claimed_at=reported.claimed_at)
    if mine.update(claimed_at=now):
        reported.claimed_at = now


def crawl(source: Source) -> list[Sighting]:
    """Visit a source from its checkpoint on. A visit that lost its lease stops."""
    found: list[Sighting] = []
    try:
        config = _guarded(source.config)
        for batch in tracker.visit(
            source.kind, config, source.checkpoint or None, LIMITS
        ):
            for find in batch.finds:
                _renew_lease(source)  # a video may take its minute
                found += handle_find(find, found=Sighting.Found.CRAWLED, source=source)
            if not _keep_checkpoint(source, batch) or batch.done:
                return found
    except tracker.VisitError as error:
        _end_visit(source, error.code)
        return found
    _end_visit(source, "done")
    return found


def _guarded(config: dict[str, object]) -> dict[str, object]:
    """The source's config plus what only an operator decides.

    A folder is one below the operator's own; a site is fetched in our name, and inward
    hosts only as listed. Raises VisitError for a folder elsewhere.
    """
    if "folder" not in config:
        allow = sorted(Host.objects.inward())
        return config | {"allow": allow, "contact": settings.CRAWL_CONTACT}
    root = settings.CRAWL_FOLDERS.resolve()
    folder = (root / str(config["folder"])).resolve()
    if not folder.is_relative_to(root):
        raise tracker.VisitError(
            "config", "The folder is not below the operator's own."
        )
    return config | {"folder": str(folder)}


def _keep_checkpoint(source: Source, batch: tracker.Batch) -> bool:
    """Store where to go on, and renew the lease; False if it is another's by now.

    The last batch ends the visit in the same write: a worker killed between the two would
    leave a visit that is over to be made all over again.
    """
    until = timezone.now() + settings.CLAIM_LIFETIME
    pictures = source.pictures + len(batch.finds)
    kept = Source.objects.filter(pk=source.pk, lease=source.lease, enabled=True).update(
        checkpoint=batch.checkpoint,
        pictures=pictures,
        **(_ended(source, "done") if batch.done else {"lease_until": until}),
    )
    source.pictures = pictures
    return bool(kept)


def _renew_lease(source: Source) -> None:
    """This visit lives; a lease that was lost by now is not taken back."""
    until = timezone.now() + settings.CLAIM_LIFETIME
    mine = Source.objects.filter(pk=source.pk, lease=source.lease)
    mine.exclude(lease_until=None).update(lease_until=until)


def _end_visit(source: Source, outcome: str) -> None:
    mine = Source.objects.filter(pk=source.pk, lease=source.lease)
    mine.update(**_ended(source, outcome))


def _ended(source: Source, outcome: str) -> dict[str, Any]:
    """The row's columns when a visit is over, and how long to wait for the next.

    A visit that somebody asked for meanwhile is still to be made.
    """
    now, failures = timezone.now(), 0
    if outcome != "done":
        failures = min(source.failures + 1, 8)
    wait = timedelta(seconds=source.interval * 2**failures)
    return {
        "outcome": outcome,
        "failures": failures,
        "visited_at": now,
        "next_visit_at": Case(
            When(next_visit_at=source.next_visit_at, then=now + wait),
            default=F("next_visit_at"),
        ),
        "lease_until": None,
    }
