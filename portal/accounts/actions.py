"""Writes of the accounts app."""

from portal.accounts.models import AuditEntry, User


def audit(actor: User | str, verb: str, subject: str, reason: str) -> AuditEntry:
    """Record that `actor` (a worker, or the name of a task) does `verb` to `subject`.

    Raises ValueError without a reason: nothing is opened for no reason.
    """
    if not reason.strip():
        raise ValueError("A reason is needed.")
    user = actor if isinstance(actor, User) else None
    name = f"user:{actor.pk}" if isinstance(actor, User) else actor
    return AuditEntry.objects.create(
        user=user, actor=name, verb=verb, subject=subject, reason=reason.strip()[:300]
    )
