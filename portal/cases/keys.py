"""Case keys: made, wrapped to holders, taken in hand, destroyed. See docs/crypto.md.

Every case has a Curve25519 key pair. Anybody can seal to the public key; the private key
exists only wrapped: in a secret box under the passphrase's key, and in a sealed box to the
public key of each worker it was granted to. The portal itself holds none of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection, transaction
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.secret import SecretBox

from portal.accounts.actions import audit
from portal.accounts.models import Organisation, User
from portal.cases.models import Case, Exclusion, KeyWrap

VERSION = b"\x02"  # first byte of all we seal, so that algorithms can change
VICTIM = "victim"


class LockedError(Exception):
    """This person's key does not open this case."""


@dataclass(frozen=True, slots=True)
class CaseKey:
    """A case's private key in somebody's hands, for the length of one request."""

    case: Case
    private: bytes = field(repr=False)  # 32 bytes
    holder: User | str  # a worker, or VICTIM


def new_case_keys() -> tuple[bytes, bytes]:
    """A case's key pair: (private, public), 32 bytes each."""
    private = PrivateKey.generate()
    return bytes(private), bytes(private.public_key)


def wrap_for_passphrase(case: Case, private: bytes, key: bytes) -> None:
    """Keep the case's private key for whoever derives `key` (32 bytes) from the passphrase."""
    KeyWrap.objects.create(
        case=case,
        holder=KeyWrap.Holder.PASSPHRASE,
        sealed=VERSION + SecretBox(key).encrypt(private),
    )


def grant_on_duty(case: Case, private: bytes) -> None:
    """Grant a case to every worker who takes cases, and to the printed recovery keys."""
    kept_away = Exclusion.objects.filter(case=case).values("user")
    on_duty = User.objects.filter(is_active=True, takes_cases=True)
    for worker in on_duty.exclude(public_key=None).exclude(pk__in=kept_away):
        _wrap_for_worker(case, private, worker)
    for organisation in Organisation.objects.exclude(recovery_key=None):
        public = bytes(organisation.recovery_key or b"")
        KeyWrap.objects.get_or_create(
            case=case,
            holder=KeyWrap.Holder.RECOVERY,
            defaults={"to_key": public, "sealed": _seal_to(public, private)},
        )


@transaction.atomic
def grant_anew(key: CaseKey) -> None:
    """The victim is here, and nobody on the desk can open the case: grant it once more."""
    if Case.objects.without_holder().filter(pk=key.case.pk).exists():
        grant_on_duty(key.case, key.private)


@transaction.atomic
def grant(key: CaseKey, worker: User) -> None:
    """Whoever holds the key grants it to one worker more; done twice, it is granted once.

    Raises LockedError for a worker who is excluded, has left, or has no keys yet.
    """
    if not worker.is_active or worker.public_key is None:
        raise LockedError("This worker cannot be given a case now.")
    if Exclusion.objects.filter(case=key.case, user=worker).exists():
        raise LockedError("This worker knows the victim, and is kept from the case.")
    if isinstance(key.holder, User):
        reason = f"granted to user:{worker.pk}"
        audit(key.holder, "grant", f"case:{key.case.pk}", reason)
    _wrap_for_worker(key.case, key.private, worker)


@transaction.atomic
def revoke(case: Case, worker: User, *, by: User, reason: str) -> None:
    """Take a case from a worker. What they have read, they have read.

    Raises LockedError where nobody else could open the case for the desk any more.
    """
    audit(by, "revoke", f"case:{case.pk}", f"from user:{worker.pk}: {reason}")
    # The audit log's head is locked by now: of two who revoke each other, one comes second.
    if not case.wraps.opening().exclude(user=worker).exists():
        raise LockedError("Give the case to somebody else first.")
    case.wraps.filter(user=worker).delete()


@transaction.atomic
def renew(keys: Iterable[CaseKey], worker: User) -> int:
    """Grant again what a colleague lost with their old password; returns how many cases."""
    lost = set(
        KeyWrap.objects.stale().filter(user=worker).values_list("case", flat=True)
    )
    waiting = [key for key in keys if key.case.pk in lost]
    for key in waiting:
        grant(key, worker)
    return len(waiting)


def drop_leavers() -> int:
    """Delete what was wrapped to people who left. Their key is gone already."""
    return KeyWrap.objects.filter(user__is_active=False).delete()[0]


@transaction.atomic
def exclude(case: Case, worker: User) -> None:
    """“I know this person”: the worker loses the case, and cannot be given it again."""
    audit(worker, "exclude", f"case:{case.pk}", "knows the victim")
    Exclusion.objects.get_or_create(case=case, user=worker)
    case.wraps.filter(user=worker).delete()


def key_of_worker(case: Case, worker: User, private: bytes | None) -> CaseKey:
    """The case's key, opened with the worker's own private key.

    Raises LockedError: not granted, granted to a key from before a password reset, or the
    worker's key is not unlocked in this session (None).
    """
    wrap = case.wraps.filter(user=worker).first()
    if wrap is None or private is None:
        raise LockedError("This case's key is not yours to use.")
    if Exclusion.objects.filter(case=case, user=worker).exists():
        raise LockedError("This case's key is not yours to use.")
    try:
        opened = SealedBox(PrivateKey(private)).decrypt(_body(wrap))
    except CryptoError:
        raise LockedError(
            "Your key was renewed. Ask a colleague to grant it."
        ) from None
    return CaseKey(case, opened, worker)


def key_of_victim(case: Case, key: bytes) -> CaseKey:
    """The case's key, opened with the key that the passphrase gives. Raises LockedError."""
    wrap = case.wraps.filter(holder=KeyWrap.Holder.PASSPHRASE).first()
    try:
        private = SecretBox(key).decrypt(_body(wrap)) if wrap else None
    except CryptoError:
        private = None
    if private is None:
        raise LockedError("This case's key is destroyed.")
    return CaseKey(case, private, VICTIM)


def key_of_recovery(case: Case, private: bytes) -> CaseKey:
    """The case's key, opened with the organisation's printed key. Raises LockedError."""
    wrap = case.wraps.filter(holder=KeyWrap.Holder.RECOVERY).first()
    try:
        opened = SealedBox(PrivateKey(private)).decrypt(_body(wrap)) if wrap else None
    except CryptoError:
        opened = None
    if opened is None:
        raise LockedError("The recovery key does not open this case.")
    return CaseKey(case, opened, "recovery")


def shred(case: Case) -> None:
    """Destroy the case's key: whatever copy of its evidence exists, nobody can open it."""
    case.wraps.all().delete()


def empty_log() -> None:
    """Write over what SQLite's log keeps of deleted wraps. After the commit that shredded.

    PostgreSQL's log and its dead rows are the operator's: see the operating guide.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _wrap_for_worker(case: Case, private: bytes, worker: User) -> None:
    public = bytes(worker.public_key or b"")
    KeyWrap.objects.update_or_create(
        case=case,
        user=worker,
        defaults={
            "holder": KeyWrap.Holder.WORKER,
            "to_key": public,
            "sealed": _seal_to(public, private),
        },
    )


def _seal_to(public: bytes, private: bytes) -> bytes:
    return VERSION + SealedBox(PublicKey(public)).encrypt(private)


def _body(wrap: KeyWrap) -> bytes:
    sealed = bytes(wrap.sealed)
    if sealed[:1] != VERSION:
        raise LockedError("This case's key was wrapped by another version.")
    return sealed[1:]
