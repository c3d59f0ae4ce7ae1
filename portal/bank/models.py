"""What we match against. The database is the truth; the index is a cache of it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Q
from django.utils import timezone

import tracker
from portal.cases.models import Case, Exhibit, coarse_now
from portal.platforms.models import Platform
from portal.prepared import Prepared, attributes


class SignalQuerySet(models.QuerySet["Signal"]):
    def active(self) -> SignalQuerySet:
        """Signals that may match: a withdrawn case's are its tombstones."""
        return self.filter(case__withdrawn_at=None)

    def whole(self) -> SignalQuerySet:
        """Signals of whole pictures and of frames: all that others are ever given."""
        return self.filter(Q(of=tracker.WHOLE) | Q(of__startswith=tracker.FRAME))

    def frames_of(self, exhibits: Iterable[int]) -> Counter[int]:
        """How many pictures each of these exhibits is: more than one of a video."""
        pdq = self.whole().filter(exhibit__in=list(exhibits), type="pdq")
        return Counter(pdq.values_list("exhibit", flat=True))

    def comparable(self, type_: str) -> SignalQuerySet:
        """Signals of one type that can be compared with those made here.

        Versions never meet. A hash that came without one is what its type is everywhere.
        """
        version = tracker.signal_type(type_).version
        return self.filter(type=type_, version__in=(version, tracker.UNSTATED))

    def after(self, seq: int) -> SignalQuerySet:
        """What was deposited after `seq`, in order: the tail."""
        return self.filter(seq__gt=seq).order_by("seq")


class Signal(models.Model):
    """One hash of one exhibit: type and value. `seq` orders all deposits, without gaps.

    `of` is "whole", "frame 12.5" (seconds) of a video, or the region of the picture that
    was hashed: a crop is found by it.
    """

    case = models.ForeignKey(Case, models.CASCADE, related_name="signals")
    exhibit = models.ForeignKey(Exhibit, models.CASCADE, related_name="signals")
    type = models.CharField(max_length=20)
    value = models.CharField(max_length=512)  # lower-case hex
    quality = models.PositiveSmallIntegerField(null=True)
    version = models.CharField(max_length=40)
    of = models.CharField(max_length=20, default=tracker.WHOLE)
    box = models.JSONField(null=True)  # of a region: tracker.Shares
    seq = models.PositiveBigIntegerField(unique=True)
    deposited_at = models.DateTimeField(default=coarse_now)

    objects = SignalQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["type", "value"], name="signal_by_value"),
            models.Index(fields=["type", "seq"], name="signal_tail"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["exhibit", "type", "value"], name="a_signal_is_deposited_once"
            )
        ]

    @classmethod
    def active_among(cls, ids: Collection[int]) -> dict[int, Signal]:
        """Those of these signals that may match, now. Each lookup with candidates asks."""
        rows = _ACTIVE.rows_in(list(ids))
        return {row[0]: cls.from_db(DEFAULT_DB_ALIAS, _FIELDS, row) for row in rows}

    @classmethod
    def wholes_of(cls, exhibits: Collection[int]) -> list[Signal]:
        """The active signals of these whole pictures."""
        rows = _WHOLES.rows_in(list(exhibits))
        return [cls.from_db(DEFAULT_DB_ALIAS, _FIELDS, row) for row in rows]


_FIELDS = attributes(Signal)  # the id is first
_ACTIVE = Prepared(
    lambda *ids: Signal.objects.active().filter(pk__in=ids).values_list(*_FIELDS)
)
_WHOLES = Prepared(
    lambda *exhibits: (
        Signal.objects.active()
        .whole()
        .filter(exhibit__in=exhibits)
        .values_list(*_FIELDS)
    )
)


class Sequence(models.Model):
    """One row: the last `seq` given out, and which bank this is.

    A depositor holds its lock until it commits, so numbers become visible in order and a
    reader that follows them can never skip one. A database's own counter does not promise that.
    """

    last = models.PositiveBigIntegerField(default=0)
    # Files of another bank (a restored backup, an emptied database) are never read.
    bank = models.UUIDField(default=uuid.uuid4)

    @classmethod
    def now(cls) -> Sequence | None:
        """The row as it is; None before the first deposit. Each lookup asks."""
        for last, bank in _SEQUENCE.rows():
            return cls(pk=1, last=last, bank=bank)
        return None


_SEQUENCE = Prepared(lambda: Sequence.objects.values_list("last", "bank"))


class Feed(models.Model):
    """One row for each platform that reads the feed: the last place given out in its feed.

    Whoever writes to the feed holds its lock until commit, as with Sequence.
    """

    platform = models.OneToOneField(Platform, models.CASCADE, related_name="feed")
    last = models.PositiveBigIntegerField(default=0)


class ToldQuerySet(models.QuerySet["Told"]):
    def of_case(self, case: Case) -> ToldQuerySet:
        """What platforms were told of this case's signals."""
        return self.filter(signal__case=case).select_related("platform")

    def fed(self) -> ToldQuerySet:
        """What went out in a feed, in its order."""
        return self.filter(place__isnull=False).order_by("place")


class Told(models.Model):
    """What one platform was told of one signal last. No row: it never heard of it.

    `place` orders the platform's feed. A change moves the row to a later place, so that
    the feed holds each signal once, as it is now. Without one, the platform was only told
    that the signal matches, and never had its value from us.
    """

    class State(models.TextChoices):
        ACTIVE = "active"
        WITHDRAWN = "withdrawn"

    platform = models.ForeignKey(Platform, models.CASCADE, related_name="told")
    signal = models.ForeignKey(Signal, models.CASCADE, related_name="told")
    place = models.PositiveBigIntegerField(null=True)
    state = models.CharField(max_length=20, choices=State, default=State.ACTIVE)
    # Null: it has not asked since this changed.
    told_at = models.DateTimeField(null=True, default=timezone.now)
    # When it asked for what comes after this place: what it was told here has arrived.
    acknowledged_at = models.DateTimeField(null=True)

    objects = ToldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["platform", "signal"], name="told_once"),
            models.UniqueConstraint(
                fields=["platform", "place"],
                condition=Q(place__isnull=False),
                name="one_signal_a_place",
            ),
        ]
