"""What we found: where we look, what we remember of it, and the copies we saw."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

import tracker
from portal.accounts.models import User
from portal.bank.models import Signal
from portal.cases.models import Case, Exhibit
from portal.platforms.models import Platform


class SourceQuerySet(models.QuerySet["Source"]):
    def due(self) -> SourceQuerySet:
        """Switched on, its time has come, and no living worker visits it."""
        now = timezone.now()
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        return self.filter(free, enabled=True, next_visit_at__lte=now)

    def claim(self, pk: int) -> Source | None:
        """Lease the source to this worker, or None if another visits it."""
        until = timezone.now() + settings.CLAIM_LIFETIME
        taken = self.due().filter(pk=pk).update(lease_until=until, lease=F("lease") + 1)
        return self.get(pk=pk) if taken else None


class Source(models.Model):
    """A place we look. An operator switches each one on, and says why."""

    kind = models.CharField(max_length=20)  # a key of tracker.SOURCES
    name = models.CharField(max_length=200)
    config = models.JSONField(
        default=dict
    )  # what that kind of source needs: url, limits
    purpose = models.CharField(max_length=300)  # the written reason to look there
    platform = models.ForeignKey(Platform, models.PROTECT, null=True, blank=True)
    enabled = models.BooleanField(default=False)
    interval = models.PositiveIntegerField(default=3600)  # seconds between visits
    next_visit_at = models.DateTimeField(default=timezone.now)
    lease = models.PositiveIntegerField(
        default=0
    )  # which visit holds it: a late one loses
    lease_until = models.DateTimeField(null=True)
    checkpoint = models.TextField(blank=True)  # where a cut-off visit goes on
    visited_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, blank=True)  # "done" or an error's code
    pictures = models.PositiveIntegerField(default=0)  # seen in all
    failures = models.PositiveSmallIntegerField(default=0)  # in a row

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")


PERCEPTUAL = ("pdq", "phash")  # types of signal that the memory keeps by looks


class ObservationQuerySet(models.QuerySet["Observation"]):
    def hashes(self) -> ObservationQuerySet:
        """Only what comparing takes: a tenth of a row."""
        columns = (name for t in PERCEPTUAL for name in (t, f"{t}_version"))
        return self.only("key", "seen_at", *columns)


class Observation(models.Model):
    """Hash-only memory of a picture crawled: tomorrow's report is matched against it."""

    source = models.ForeignKey(Source, models.CASCADE, null=True, related_name="+")
    key = models.BinaryField(max_length=32, unique=True)  # of page, media and bytes
    url = models.CharField(max_length=2000)  # the page that embeds it
    media_url = models.CharField(max_length=2000)
    account = models.CharField(max_length=200, blank=True)
    posted_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(default=timezone.now, db_index=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    pdq = models.BinaryField(max_length=32, null=True)
    phash = models.BinaryField(max_length=32, null=True)
    pdq_version = models.CharField(max_length=40, blank=True)
    phash_version = models.CharField(max_length=40, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()  # bytes

    objects = ObservationQuerySet.as_manager()

    def perceptual(self) -> Iterator[tuple[tracker.Pipeline, bytes]]:
        """The hashes that were made of it, each with what made it."""
        for type_ in PERCEPTUAL:
            if (value := getattr(self, type_)) is not None:
                version = getattr(self, f"{type_}_version")
                yield tracker.Pipeline(type_, version), bytes(value)


class LookBackQuerySet(models.QuerySet["LookBack"]):
    def stranded(self) -> LookBackQuerySet:
        """Not at its end, and in no worker's hands."""
        stale = Q(claimed_at__lt=timezone.now() - settings.CLAIM_LIFETIME)
        return self.filter(Q(claimed_at=None) | stale)

    def claim(self, pk: int) -> LookBack | None:
        """Take the row for this worker, or None if another has it."""
        taken = self.stranded().filter(pk=pk).update(claimed_at=timezone.now())
        return self.get(pk=pk) if taken else None

    def percent(self, case: Case) -> int | None:
        """How much of the memory a case's exhibits have been compared with; None if all."""
        parts = [
            (look.reached - look.after) / max(1, look.upto - look.after)
            for look in self.filter(
                exhibit__case=case, exhibit__case__withdrawn_at=None
            )
        ]
        return int(100 * sum(parts) / len(parts)) if parts else None


class LookBack(models.Model):
    """An exhibit on its way through the memory; the row ends when it has seen all of it."""

    exhibit = models.OneToOneField(Exhibit, models.CASCADE, related_name="+")
    # What the memory is asked with: [type, value, version, of, box, form]. Made of pixels
    # that are gone.
    asked = models.JSONField()
    # Observations' numbers: those above `after` and up to `upto` are looked at, in order.
    after = models.PositiveBigIntegerField()
    reached = models.PositiveBigIntegerField()
    upto = models.PositiveBigIntegerField()
    claimed_at = models.DateTimeField(null=True)

    objects = LookBackQuerySet.as_manager()

    def signals(self) -> list[tracker.Signal]:
        return [
            tracker.Signal(type_, value, None, version, of, tuple(box), form)
            for type_, value, version, of, box, form in self.asked
        ]

    def come_to(self, reached: int) -> bool:
        """Note how far it is, and hold on to it; False if it is another worker's by now."""
        mine = LookBack.objects.filter(pk=self.pk, claimed_at=self.claimed_at)
        self.reached, self.claimed_at = reached, timezone.now()
        return bool(mine.update(reached=reached, claimed_at=self.claimed_at))


class SightingQuerySet(models.QuerySet["Sighting"]):
    def active(self) -> SightingQuerySet:
        return self.filter(case__withdrawn_at=None)

    def tellable(self) -> SightingQuerySet:
        """Copies that anybody outside may hear of: a possible one once it is confirmed."""
        confirmed = Q(decision=Sighting.Decision.CONFIRMED)
        sure = Q(kind__in=[Sighting.Kind.EXACT, Sighting.Kind.NEAR])
        rejected = Sighting.Decision.REJECTED
        return self.filter(confirmed | sure).exclude(decision=rejected)

    def unassessed(self) -> SightingQuerySet:
        """Held for the detector, and in no worker's hands.

        One that was assessed by a worker who died before releasing it is among them.
        """
        stale = Q(claimed_at__lt=timezone.now() - settings.CLAIM_LIFETIME)
        return self.active().filter(Q(claimed_at=None) | stale, held_as__gt="")

    def to_recheck(self) -> SightingQuerySet:
        """Its next check is due, and no worker has it."""
        now = timezone.now()
        stale = Q(claimed_at=None) | Q(claimed_at__lt=now - settings.CLAIM_LIFETIME)
        return self.active().filter(stale, next_check_at__lte=now)

    def claim(self, pk: int) -> Sighting | None:
        """Take the row for this worker, or None if another has it."""
        stale = Q(claimed_at__lt=timezone.now() - settings.CLAIM_LIFETIME)
        free = self.active().filter(Q(claimed_at=None) | stale, pk=pk)
        taken = free.update(claimed_at=timezone.now())
        return Sighting.objects.get(pk=pk) if taken else None


class Sighting(models.Model):
    """A copy seen at a URL."""

    class Found(models.TextChoices):
        REPORTED = "reported", _("reported by the victim")
        CRAWLED = "crawled", _("found by looking")
        REMEMBERED = "remembered", _("seen before the report, and remembered")

    class Kind(models.TextChoices):
        EXACT = "exact", _("the same file")
        NEAR = "near", _("the same picture")
        POSSIBLE = "possible", _("possibly the same picture")

    class Decision(models.TextChoices):
        OPEN = "open", _("not yet looked at")
        CONFIRMED = "confirmed", _("confirmed")
        REJECTED = "rejected", _("not the picture")

    class Status(models.TextChoices):
        UP = "up", _("still there")
        GONE = "gone", _("gone")
        REPLACED = "replaced", _("replaced by another picture")
        UNKNOWN = "unknown", _("cannot be told")

    case = models.ForeignKey(Case, models.CASCADE, related_name="sightings")
    exhibit = models.ForeignKey(Exhibit, models.CASCADE, related_name="sightings")
    signal = models.ForeignKey(Signal, models.CASCADE, related_name="sightings")
    source = models.ForeignKey(Source, models.SET_NULL, null=True, related_name="+")
    platform = models.ForeignKey(Platform, models.SET_NULL, null=True, related_name="+")
    key = models.BinaryField(max_length=32)  # of page and media: one sighting per place
    url = models.CharField(max_length=2000)
    media_url = models.CharField(max_length=2000)
    host = models.CharField(max_length=260, db_index=True)
    account = models.CharField(max_length=200, blank=True)
    posted_at = models.DateTimeField(null=True)  # what the page claims
    seen_at = models.DateTimeField(default=timezone.now)  # when we saw it
    found = models.CharField(max_length=20, choices=Found)

    kind = models.CharField(max_length=20, choices=Kind)
    distance = models.PositiveSmallIntegerField()
    matched_type = models.CharField(max_length=20)
    reason = models.JSONField(null=True)  # which parts agree: see reasons.py

    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(default=0)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    captured_as = models.CharField(max_length=100, blank=True)  # sealed copy, if any
    held_as = models.CharField(max_length=100, blank=True)  # one for the detector

    decision = models.CharField(max_length=20, choices=Decision, default=Decision.OPEN)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    status = models.CharField(max_length=20, choices=Status, default=Status.UP)
    misses = models.PositiveSmallIntegerField(default=0)  # in a row, far enough apart
    checked_at = models.DateTimeField(null=True)
    next_check_at = models.DateTimeField(null=True, db_index=True)
    watched_since = models.DateTimeField(null=True)  # when its removal was asked for
    claimed_at = models.DateTimeField(null=True)

    objects = SightingQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["case", "key"], name="one_sighting_per_place"
            )
        ]

    def keep_claim(self) -> None:
        """Its worker lives, so the claim does; one that was lost by now is not taken back."""
        now = timezone.now()
        if self.claimed_at and now - self.claimed_at > settings.CLAIM_LIFETIME / 4:
            mine = Sighting.objects.filter(pk=self.pk, claimed_at=self.claimed_at)
            self.claimed_at = now if mine.update(claimed_at=now) else None

    @property
    def first_at(self) -> datetime:
        """The earliest time we have for this copy: what the page claims, else ours."""
        if self.posted_at is None:
            return self.seen_at
        return min(self.posted_at, self.seen_at)


