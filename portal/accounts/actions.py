"""Writes of the accounts app. Every one of them is in the audit log."""

from collections.abc import Callable, Iterator

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts import chain, sealing, second_factor, sessions
from portal.accounts.models import AuditEntry, AuditHead, Organisation, User

Actor = User | str
AT_ONCE = 1000  # entries of the audit log held in memory


@transaction.atomic
def audit(actor: Actor, verb: str, subject: str, reason: str) -> AuditEntry:
    """Record that `actor` (a worker, or the name of a task) does `verb` to `subject`.

    The log's head stays locked until the transaction ends: where rows are locked too, lock
    those first. Raises ValueError without a reason: nothing is opened for no reason.
    """
    if not reason.strip():
        raise ValueError("A reason is needed.")
    head = _locked_head()
    entry = AuditEntry(
        number=head.last + 1,
        at=timezone.now(),
        user=actor if isinstance(actor, User) else None,
        actor=f"user:{actor.pk}" if isinstance(actor, User) else actor,
        verb=verb,
        subject=subject,
        reason=reason.strip()[:300],
    )
    entry.hash = chain.link(bytes(head.hash), entry)
    entry.save(force_insert=True)
    AuditHead.objects.filter(pk=head.pk).update(last=entry.number, hash=entry.hash)
    return entry


@transaction.atomic
def verify_audit(kept: bytes | None = None) -> AuditHead:
    """Walk the whole log while nobody writes to it. Raises ChainError: see chain.verify."""
    head = _locked_head()
    chain.verify(_in_order(), head, kept)
    return head


def _in_order() -> Iterator[AuditEntry]:
    """Every entry by its number, in pages: a walk that ends early leaves no cursor open."""
    last = -1
    while page := list(AuditEntry.objects.filter(number__gt=last)[:AT_ONCE]):
        yield from page
        last = page[-1].number


def _locked_head() -> AuditHead:
    """The log's head, locked until commit: see AuditHead."""
    AuditHead.objects.get_or_create(pk=1)
    return AuditHead.objects.select_for_update().get(pk=1)


# -- staff -----------------------------------------------------------------------------
@transaction.atomic
def hire(
    username: str,
    password: str,
    organisation: Organisation,
    role: User.Role = User.Role.WORKER,
    *,
    by: Actor = "operator",
    one_time: bool = False,
) -> User:
    """Add somebody to the staff, with keys at once.

    `one_time`: somebody else knows the password, so it ends with the first login. Raises
    ValueError in plain words for a name or a password that will not do.
    """
    user = User(
        username=User.normalize_username(username.strip()),
        organisation=organisation,
        role=role,
        must_change_password=one_time,
    )
    if User.objects.filter(username__iexact=user.username).exists():
        raise ValueError(_("Somebody has this name already. Choose another."))
    _set_password(user, password)
    _refuse(user.full_clean)
    user.save()
    sealing.make_keys(user, password)
    audit(by, "hire", f"user:{user.pk}", f"as {role}")
    return user


@transaction.atomic
def change_password(user: User, old: str, new: str) -> None:
    """A worker's own change: the same key under the new password, and no second login.

    Raises ValueError in plain words if `old` is wrong or `new` will not do.
    """
    worker = User.objects.select_for_update().get(pk=user.pk)
    if not worker.check_password(old):
        raise ValueError(_("This is not your present password."))
    if old == new:
        raise ValueError(_("The new password is the old one. Choose another."))
    private = sealing.unlock(worker, old)
    _set_password(worker, new)
    worker.must_change_password = False
    worker.save(update_fields=["password", "must_change_password"])
    if private is None:  # reset behind its back, or older than the keys
        sealing.make_keys(worker, new)
    else:
        sealing.relock(worker, private, new)
    user.refresh_from_db()
    audit(worker, "change_password", f"user:{worker.pk}", "their own")


@transaction.atomic
def reset_password(user: User, new: str, by: Actor) -> None:
    """Let in somebody who forgot: a new one-time password and a new key pair.

    What was granted to the old key is lost to them until a colleague grants it again.
    Raises ValueError in plain words.
    """
    worker = _active(user)
    _set_password(worker, new)
    worker.must_change_password = True
    worker.save(update_fields=["password", "must_change_password"])
    sealing.make_keys(worker, new)
    sessions.end_all(worker)
    user.refresh_from_db()
    audit(by, "reset_password", f"user:{worker.pk}", "a new key pair")


@transaction.atomic
def reset_second_factor(user: User, by: Actor) -> None:
    """Let in somebody who lost phone and paper: they set up a new one at the next login."""
    worker = _active(user)
    second_factor.remove_all(worker)
    sessions.end_all(worker)
    audit(by, "reset_second_factor", f"user:{worker.pk}", "lost")


@transaction.atomic
def dismiss(user: User, by: Actor) -> None:
    """Somebody leaves: no login, no session, no key, no second factor. They stay on record.

    Raises ValueError in plain words for oneself, and for the last supervisor.
    """
    if isinstance(by, User) and by.pk == user.pk:
        raise ValueError(_("Nobody dismisses themselves. Ask another supervisor."))
    # All who decide, in one order: of two supervisors who dismiss each other, one stays.
    deciding = Q(
        role=User.Role.SUPERVISOR, is_active=True, organisation=user.organisation
    )
    rows = User.objects.select_for_update().filter(Q(pk=user.pk) | deciding)
    staff = {row.pk: row for row in rows.order_by("pk")}
    worker = staff.pop(user.pk)
    if not worker.is_active:
        raise ValueError(_("This person has left already."))
    if (
        isinstance(by, User)
        and not User.objects.filter(pk=by.pk, is_active=True).exists()
    ):
        raise ValueError(_("Somebody dismissed you just now."))
    if worker.is_supervisor and not any(row.is_supervisor for row in staff.values()):
        raise ValueError(_("The last supervisor cannot leave before another is there."))
    worker.is_active = worker.takes_cases = False
    worker.public_key = worker.locked_key = None
    worker.set_unusable_password()
    worker.save()
    second_factor.remove_all(worker)
    sessions.end_all(worker)
    user.refresh_from_db()
    audit(by, "dismiss", f"user:{worker.pk}", "has left")


@transaction.atomic
def set_recovery_key(
    organisation: Organisation, public: bytes | None, by: Actor
) -> None:
    """Keep the public half of a printed recovery key, or keep none from now on."""
    organisation.recovery_key = public
    organisation.save(update_fields=["recovery_key"])
    verb = "make_recovery_key" if public else "remove_recovery_key"
    audit(by, verb, f"organisation:{organisation.pk}", "organisation's recovery key")


@transaction.atomic
def choose_preview(user: User, style: User.Preview) -> None:
    """How this worker wants to be shown pictures from now on."""
    User.objects.filter(pk=user.pk).update(preview=style)
    audit(user, "choose_preview", f"user:{user.pk}", style)


def _active(user: User) -> User:
    worker = User.objects.select_for_update().get(pk=user.pk)
    if not worker.is_active:
        raise ValueError(_("This person has left."))
    return worker


def _set_password(user: User, password: str) -> None:
    _refuse(lambda: validate_password(password, user))
    user.set_password(password)


def _refuse(check: Callable[[], object]) -> None:
    """Run a check of Django's; its refusal becomes a ValueError in the same words."""
    try:
        check()
    except ValidationError as error:
        raise ValueError(" ".join(error.messages)) from None
