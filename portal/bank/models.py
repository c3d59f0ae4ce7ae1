"""What we match against. The database is the truth; the index is a cache of it."""

from __future__ import annotations

import uuid

from django.db import models

from portal.cases.models import Case, Exhibit, coarse_now


class SignalQuerySet(models.QuerySet["Signal"]):
    def active(self) -> SignalQuerySet:
        """Signals that may match: a withdrawn case's are its tombstones."""
        return self.filter(case__withdrawn_at=None)

    def after(self, seq: int) -> SignalQuerySet:
        """What was deposited after `seq`, in order: the tail."""
        return self.filter(seq__gt=seq).order_by("seq")


class Signal(models.Model):
    """One hash of one exhibit: type and value. `seq` orders all deposits, without gaps."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="signals")
    exhibit = models.ForeignKey(Exhibit, models.CASCADE, related_name="signals")
    type = models.CharField(max_length=20)
    value = models.CharField(max_length=512)  # lower-case hex
    quality = models.PositiveSmallIntegerField(null=True)
    version = models.CharField(max_length=40)
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


class Sequence(models.Model):
    """One row: the last `seq` given out, and which bank this is.

    A depositor holds its lock until it commits, so numbers become visible in order and a
    reader that follows them can never skip one. A database's own counter does not promise that.
    """

    last = models.PositiveBigIntegerField(default=0)
    # Files of another bank (a restored backup, an emptied database) are never read.
    bank = models.UUIDField(default=uuid.uuid4)
