"""Staff, and the log of who opened what, and why."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Organisation(models.Model):
    """The NGO in whose name notices are sent, so that a victim need not be named."""

    name = models.CharField(max_length=200)
    email = models.EmailField()
    address = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("organisation")


class User(AbstractUser):
    """A member of staff. Victims have no account."""

    class Role(models.TextChoices):
        WORKER = "worker", _("case worker")
        SUPERVISOR = "supervisor", _("supervisor")

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="staff"
    )
    role = models.CharField(max_length=20, choices=Role, default=Role.WORKER)


class AuditEntry(models.Model):
    """One opening, decision or export. Written before the thing happens, never changed."""

    at = models.DateTimeField(auto_now_add=True)
    # Null when the portal itself acted: then `actor` names the task.
    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    actor = models.CharField(max_length=100)
    verb = models.CharField(max_length=50)
    subject = models.CharField(max_length=100)  # e.g. "exhibit:12"; ids only
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="audit_entry_has_a_reason"
            )
        ]
