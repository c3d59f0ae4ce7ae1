"""Sealed bytes that no row names: what a worker that was killed, or a full disk, left.

A file cannot be part of a transaction. Where one is rolled back, or ends before its file
is discarded, the file stays alone; nobody can open it through a row, so it goes.
"""

from collections.abc import Iterable
from datetime import timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from portal.cases import evidence
from portal.cases.holding import held_keys
from portal.cases.models import Exhibit, Original
from portal.sightings.models import Sighting

BATCH = 500  # names asked about at once
PATIENCE = timedelta(hours=1)  # far longer than any transaction that may yet name it
# Every column that names an object of the store.
NAMING: tuple[tuple[QuerySet[Any], str], ...] = (
    (Exhibit.objects.all(), "stored_as"),
    (Exhibit.objects.all(), "held_as"),
    (Exhibit.objects.all(), "points_as"),
    (Exhibit.objects.all(), "points_held_as"),
    (Original.objects.all(), "stored_as"),
    (Original.objects.all(), "held_as"),
    (Sighting.objects.all(), "captured_as"),
    (Sighting.objects.all(), "held_as"),
)


def discard_strays() -> int:
    """Discard what has been in the evidence store for a while without a row."""
    names, discarded = evidence.stored(), 0
    while batch := list(islice(names, BATCH)):
        for name in _unnamed(batch):
            if _is_old(name):
                evidence.release(name)  # with its key, if it was a held one
                discarded += 1
    return discarded


def _unnamed(names: Iterable[str]) -> set[str]:
    asked = set(names)
    for rows, column in NAMING:
        named = rows.filter(**{f"{column}__in": asked})
        asked -= set(named.values_list(column, flat=True))
    return asked


def _is_old(name: str) -> bool:
    try:
        return evidence.stored_at(name) < timezone.now() - PATIENCE
    except FileNotFoundError:
        return False


def release_forgotten() -> int:
    """Destroy held copies whose reader died for good, and say so to the victim.

    Reading is tried again by the sweeps for as long as HELD_LIFETIME; then the promise
    counts more: no key on the server opens what the victim gave.
    """
    released = 0
    for name in held_keys().older_than(settings.HELD_LIFETIME.total_seconds()):
        held_keys().destroy(name)
        released += 1
    return released
