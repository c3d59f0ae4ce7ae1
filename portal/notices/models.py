"""What we asked to be removed, how it was sent, and by when the law wants an answer."""

from __future__ import annotations

import secrets
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.cases.models import ALPHABET, Case
from portal.platforms.models import Platform
from portal.sightings.models import Sighting


def new_reference() -> str:
    """Opaque, one for each notice: a leaked one tells which recipient leaked it."""
    return "N-" + "".join(secrets.choice(ALPHABET) for _ in range(16))


class NoticeQuerySet(models.QuerySet["Notice"]):
    def stranded(self) -> NoticeQuerySet:
        """Due, but no worker has it: its bell was lost, or its worker was."""
        now = timezone.now()
        due = Q(state=Notice.State.APPROVED, try_at__lte=now)
        stale = Q(
            state=Notice.State.SENDING, claimed_at__lt=now - settings.CLAIM_LIFETIME
        )
        return self.filter(due | stale, case__withdrawn_at=None)

    def claim(self, pk: int) -> Notice | None:
        """Take the row for this worker, or None if another has it."""
        taken = (
            self.stranded()
            .filter(pk=pk)
            .update(
                state=Notice.State.SENDING,
                claimed_at=timezone.now(),
                # Counted before each attempt: a notice that kills its worker ends, too.
                attempts=F("attempts") + 1,
            )
        )
        return self.get(pk=pk) if taken else None

    def open(self) -> NoticeQuerySet:
        """Neither answered for good nor given up."""
        return self.exclude(state__in=Notice.CLOSED)

    def awaiting(self) -> NoticeQuerySet:
        """Sent, and the copy's removal not yet seen."""
        return self.filter(state__in=[Notice.State.SENT, Notice.State.ACKNOWLEDGED])


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

    # From where each state may be reached. Whoever comes second finds nothing to move.
    MOVES: Final = {
        State.APPROVED: (State.DRAFT, State.SENDING),
        State.SENDING: (State.APPROVED, State.SENDING),
        State.SENT: (State.SENDING,),
        State.FAILED: (State.SENDING,),
        State.ACKNOWLEDGED: (State.SENT,),
        State.REFUSED: (State.SENT, State.ACKNOWLEDGED),
        State.REMOVED: (State.SENT, State.ACKNOWLEDGED),
        State.CANCELLED: (State.DRAFT, State.APPROVED, State.SENDING),
    }
    CLOSED: Final = (State.FAILED, State.REFUSED, State.REMOVED, State.CANCELLED)

    case = models.ForeignKey(Case, models.CASCADE, related_name="notices")
    sighting = models.ForeignKey(Sighting, models.PROTECT, related_name="notices")
    recipient = models.ForeignKey(Platform, models.PROTECT, related_name="notices")
    rule = models.CharField(max_length=60)  # id of a record in platforms/rules
    rule_version = models.CharField(max_length=20)
    language = models.CharField(max_length=10)
    elements = models.JSONField(default=dict)  # what the rule asks for, by name
    subject = models.CharField(max_length=200)
    body = models.TextField()
    # In the Message-ID, and the channels' idempotency key.
    reference = models.CharField(max_length=40, unique=True, default=new_reference)
    state = models.CharField(max_length=20, choices=State, default=State.DRAFT)
    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField(default=timezone.now)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # to deliver it
    try_at = models.DateTimeField(
        default=timezone.now
    )  # not before: it failed just now
    sent_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=300, blank=True)  # what the recipient said
    answered_at = models.DateTimeField(null=True)

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
                condition=~Q(state__in=["failed", "refused", "removed", "cancelled"]),
                name="one_open_notice_per_copy_rule_and_recipient",
            ),
        ]

    def move(self, to: State, *, on: Q | None = None, **changes: object) -> bool:
        """Move the row to `to` with `changes`, if it still may; False if it may not.

        `on` narrows it to the row as the caller saw it.
        """
        row = Notice.objects.filter(on or Q(), pk=self.pk, state__in=self.MOVES[to])
        if not row.update(state=to, **changes):
            return False
        self.refresh_from_db()
        return True


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
