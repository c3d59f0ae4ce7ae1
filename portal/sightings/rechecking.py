"""Is a copy still there? One look, and what several looks together say."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

import tracker
from portal.bank import actions as bank
from portal.cases.actions import record_event
from portal.platforms.models import Host
from portal.sightings.actions import capture, raise_alert
from portal.sightings.models import Alert, Check, Sighting

MISSES_TO_BELIEVE = 3
GONE = {404, 410, 451}
WALLED = {401, 403, 407, 429}
# Hours after the removal was asked for: close together while the legal clock runs.
HOURS = (1, 3, 6, 12, 24, 48, *range(72, 169, 24), *range(336, 1441, 168))
MONTH = timedelta(days=30)
DEFAULT_GAP = 180  # seconds


def recheck(sighting: Sighting) -> Check:
    """Look once, keep what was seen, and change the sighting's status when it is sure."""
    check = _look(sighting)
    with transaction.atomic():
        if not Sighting.objects.active().filter(pk=sighting.pk).exists():
            return check  # its case ended while we looked: nothing is concluded
        check.save()
        _conclude(sighting, check)
    return check


def check_now(sighting: Sighting) -> None:
    """Ask for a check at the next chance."""
    Sighting.objects.filter(pk=sighting.pk).update(next_check_at=timezone.now())


def watch(sighting: Sighting) -> None:
    """Its removal was asked for now: check it on the schedule from now on."""
    now = timezone.now()
    Sighting.objects.filter(pk=sighting.pk).update(
        watched_since=now, next_check_at=_next_check(now, now)
    )


def _look(sighting: Sighting) -> Check:
    check = Check(sighting=sighting)
    try:
        media = _fetch(sighting.media_url)
    except tracker.FetchError as error:
        check.seen, check.detail = "unreachable", error.code
        return check
    check.http_status = media.status
    if media.status in WALLED:
        check.seen = "walled"
    elif media.status in GONE:
        check.seen = "missing" if _page_agrees(sighting) else "walled"
    elif media.status != 200:
        check.seen, check.detail = "unreachable", "status"
    else:
        check.seen = _compare(sighting, media.body)
    return check


def _fetch(url: str) -> tracker.Response:
    agent = tracker.user_agent(settings.CRAWL_CONTACT)
    allow = Host.objects.inward()
    return tracker.fetch(url, allow=allow, headers={"user-agent": agent})


def _compare(sighting: Sighting, body: bytes) -> str:
    try:
        media = tracker.decode_media(body)
    except tracker.ImageError:
        return "missing"  # a page that says "removed" where the picture was
    except tracker.VideoError:
        return "unreachable"  # a video is there, and we cannot tell which
    hits = bank.recognise(media)
    if any(hit.signal.exhibit_id == sighting.exhibit_id for hit in hits):
        capture(sighting, body)
        return "up"
    return "replaced"


def _page_agrees(sighting: Sighting) -> bool:
    """Whether the page, too, no longer shows the picture. A wall is no agreement."""
    if sighting.url == sighting.media_url:
        return True
    try:
        page = _fetch(sighting.url)
    except tracker.FetchError:
        return False
    return page.status in GONE or page.status == 200


def _conclude(sighting: Sighting, check: Check) -> None:
    was, now = sighting.status, check.at
    gap = sighting.platform.recheck_gap if sighting.platform else DEFAULT_GAP
    far_enough = (
        sighting.checked_at is None
        or sighting.misses == 0
        or now - sighting.checked_at >= timedelta(seconds=gap)
    )
    if check.seen == "missing":
        sighting.misses += 1 if far_enough else 0
    elif check.seen in {"up", "replaced"}:
        sighting.misses = 0
    sighting.status = _status(sighting, check.seen)
    if check.seen != "missing" or far_enough:
        sighting.checked_at = now
    pending = check.seen == "missing" and sighting.status != Sighting.Status.GONE
    since = sighting.watched_since or now
    sighting.next_check_at = (
        now + timedelta(seconds=gap) if pending else _next_check(since, now)
    )
    sighting.claimed_at = None
    sighting.save(
        update_fields=["misses", "status", "checked_at", "next_check_at", "claimed_at"]
    )
    if sighting.status != was:
        _announce(sighting, was)


def _status(sighting: Sighting, seen: str) -> str:
    if seen == "missing" and sighting.misses >= MISSES_TO_BELIEVE:
        return Sighting.Status.GONE
    if seen == "up":
        return Sighting.Status.UP
    if seen == "replaced":
        return Sighting.Status.REPLACED
    if seen == "missing" or sighting.status == Sighting.Status.GONE:
        return sighting.status  # not yet sure; and a wall does not undo what we knew
    return Sighting.Status.UNKNOWN


def _announce(sighting: Sighting, was: str) -> None:
    away = {Sighting.Status.GONE, Sighting.Status.REPLACED}
    if sighting.status == Sighting.Status.UP and was in away:
        raise_alert(sighting.case, Alert.Kind.RETURNED, f"sighting:{sighting.pk}")
        record_event(sighting.case, "returned", host=sighting.host)
    elif sighting.status in away:
        record_event(sighting.case, sighting.status, host=sighting.host)


def _next_check(since: datetime, now: datetime) -> datetime:
    for hours in HOURS:
        if (moment := since + timedelta(hours=hours)) > now:
            return moment
    return now + MONTH
