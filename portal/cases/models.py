"""What the victim told us. A case has no name and no account: its passphrase is all."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no look-alikes


def new_reference() -> str:
    """How staff name a case aloud. It opens nothing."""
    return "R-" + "".join(secrets.choice(ALPHABET) for _ in range(8))


def coarse_now() -> datetime:
    """Now, to the hour: finer times could be matched with a network log."""
    return timezone.now().replace(minute=0, second=0, microsecond=0)


class CaseQuerySet(models.QuerySet["Case"]):
    def active(self) -> CaseQuerySet:
        return self.filter(withdrawn_at=None)

    def visible_to(self, worker: User) -> CaseQuerySet:
        """Cases that a member of staff may work on: every one, until cases are assigned."""
        return self if worker.is_active else self.none()

    def consenting(self, kind: str) -> CaseQuerySet:
        """Active cases whose consent of this kind is in force."""
        return self.active().filter(
            pk__in=Consent.objects.filter(kind=kind, revoked_at=None).values("case")
        )


class Case(models.Model):
    """One victim's matter. `withdrawn_at` is the one column that everything above reads."""

    reference = models.CharField(max_length=12, unique=True, default=new_reference)
    locator = models.BinaryField(
        max_length=32, unique=True
    )  # Argon2id of the passphrase
    public_key = models.BinaryField(
        max_length=32
    )  # Curve25519; exhibits are sealed to it
    language = models.CharField(max_length=10, default="en")
    created_at = models.DateTimeField(default=coarse_now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    def consents_to(self, kind: Consent.Kind) -> bool:
        """Whether the victim has agreed to `kind`, and not taken it back."""
        return self.consents.filter(kind=kind, revoked_at=None).exists()


class KeyWrap(models.Model):
    """The case's private key, wrapped for one holder. Without any, the evidence is noise."""

    class Holder(models.TextChoices):
        PASSPHRASE = "passphrase"  # noqa: S105 (whose wrap it is)
        CUSTODY = "custody"  # the portal, for automatic processing and the desk

    case = models.ForeignKey(Case, models.CASCADE, related_name="wraps")
    holder = models.CharField(max_length=20, choices=Holder)
    sealed = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "holder"], name="one_wrap_per_holder"
            )
        ]


class ReportQuerySet(models.QuerySet["Report"]):
    def stranded(self) -> ReportQuerySet:
        """To be processed, but no worker has it: its bell was lost, or its worker was."""
        stale = Q(claimed_at__lt=timezone.now() - settings.CLAIM_LIFETIME)
        return self.filter(Q(claimed_at=None) | stale, processed_at=None)

    def claim(self, pk: int) -> Report | None:
        """Take the row for this worker, or None if another has it."""
        taken = self.stranded().filter(pk=pk).update(claimed_at=timezone.now())
        return self.get(pk=pk) if taken else None


class Report(models.Model):
    """One submission to a case."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="reports")
    # Hash of the form's one-time token: the same form sent twice is one report.
    token_hash = models.BinaryField(max_length=32, unique=True)
    # The passphrase sealed under the token, for minutes: a double tap must show it again.
    receipt = models.BinaryField(blank=True, default=b"")
    details = models.BinaryField(blank=True, default=b"")  # what they wrote, sealed
    threatened = models.BooleanField(
        default=False
    )  # somebody threatens or asks for money
    created_at = models.DateTimeField(default=coarse_now)
    receipt_until = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    processed_at = models.DateTimeField(null=True)

    objects = ReportQuerySet.as_manager()


class ReportedUrlQuerySet(models.QuerySet["ReportedUrl"]):
    def stranded(self) -> ReportedUrlQuerySet:
        """Not yet visited, and in no worker's hands."""
        stale = Q(claimed_at__lt=timezone.now() - settings.CLAIM_LIFETIME)
        return self.filter(
            Q(claimed_at=None) | stale,
            visited_at=None,
            report__case__withdrawn_at=None,
            report__processed_at__isnull=False,
        )

    def claim(self, pk: int) -> ReportedUrl | None:
        """Take the row for this worker, or None if another has it."""
        taken = self.stranded().filter(pk=pk).update(claimed_at=timezone.now())
        return self.get(pk=pk) if taken else None


class ReportedUrl(models.Model):
    """An address where the victim saw a copy. We visit it; their browser never does."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="urls")
    url = models.CharField(max_length=2000)
    claimed_at = models.DateTimeField(null=True)
    visited_at = models.DateTimeField(null=True)
    outcome = models.CharField(
        max_length=30, blank=True
    )  # a code, see sightings.actions

    objects = ReportedUrlQuerySet.as_manager()


class Exhibit(models.Model):
    """A picture the victim asks us to watch for: sealed bytes, or none (hash-only)."""

    class State(models.TextChoices):
        RECEIVED = "received", _("waiting to be read")
        HASHED = "hashed", _("read, and watched for")
        REFUSED = "refused", _("could not be read")

    case = models.ForeignKey(Case, models.CASCADE, related_name="exhibits")
    report = models.ForeignKey(Report, models.CASCADE, related_name="exhibits")
    stored_as = models.CharField(
        max_length=100, blank=True
    )  # name in the evidence store
    size = models.PositiveIntegerField(default=0)  # bytes before sealing
    state = models.CharField(max_length=20, choices=State, default=State.RECEIVED)
    refusal = models.CharField(max_length=40, blank=True)  # tracker.ImageError.code
    # Counted before each reading: a file that kills its reader is refused in the end.
    attempts = models.PositiveSmallIntegerField(default=0)


class Consent(models.Model):
    """One agreement, given and taken back on its own."""

    class Kind(models.TextChoices):
        MATCHING = "matching", _("look for copies of this picture")
        SHARING = "sharing", _("let platforms ask whether they hold a copy")
        NOTICES = "notices", _("send removal requests in our organisation's name")
        EVIDENCE = "evidence", _("keep sealed copies as evidence and check them for AI")

    case = models.ForeignKey(Case, models.CASCADE, related_name="consents")
    kind = models.CharField(max_length=20, choices=Kind)
    given_at = models.DateTimeField(default=coarse_now)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind"],
                condition=Q(revoked_at=None),
                name="one_consent_in_force_per_kind",
            )
        ]


class Event(models.Model):
    """A step on the victim's timeline. The words are in events.py, so that they translate."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=40)
    data = models.JSONField(default=dict)  # counts, hosts, dates: what the words need
    at = models.DateTimeField(default=coarse_now)
    # Makes an event that a task may record twice, recorded once.
    once = models.CharField(max_length=100, null=True)  # noqa: DJ001 (many NULLs, one of each)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["case", "once"], name="event_recorded_once")
        ]
