"""Who may ask, what they asked, and what they told us back. No field of a case is here."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.bank.models import Signal
from portal.platforms.models import Platform
from portal.prepared import Prepared, attributes


class ApiKey(models.Model):
    """A platform's key: we keep its hash, and show it once."""

    class Scope(models.TextChoices):
        LOOKUP = "lookup", _("ask whether pictures are known")
        FEEDBACK = "feedback", _("tell what was done about a match")
        FEED = "feed", _("read the signals that people share with it")

    platform = models.ForeignKey(Platform, models.CASCADE, related_name="api_keys")
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.BinaryField(max_length=32)  # BLAKE2b of the whole key
    scopes = models.JSONField(default=list)  # of Scope
    issued_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(approved_by=F("issued_by")), name="a_key_needs_two_people"
            )
        ]

    @classmethod
    def presented(cls, prefix: str) -> ApiKey | None:
        """The row of a key as it is now, also of one that has ended. Each request asks."""
        for row in _KEYS.rows(prefix):
            return cls.from_db(DEFAULT_DB_ALIAS, _KEY_FIELDS, row)
        return None


_KEY_FIELDS = attributes(ApiKey)
_KEYS = Prepared(
    lambda prefix: ApiKey.objects.filter(prefix=prefix).values_list(*_KEY_FIELDS)
)


class Lookup(models.Model):
    """The audit row of requests by one key: how much was asked and found, never what.

    Of one request, or of as many as came within a second to one process: see auditing.py.
    """

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="lookups")
    at = models.DateTimeField(default=timezone.now)
    requests = models.PositiveIntegerField(default=1)
    asked = models.PositiveIntegerField()
    matched = models.PositiveIntegerField()


class MatchId(models.Model):
    """A match id that we gave a platform, and the signal that it stands for.

    The token is a keyed hash (BLAKE2b under MATCH_ID_KEY) of platform and signal: the same
    whenever the same platform meets the same signal, so that it can count, and unrelated
    for two platforms, so that they cannot compare notes. A hash leads nowhere back; this
    row does, by one indexed look, and also after the key was changed. A cipher would need
    no row, but then an id that we never gave out could be made up by whoever has the key.
    """

    platform = models.ForeignKey(Platform, models.CASCADE, related_name="match_ids")
    signal = models.ForeignKey(Signal, models.CASCADE, related_name="match_ids")
    token = models.CharField(max_length=32, unique=True)

    @classmethod
    def told(cls, platform: int, tokens: Sequence[str]) -> set[int]:
        """The signals of these ids, as far as it is on record that the platform has them."""
        return {signal for (signal,) in _TOLD.rows_in(tokens, platform)}


_TOLD = Prepared(
    lambda platform, *tokens: MatchId.objects.filter(
        platform=platform, token__in=tokens, signal__told__platform=platform
    ).values_list("signal")
)


class Feedback(models.Model):
    """What a platform says it did about a match."""

    class Outcome(models.TextChoices):
        RECEIVED = "received", _("received")
        PENDING_REVIEW = "pending_review", _("under review")
        REMOVED = "removed", _("removed")
        GEO_BLOCKED = "geo_blocked", _("blocked in some countries")
        LIMITED = "limited", _("made less visible")
        NOT_FOUND = "not_found", _("not found")
        NOT_VIOLATING = "not_violating", _("not against their rules")
        DUPLICATE = "duplicate", _("already handled")
        NEED_INFO = "need_info", _("they need more information")
        APPEAL_UPHELD = "appeal_upheld", _("an appeal was upheld")
        RESTORED = "restored", _("restored")

    platform = models.ForeignKey(Platform, models.CASCADE, related_name="feedback")
    signal = models.ForeignKey(Signal, models.CASCADE, related_name="feedback")
    outcome = models.CharField(max_length=20, choices=Outcome)
    count = models.PositiveIntegerField(default=1)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "signal", "outcome"], name="feedback_recorded_once"
            )
        ]
