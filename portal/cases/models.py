"""What the victim told us. A case has no name and no account: its passphrase is all."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.platforms.models import Platform

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
        """Cases that were granted to this worker: those whose key is wrapped to theirs."""
        if not worker.is_active:
            return self.none()
        granted = KeyWrap.objects.filter(user=worker).values("case")
        return self.filter(pk__in=granted).exclude(exclusions__user=worker)

    def consenting(self, kind: str) -> CaseQuerySet:
        """Active cases whose consent of this kind is in force."""
        return self.active().filter(
            pk__in=Consent.objects.filter(kind=kind, revoked_at=None).values("case")
        )

    def sharing_with(self, platform: Platform) -> CaseQuerySet:
        """Active cases whose signals this platform may learn of."""
        given = Consent.objects.filter(kind=Consent.Kind.SHARING, revoked_at=None)
        # Read as text, which both databases can: numbers in quotes hold no other's number.
        read = given.alias(whom=Cast("scope", models.TextField()))
        named = Q(scope=[]) | Q(whom__contains=f'"{platform.pk}"')
        # Of each case by itself: a list of all who share would be made for each lookup.
        return self.active().filter(Exists(read.filter(named, case=OuterRef("pk"))))

    def without_holder(self) -> CaseQuerySet:
        """Active cases that nobody on the desk can open. The victim still can."""
        return self.active().exclude(pk__in=KeyWrap.objects.opening().values("case"))


class Case(models.Model):
    """One victim's matter. `withdrawn_at` is the one column that everything above reads."""

    class Ending(models.TextChoices):
        """Why `withdrawn_at` is set: it stops everything whoever set it."""

        WITHDRAWN = "withdrawn", _("withdrawn by the victim")
        EXPIRED = "expired", _("its time was over")
        FROZEN = "frozen", _("somebody in the picture may be a minor")

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
    ending = models.CharField(max_length=20, choices=Ending, blank=True)

    # How they may be reached without harm, sealed: JSON, see intake.contact.
    contact = models.BinaryField(blank=True, default=b"")
    come_back_on = models.DateField(null=True)  # the day we asked them to look in again

    # Retention. Any new act of the victim moves both: see cases.retention.
    acted_at = models.DateTimeField(default=coarse_now)
    review_on = models.DateField(null=True)
    delete_on = models.DateField(null=True, db_index=True)
    closed_at = models.DateTimeField(null=True)  # by a worker; the victim's act reopens

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, ending="")
                | (Q(withdrawn_at__isnull=False) & ~Q(ending="")),
                name="an_ended_case_says_why",
            )
        ]

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None

    def is_still_active(self) -> bool:
        """Asked of the database: somebody may have ended it since this row was read."""
        return Case.objects.active().filter(pk=self.pk).exists()

    def consents_to(self, kind: Consent.Kind, whom: str = "") -> bool:
        """Whether the victim has agreed to `kind`, towards `whom`, and not taken it back.

        `whom` is as in Consent.scope; empty asks whether they agreed towards anybody.
        """
        given = self.consents.filter(kind=kind, revoked_at=None).first()
        return given is not None and (
            not whom or not given.scope or whom in given.scope
        )


class KeyWrapQuerySet(models.QuerySet["KeyWrap"]):
    def opening(self) -> KeyWrapQuerySet:
        """Wraps that a worker can open today."""
        return self.filter(user__is_active=True, to_key=F("user__public_key"))

    def stale(self) -> KeyWrapQuerySet:
        """Wrapped to a key from before a password reset: it must be granted again."""
        staff = self.filter(user__is_active=True, user__public_key__isnull=False)
        return staff.filter(~Q(to_key=F("user__public_key")))


class KeyWrap(models.Model):
    """The case's private key, wrapped for one holder. Without any, the evidence is noise."""

    class Holder(models.TextChoices):
        PASSPHRASE = "passphrase"  # noqa: S105 (whose wrap it is)
        WORKER = "worker"
        RECOVERY = "recovery"  # the organisation's printed key, where it has one

    case = models.ForeignKey(Case, models.CASCADE, related_name="wraps")
    holder = models.CharField(max_length=20, choices=Holder)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="wraps")
    # The public key it is wrapped to, empty for the passphrase. Another than the worker's
    # own of today means that their password was reset: grant it again.
    to_key = models.BinaryField(max_length=32, blank=True, default=b"")
    sealed = models.BinaryField()

    objects = KeyWrapQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "holder"],
                condition=Q(user=None),
                name="one_wrap_per_holder",
            ),
            models.UniqueConstraint(
                fields=["case", "user"], name="one_wrap_per_worker"
            ),
            models.CheckConstraint(
                condition=Q(holder="worker", user__isnull=False)
                | (~Q(holder="worker") & Q(user=None)),
                name="a_workers_wrap_names_the_worker",
            ),
        ]


class Exclusion(models.Model):
    """A worker who knows the victim: kept from this case for good."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="exclusions")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=coarse_now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "user"], name="excluded_once")
        ]


class HoldQuerySet(models.QuerySet["Hold"]):
    def in_force(self) -> HoldQuerySet:
        """Holds that two people agreed to, and whose day has not passed."""
        return self.filter(
            approved_by__isnull=False, ended_at=None, until__gte=timezone.now().date()
        ).select_related("asked_by", "approved_by")


class Hold(models.Model):
    """Retention stops for a while: two people asked for it, and it ends by a date."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="holds")
    reason = models.CharField(max_length=300)
    until = models.DateField()
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=coarse_now)
    ended_at = models.DateTimeField(null=True)  # before its day

    objects = HoldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("asked_by")),
                name="a_hold_needs_two_people",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_hold_has_a_reason"),
        ]


