"""Rows of the hash-only memory are packed into spans, and forgotten in time.

The rows are the truth. A span is a copy of some of their hashes that can be compared
without the database: one that is torn, foreign or gone is packed anew.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Max
from django.utils import timezone

import tracker
from portal.bank.models import Sequence
from portal.sightings.models import Observation

LARGEST = 2**20  # rows of one span: 40 bytes of each for each type
AT_ONCE = 10_000  # rows read or deleted together
WAITS = "2s"  # for crawlers that are writing, so that others need not wait behind us
# A span goes when its youngest row's time is over. Where clocks disagreed, that may be
# long after its oldest row's: so much later, it is packed anew without those.
SLACK = timedelta(days=2)


def memory() -> tracker.Memory:
    """Where this instance's spans are kept. Raises OSError where it does not answer."""
    bank, _ = Sequence.objects.get_or_create(pk=1)
    return _opened(settings.OBSERVATIONS_URL, bank.bank)


@cache
def _opened(url: str, bank: UUID) -> tracker.Memory:
    return tracker.open_memory(url, str(bank))


def spans(of: tracker.Memory) -> list[tracker.Span]:
    """The spans of rows that this database has, in order and without overlap."""
    every = of.spans()
    rows = Observation.objects.filter(pk__in={span.upto for span in every})
    keys = {pk: bytes(key) for pk, key in rows.values_list("pk", "key")}
    # A backup that was put back gives numbers out again: then the span's row is another.
    return tracker.chain(span for span in every if keys.get(span.upto) == span.anchor)


def pack() -> int:
    """Pack what waits: past days, and a day's rows once they are many. Spans made.

    Two packers at once do the same work twice, and no harm.
    """
    kept, packed = memory(), 0
    known = spans(kept)
    _clear(kept, known)
    for start, end in _gaps(known, _settled()):
        after, is_hole = start, bool(known) and end < known[-1].upto
        while is_hole or _is_due(after, end):
            found = _gather(after, end)
            if found is None:
                break
            kept.pack(*found)
            after, packed = found[0].upto, packed + 1
    return packed


def forget() -> int:
    """Retention: rows end with their time, and then the spans that hold no other. Rows."""
    limit, forgotten = timezone.now() - settings.OBSERVATION_LIFETIME, 0
    over = Observation.objects.filter(seen_at__lt=limit).order_by("seen_at")
    while some := list(over.values_list("pk", flat=True)[:AT_ONCE]):
        forgotten += Observation.objects.filter(pk__in=some).delete()[0]
    kept = memory()
    for span in kept.spans():
        if span.youngest < limit or span.oldest < limit - SLACK:
            kept.forget(span)
    return forgotten


def _clear(kept: tracker.Memory, known: list[tracker.Span]) -> None:
    """Drop what is not ours, what was packed twice, and what killed packers left."""
    for span in kept.spans():
        if span not in known:
            kept.forget(span)
    kept.tidy()


def _settled() -> int:
    """A row's number up to which every row can be seen by now.

    PostgreSQL gives numbers out before it commits: one more may appear below the last.
    Whoever inserts holds a lock that ours waits for. SQLite's writers stand in a row.
    """
    table = Observation._meta.db_table  # noqa: SLF001 (its public name)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(f"SET LOCAL lock_timeout = '{WAITS}'")
                cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
            last = Observation.objects.aggregate(last=Max("pk"))["last"]
    except OperationalError:
        return 0  # somebody writes for long: next time
    return last or 0


def _gaps(known: list[tracker.Span], last: int) -> Iterator[tuple[int, int]]:
    """Ranges of ids that no span holds, in order."""
    after = 0
    for span in known:
        if span.after > after:
            yield after, span.after
        after = span.upto
    if last > after:
        yield after, last


def _is_due(after: int, upto: int) -> bool:
    rows = Observation.objects.filter(pk__gt=after, pk__lte=upto).order_by("pk")
    first = rows.values_list("seen_at", flat=True).first()
    if first is None:
        return False
    is_past = _day(first) < timezone.now().astimezone(UTC).date()
    return is_past or rows.count() >= settings.OBSERVATIONS_PACK_AFTER


def _gather(after: int, upto: int) -> tuple[tracker.Span, tracker.Packed] | None:
    """The hashes of the next rows, of one day and no more than fit; None if there is none."""
    made: dict[tracker.Pipeline, tuple[array[int], bytearray]] = defaultdict(
        lambda: (array("Q"), bytearray())
    )
    seen: list[datetime] = []
    last: Observation | None = None
    rows = Observation.objects.filter(pk__gt=after, pk__lte=upto).order_by("pk")
    for row in rows.hashes()[:LARGEST].iterator(chunk_size=AT_ONCE):
        if seen and _day(row.seen_at) > _day(seen[0]):
            break
        for pipeline, value in row.perceptual():
            ids, values = made[pipeline]
            ids.append(row.pk)
            values += value
        seen.append(row.seen_at)
        last = row
    if last is None:
        return None
    span = tracker.Span(after, last.pk, min(seen), max(seen), bytes(last.key))
    return span, {
        pipeline: (
            np.frombuffer(ids, np.uint64),
            np.frombuffer(values, np.uint8).reshape(len(ids), -1),
        )
        for pipeline, (ids, values) in made.items()
    }


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