class Check(models.Model):
    """One look at whether a copy is still there."""

    sighting = models.ForeignKey(Sighting, models.CASCADE, related_name="checks")
    at = models.DateTimeField(default=timezone.now)
    seen = models.CharField(max_length=20)  # up, missing, replaced, unreachable, walled
    http_status = models.PositiveSmallIntegerField(null=True)
    detail = models.CharField(max_length=40, blank=True)  # an error's code

    class Meta:
        ordering = ("pk",)


class Assessment(models.Model):
    """The detector's opinion of a copy with its reasons, never proof."""

    sighting = models.OneToOneField(Sighting, models.CASCADE, related_name="assessment")
    finding = models.CharField(max_length=40)
    # kind, finding, strength, detail; code and facts, unless it is older than ADR 33
    evidence = models.JSONField(default=list)
    opinions = models.JSONField(default=list)  # of trained models; empty without any
    # code, facts and its English; of older rows the English alone
    not_tested = models.JSONField(default=list)
    # Of a video the frames that matter: number, at (seconds), finding, evidence, models
    frames = models.JSONField(default=list)
    version = models.CharField(max_length=40)
    at = models.DateTimeField(default=timezone.now)


class Alert(models.Model):
    """An early warning for the desk: somebody should look now."""

    class Kind(models.TextChoices):
        FIRST_COPY = "first_copy", _("first copy found")
        NEW_HOST = "new_host", _("a copy on a new site")
        SPREADING = "spreading", _("copies are growing fast")
        RETURNED = "returned", _("a removed copy is back")
        OVERDUE = "overdue", _("a deadline passed and the copy is still there")
        REVIEW = "review", _("look at this case again: is it still needed?")
        FLOOD = "flood", _("a signal matches far too much: release it or list it")
        UNWATCHED = "unwatched", _("a victim's picture is like one that never matches")

    case = models.ForeignKey(Case, models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=20, choices=Kind)
    subject = models.CharField(
        max_length=100
    )  # e.g. "sighting:7": raised once for each
    at = models.DateTimeField(default=timezone.now)
    seen_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind", "subject"], name="an_alert_is_raised_once"
            )
        ]
