"""The feed: the signals that a platform may block by itself, and what it must forget again.

What a platform was told lies in bank.Told. Asking compares that with what it may know now,
writes the difference down behind the feed's end, and answers from there. So no withdrawal
has to reach this module, and none can be missed: whatever is committed before a question
is in its answer or in a later one.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from portal.bank.models import Feed, Signal, Told, ToldQuerySet
from portal.cases.ending import require_applied
from portal.cases.models import Case
from portal.exchange.actions import ExchangeError, give_ids, keyed
from portal.exchange.models import ApiKey
from portal.platforms.models import Platform

MOST = 1_000  # entries in one answer
START = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """All that a platform learns of one signal."""

    cursor: str
    match_id: str
    type: str
    value: str
    version: str
    quality: int | None
    state: str  # active, withdrawn


@dataclass(frozen=True, slots=True)
class Page:
    """Entries in order, and where the next question goes on."""

    entries: list[Entry]
    next: str


@transaction.atomic
def read(key: ApiKey, after: str = "", limit: int = MOST) -> Page:
    """What comes after a cursor of this platform's; all that came before has arrived.

    Raises ExchangeError for a cursor that we never gave it, and for one from before a
    backup was restored.
    """
    require_applied()
    platform = key.platform
    Feed.objects.get_or_create(platform=platform)
    feed = Feed.objects.select_for_update().get(platform=platform)
    place = place_of(platform, after) if after else START
    if place > feed.last:
        raise ExchangeError(
            "cursor_lost",
            "We restored a backup, and lost our place in your feed. Start without a "
            "cursor, and forget every signal of ours that does not come again.",
        )
    _acknowledge(platform, place)
    _append(feed, place, limit)
    shown = list(_waiting(platform, place).select_related("signal", "platform")[:limit])
    first = Told.objects.filter(pk__in=[told.pk for told in shown], told_at=None)
    first.update(told_at=timezone.now())
    ids = give_ids(platform, (told.signal_id for told in shown))
    entries = [_entry(told, ids[told.signal_id]) for told in shown]
    last = shown[-1].place if shown else place
    return Page(entries, cursor_of(platform, last or START))


def cursor_of(platform: Platform, place: int) -> str:
    """A place in a platform's feed, as it is told: 48 hex digits that sort as places do."""
    return f"{place:016x}" + keyed(f"{platform.pk}:{place}", b"feed-cursor")


def place_of(platform: Platform, cursor: str) -> int:
    """Where a cursor stands. Raises ExchangeError unless we gave it to this platform."""
    try:
        place = int(cursor[:16], 16)
    except ValueError:
        place = -1
    made = cursor_of(platform, place) if place >= 0 else ""
    if not hmac.compare_digest(made.encode(), cursor.encode()):
        raise ExchangeError("bad_cursor", "We gave you no such cursor.")
    return place


def _acknowledge(platform: Platform, place: int) -> None:
    """Whoever asks for what comes after a place has what came up to it."""
    arrived = Told.objects.filter(platform=platform, place__lte=place)
    arrived.filter(acknowledged_at=None).update(acknowledged_at=timezone.now())


def _waiting(platform: Platform, place: int) -> ToldQuerySet:
    return Told.objects.fed().filter(platform=platform, place__gt=place)


def _append(feed: Feed, place: int, limit: int) -> None:
    """Put what changed behind the feed's end.

    First all that is to be forgotten, so that no old place shows it as active. Then as
    much of the rest as this answer has room for and no more: a signal that is withdrawn
    before it was ever sent leaves no trace.
    """
    platform, state = feed.platform, Told.State
    shared = Case.objects.sharing_with(platform)
    open_ = Signal.objects.tellable().filter(case__in=shared)
    fed = Told.objects.fed().filter(platform=platform)
    gone = fed.filter(state=state.ACTIVE).exclude(signal__in=open_)
    _place(feed, state.WITHDRAWN, gone.values_list("signal", flat=True))
    back = fed.filter(state=state.WITHDRAWN, signal__in=open_)
    known = fed.order_by().values("signal")
    new = open_.exclude(pk__in=known).order_by("seq")
    for signals in (
        back.values_list("signal", flat=True),
        new.values_list("pk", flat=True),
    ):
        room = max(limit - _waiting(platform, place).count(), 0)
        _place(feed, state.ACTIVE, signals[:room])


def _place(feed: Feed, state: Told.State, signals: Iterable[int]) -> None:
    rows = [
        Told(
            platform=feed.platform,
            signal_id=signal,
            place=place,
            state=state,
            told_at=None,
        )
        for place, signal in enumerate(signals, feed.last + 1)
    ]
    changed = ["place", "state", "told_at", "acknowledged_at"]
    Told.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["platform", "signal"],
        update_fields=changed,
    )
    feed.last += len(rows)
    feed.save(update_fields=["last"])


def _entry(told: Told, match_id: str) -> Entry:
    signal = told.signal
    return Entry(
        cursor=cursor_of(told.platform, told.place or START),
        match_id=match_id,
        type=signal.type,
        value=signal.value,
        version=signal.version,
        quality=signal.quality,
        state=told.state,
    )
