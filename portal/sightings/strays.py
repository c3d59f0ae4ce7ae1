"""Sealed bytes that no row names: what a worker that was killed, or a full disk, left.

A file cannot be part of a transaction. Where one is rolled back, or ends before its file
is discarded, the file stays alone; nobody can open it through a row, so it goes.
"""

from collections.abc import Iterable
from datetime import timedelta
from itertools import islice

from django.utils import timezone

from portal.cases import evidence
from portal.cases.models import Exhibit
from portal.sightings.models import Sighting

BATCH = 500  # names asked about at once
PATIENCE = timedelta(hours=1)  # far longer than any transaction that may yet name it


def discard_strays() -> int:
    """Discard what has been in the evidence store for a while without a row."""
    names, discarded = evidence.stored(), 0
    while batch := list(islice(names, BATCH)):
        for name in _unnamed(batch):
            if _is_old(name):
                evidence.discard(name)
                discarded += 1
    return discarded


def _unnamed(names: Iterable[str]) -> set[str]:
    asked = set(names)
    kept = Exhibit.objects.filter(stored_as__in=asked).values_list(
        "stored_as", flat=True
    )
    seen = Sighting.objects.filter(captured_as__in=asked)
    return asked - set(kept) - set(seen.values_list("captured_as", flat=True))


def _is_old(name: str) -> bool:
    try:
        return evidence.stored_at(name) < timezone.now() - PATIENCE
    except FileNotFoundError:
        return False
