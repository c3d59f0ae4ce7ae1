"""What we match against. The database is the truth; the index is a cache of it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

import tracker
from portal.accounts.models import User
from portal.cases.models import Case, Exhibit, coarse_now
from portal.platforms.models import Platform
from portal.prepared import Prepared, attributes


class BenignQuerySet(models.QuerySet["Benign"]):
    def in_force(self) -> BenignQuerySet:
        return self.filter(in_force_at__isnull=False, ended_at=None)

    def waiting(self) -> BenignQuerySet:
        """A second person has to agree: they would silence a victim's whole picture."""
        return self.filter(in_force_at=None, ended_at=None)


class Benign(models.Model):
    """A picture that must never match, and why. It is known by its signals alone."""

    class Kind(models.TextChoices):
        LOGO = "logo", _("a site's logo or button")
        PLACEHOLDER = "placeholder", _("what a site shows where a picture is missing")
        BLANK = "blank", _("an empty frame or background")
        TEMPLATE = "template", _("a collage or meme template that many use")
        FAMOUS = "famous", _("a famous picture")

    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, choices=Kind)
    reason = models.CharField(max_length=300)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=coarse_now)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    in_force_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    objects = BenignQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("added_by")),
                name="a_benign_picture_needs_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""), name="a_benign_picture_has_a_reason"
            ),
        ]


class BenignSignal(models.Model):
    """One signal of a benign picture: what is near to it matches nothing."""

    benign = models.ForeignKey(Benign, models.CASCADE, related_name="signals")
    type = models.CharField(max_length=20)
    value = models.CharField(max_length=512)  # lower-case hex
    version = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["benign", "type", "value"], name="a_benign_signal_stands_once"
            )
        ]


class SignalQuerySet(models.QuerySet["Signal"]):
    def active(self) -> SignalQuerySet:
        """Signals of cases in force: a withdrawn case's are its tombstones."""
        return self.filter(case__withdrawn_at=None)

    def matching(self) -> SignalQuerySet:
        """Those that may match: near to no benign picture."""
        return self.active().filter(benign=None)

    def tellable(self) -> SignalQuerySet:
        """Those that anybody outside may be given: no benign one, and none in quarantine."""
        return self.whole().filter(benign=None, quarantined_at=None)

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
    # The benign picture that it is near to: kept, and matching again when that one goes.
    benign = models.ForeignKey(
        Benign, models.SET_NULL, null=True, related_name="silenced"
    )
    # It matched far too much of a sudden: until a person has looked, its matches are
    # possible at most. See flooding.py.
    quarantined_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
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
    def matching_among(cls, ids: Collection[int]) -> dict[int, Signal]:
        """Those of these signals that may match, now. Each lookup with candidates asks."""
        rows = _ACTIVE.rows_in(list(ids))
        return {row[0]: cls.from_db(DEFAULT_DB_ALIAS, _FIELDS, row) for row in rows}

    @classmethod
    def wholes_of(cls, exhibits: Collection[int]) -> list[Signal]:
        """Those of these whole pictures that may match."""
        rows = _WHOLES.rows_in(list(exhibits))
        return [cls.from_db(DEFAULT_DB_ALIAS, _FIELDS, row) for row in rows]


_FIELDS = attributes(Signal)  # the id is first
_ACTIVE = Prepared(
    lambda *ids: Signal.objects.matching().filter(pk__in=ids).values_list(*_FIELDS)
)
_WHOLES = Prepared(
    lambda *exhibits: (
        Signal.objects.matching()
        .whole()
        .filter(exhibit__in=exhibits)
        .values_list(*_FIELDS)
    )
)


class Tally(models.Model):
    """How many different pictures machines asked about that one signal matched, by hour."""

    signal = models.ForeignKey(Signal, models.CASCADE, related_name="tallies")
    hour = models.DateTimeField()
    pictures = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["signal", "hour"], name="tallied_by_hour")
        ]


class SequenceManager(models.Manager["Sequence"]):
    def locked(self) -> Sequence:
        """The bank's counter, locked until commit.

        Who deposits, or changes what may match, takes this turn first.
        """
        self.get_or_create(pk=1)
        return self.select_for_update().get(pk=1)


class Sequence(models.Model):
    """One row: the last `seq` given out, and which bank this is.

    A depositor holds its lock until it commits, so numbers become visible in order and a
    reader that follows them can never skip one. A database's own counter does not promise that.
    """

    last = models.PositiveBigIntegerField(default=0)
    # Files of another bank (a restored backup, an emptied database) are never read.
    bank = models.UUIDField(default=uuid.uuid4)
    # Another one with each change of the benign list: what a process remembers is stale.
    benign = models.UUIDField(default=uuid.uuid4)

    objects = SequenceManager()

    @classmethod
    def now(cls) -> Now | None:
        """The row as it is; None before the first deposit. Each lookup asks."""
        for row in _SEQUENCE.rows():
            return Now(*row)
        return None


class Now(NamedTuple):
    """What the counter's row says at one moment."""

    last: int
    bank: uuid.UUID
    benign: uuid.UUID


_SEQUENCE = Prepared(lambda: Sequence.objects.values_list(*Now._fields))


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
