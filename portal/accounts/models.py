"""Staff, and the log of who opened what, and why."""

from typing import NoReturn

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Organisation(models.Model):
    """The NGO in whose name notices are sent, so that a victim need not be named."""

    name = models.CharField(max_length=200)
    email = models.EmailField()
    address = models.CharField(max_length=300, blank=True)
    # Curve25519; null unless the organisation keeps a printed recovery key.
    recovery_key = models.BinaryField(max_length=32, null=True)

    class Meta:
        verbose_name = _("organisation")


class User(AbstractUser):
    """A member of staff. Victims have no account."""

    class Role(models.TextChoices):
        WORKER = "worker", _("case worker")
        SUPERVISOR = "supervisor", _("supervisor")

    class Preview(models.TextChoices):
        BLURRED_GREY = "blurred_grey", _("blurred and grey")
        BLURRED = "blurred", _("blurred")
        GREY = "grey", _("grey")
        PLAIN = "plain", _("as it is")

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="staff"
    )
    role = models.CharField(max_length=20, choices=Role, default=Role.WORKER)
    # Curve25519: what is for this person's eyes is sealed to it. Null: no key, or erased.
    public_key = models.BinaryField(max_length=32, null=True)
    locked_key = models.BinaryField(null=True)  # see sealing.py
    # Somebody else knows the password: it ends with the first login.
    must_change_password = models.BooleanField(default=False)
    takes_cases = models.BooleanField(default=True)  # new cases are granted to them
    preview = models.CharField(
        max_length=20, choices=Preview, default=Preview.BLURRED_GREY
    )
    exposure_budget = models.PositiveSmallIntegerField(default=40)  # openings a day

    @property
    def is_supervisor(self) -> bool:
        return self.role == self.Role.SUPERVISOR


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Entries are added by `actions.audit` and never changed."""

    def update(self, **_kwargs: object) -> NoReturn:
        raise TypeError("The audit log is never changed.")

    def delete(self) -> NoReturn:
        raise TypeError("The audit log is never shortened.")


class AuditEntry(models.Model):
    """One opening, decision or export. Written before the thing happens, never changed.

    Numbered from 1 without gaps; each hash covers the one before it: see chain.py.
    """

    number = models.PositiveBigIntegerField(unique=True)
    hash = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    # Null when the portal itself acted: then `actor` names the task.
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    actor = models.CharField(max_length=100)
    verb = models.CharField(max_length=50)
    subject = models.CharField(max_length=100)  # e.g. "exhibit:12"; ids only
    reason = models.CharField(max_length=300)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ("number",)
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="audit_entry_has_a_reason"
            )
        ]

    def delete(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise TypeError("The audit log is never shortened.")


class AuditHead(models.Model):
    """One row: the last entry's number and hash.

    A writer holds its lock until it commits, so the chain never forks.
    """

    last = models.PositiveBigIntegerField(default=0)
    hash = models.BinaryField(max_length=32, default=bytes(32))
