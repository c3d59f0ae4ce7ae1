"""What we asked to be removed, how it was sent, and by when the law wants an answer."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.cases.models import Case
from portal.platforms.models import Platform
from portal.sightings.models import Sighting


class NoticeQuerySet(models.QuerySet["Notice"]):
    def stranded(self) -> NoticeQuerySet:
        """Due, but no worker has it: its bell was lost, or its worker was."""
        stale = Q(
            state=Notice.State.SENDING,
            claimed_at__lt=timezone.now() - settings.CLAIM_LIFETIME,
        )
        return self.filter(
            Q(state=Notice.State.APPROVED) | stale, case__withdrawn_at=None
        )

    def claim(self, pk: int) -> Notice | None:
        """Take the row for this worker, or None if another has it."""
        taken = (
            self.stranded()
            .filter(pk=pk)
            .update(state=Notice.State.SENDING, claimed_at=timezone.now())
        )
        return self.get(pk=pk) if taken else None


class Notice(models.Model):
    """A removal request under one rule, to one recipient, about one sighting."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        APPROVED = "approved", _("approved, to be sent")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("could not be sent")
        ACKNOWLEDGED = "acknowledged", _("received by the platform")
        REFUSED = "refused", _("refused by the platform")
        REMOVED = "removed", _("copy removed")
        CANCELLED = "cancelled", _("cancelled")

    case = models.ForeignKey(Case, models.CASCADE, related_name="notices")
    sighting = models.ForeignKey(Sighting, models.PROTECT, related_name="notices")
    recipient = models.ForeignKey(Platform, models.PROTECT, related_name="notices")
    rule = models.CharField(max_length=60)  # id of a record in platforms/rules
    rule_version = models.CharField(max_length=20)
    language = models.CharField(max_length=10)
    elements = models.JSONField(default=dict)  # what the rule asks for, by name
    subject = models.CharField(max_length=200)
    body = models.TextField()
    reference = models.CharField(
        max_length=40, unique=True
    )  # opaque; in the Message-ID
    state = models.CharField(max_length=20, choices=State, default=State.DRAFT)
    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField(default=timezone.now)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("drafted_by")),
                name="approved_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "cancelled"])
                | Q(approved_by__isnull=False),
                name="nothing_is_sent_unapproved",
            ),
            models.UniqueConstraint(
                fields=["sighting", "rule", "recipient"],
                condition=~Q(state="cancelled"),
                name="one_open_notice_per_copy_rule_and_recipient",
            ),
        ]


class Delivery(models.Model):
    """One attempt to deliver a notice, and the receipt that came back."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=20)
    at = models.DateTimeField(default=timezone.now)
    ok = models.BooleanField()
    receipt = models.CharField(max_length=300, blank=True)  # e.g. the server's answer
    error = models.CharField(max_length=60, blank=True)  # a code


class Deadline(models.Model):
    """By when the recipient must have acted, as the rule's clock says."""

    notice = models.OneToOneField(Notice, models.CASCADE, related_name="deadline")
    due_at = models.DateTimeField(db_index=True)
    met_at = models.DateTimeField(null=True)
    missed_at = models.DateTimeField(null=True)