class Draft(models.Model):
    """A report begun and left. Sealed under a key that only its writer's device holds."""

    locator = models.BinaryField(max_length=32, unique=True)  # of that key
    sealed = models.BinaryField()  # JSON, see intake.drafts
    touched_at = models.DateTimeField(default=coarse_now, db_index=True)


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
    # What happened and what they fear: codes, for grading. Their own words are sealed.
    kinds = models.JSONField(default=list)
    fears = models.JSONField(default=list)
    threatened = models.BooleanField(
        default=False
    )  # somebody threatens or asks for money
    threatened_until = models.DateField(null=True)  # the day that somebody set them
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
            kind=ReportedUrl.Kind.WEB,
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

    class Kind(models.TextChoices):
        WEB = "web", _("web page")
        TELEGRAM = "telegram", _("Telegram")  # kept for a person: we join no room
        APP = "app", _("app")  # a package name; kept for a person

    report = models.ForeignKey(Report, models.CASCADE, related_name="urls")
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.WEB)
    url = models.CharField(max_length=2000)
    claimed_at = models.DateTimeField(null=True)
    visited_at = models.DateTimeField(null=True)
    outcome = models.CharField(
        max_length=30, blank=True
    )  # a code, see sightings.actions

    objects = ReportedUrlQuerySet.as_manager()


class ExhibitQuerySet(models.QuerySet["Exhibit"]):
    def mapped(self) -> ExhibitQuerySet:
        """Those whose points programs may look for."""
        return self.filter(case__withdrawn_at=None).exclude(points_held_as="")


class Exhibit(models.Model):
    """A picture or video the victim asks us to watch for: sealed bytes, or none (hash-only)."""

    class State(models.TextChoices):
        RECEIVED = "received", _("waiting to be read")
        HASHED = "hashed", _("read, and watched for")
        REFUSED = "refused", _("could not be read")

    case = models.ForeignKey(Case, models.CASCADE, related_name="exhibits")
    report = models.ForeignKey(Report, models.CASCADE, related_name="exhibits")
    # Signals that the victim's own device made: [{"type", "value", "quality", "version"}];
    # "turned" are those of the mirrored and turned picture, which only ask. The bank has
    # the others once the exhibit is read.
    claims = models.JSONField(default=list)
    stored_as = models.CharField(
        max_length=100, blank=True
    )  # name in the evidence store, sealed to the case
    held_as = models.CharField(
        max_length=100, blank=True
    )  # the copy for automatic processing, see evidence.hold
    size = models.PositiveIntegerField(default=0)  # bytes before sealing
    state = models.CharField(max_length=20, choices=State, default=State.RECEIVED)
    refusal = models.CharField(
        max_length=40, blank=True
    )  # code of tracker.ImageError or VideoError
    # The map of its points, sealed to the case, and a copy for programs: cases/points.py.
    points_as = models.CharField(max_length=100, blank=True)
    points_held_as = models.CharField(max_length=100, blank=True)
    # Counted before each reading: a file that kills its reader is refused in the end.
    attempts = models.PositiveSmallIntegerField(default=0)

    objects = ExhibitQuerySet.as_manager()


class Original(models.Model):
    """A harmless photo that a fake was made from: its features, never the photo itself."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="originals")
    # Of the form's one-time token: the same form sent twice is one original.
    token_hash = models.BinaryField(max_length=32, unique=True)
    stored_as = models.CharField(max_length=100)  # sealed to the case
    # The copy for programs, whose key lies in memory alone: cases/originals.py.
    held_as = models.CharField(max_length=100, blank=True)
    given_at = models.DateTimeField(default=coarse_now)


class Consent(models.Model):
    """One agreement, given and taken back on its own."""

    class Kind(models.TextChoices):
        MATCHING = "matching", _("look for copies of this picture")
        SHARING = "sharing", _("let platforms ask whether they hold a copy")
        NOTICES = "notices", _("send removal requests in our organisation's name")
        EVIDENCE = "evidence", _("keep sealed copies as evidence")
        CHECK = "check", _("have a program look for signs of AI")
        POLICE = "police", _("hand it to the police when they ask for it")
        STATISTICS = "statistics", _("count it in our public numbers")
        STATEMENT = (
            "statement",
            _("prepare a public statement that the picture is false"),
        )
        POINTS = "points", _("keep a map of points of an uploaded picture")

    case = models.ForeignKey(Case, models.CASCADE, related_name="consents")
    kind = models.CharField(max_length=20, choices=Kind)
    # To whom. Empty: everybody of that kind. Sharing: platforms' ids; notices: kinds of
    # recipient (platforms.Platform.Kind).
    scope = models.JSONField(default=list)
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


class Message(models.Model):
    """A letter between the victim and the desk, sealed to the case: both can open it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="messages")
    sealed = models.BinaryField()
    # Null: the victim wrote it.
    written_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=coarse_now)
    read_at = models.DateTimeField(null=True)  # by the other side, to the hour

    class Meta:
        ordering = ("pk",)


class Event(models.Model):
    """A step on the victim's timeline. The words are in events.py, so that they translate."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=40)
    data = models.JSONField(default=dict)  # counts, hosts, dates: what the words need
    due_at = models.DateTimeField(null=True)  # by when we promised the next step
    at = models.DateTimeField(default=coarse_now)
    # Makes an event that a task may record twice, recorded once.
    once = models.CharField(max_length=100, null=True)  # noqa: DJ001 (many NULLs, one of each)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.UniqueConstraint(fields=["case", "once"], name="event_recorded_once")
        ]
