"""How many different pictures machines asked about that a signal matched, hour by hour.

Each process counts in its own memory and writes once for so many pictures, so that a lookup
costs no write. Two processes may count one picture twice, and what a process has not yet
written when it dies is lost: the guard that reads this (flooding.py) looks for hundreds.
"""

import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

import tracker
from portal.bank.models import Signal, Tally

AT_ONCE = 20  # pictures
MOST_SIGNALS, MOST_PICTURES = 10_000, 10_000  # in memory, for one hour
HOUR = timedelta(hours=1)


class _Hour:
    """The pictures of one hour that each signal matched, as far as this process knows."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.began = datetime.min.replace(tzinfo=UTC)
        self.pictures: dict[int, set[int]] = {}

    def add(self, signal: int, picture: int, hour: datetime) -> datetime | None:
        """Count a picture; the hour to write to, if there are enough by now.

        A clock that goes backwards does not bring an hour back: it would be counted twice.
        """
        with self.lock:
            if hour > self.began:
                self.began, self.pictures = hour, {}
            if len(self.pictures) >= MOST_SIGNALS:
                self.pictures = {}
            seen = self.pictures.setdefault(signal, set())
            if picture in seen or len(seen) >= MOST_PICTURES:
                return None
            seen.add(picture)
            return None if len(seen) % AT_ONCE else self.began


_hour = _Hour()


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def note(matched: Iterable[tuple[Sequence[tracker.Signal], Sequence[int]]]) -> None:
    """Pictures, known by what was asked of each, and the signals that each matched."""
    now = hour_of(timezone.now())
    for asked, signals in matched:
        picture = hash(tuple((s.type, s.value) for s in asked)) if signals else 0
        for signal in signals:
            if hour := _hour.add(signal, picture, now):
                _write(signal, hour)


@transaction.atomic
def _write(signal: int, hour: datetime) -> None:
    if Signal.objects.filter(pk=signal).exists():
        Tally.objects.bulk_create(
            [Tally(signal_id=signal, hour=hour)], ignore_conflicts=True
        )
        mine = Tally.objects.filter(signal=signal, hour=hour)
        mine.update(pictures=F("pictures") + AT_ONCE)
