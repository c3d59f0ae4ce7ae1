"""The features of harmless photos that fakes were made from; the photos never come here.

They are sealed to their case, and open to programs while it lives, as maps of points are
(points.py). What is in them is the sightings app's business.
"""

from collections.abc import Iterable

from django.db import transaction

from portal.cases import evidence
from portal.cases.keys import CaseKey
from portal.cases.models import Case, Original

MOST = 5  # of one case


class TooManyError(Exception):
    """The case has as many originals as it may have."""


def keep(case: Case, data: bytes, token_hash: bytes) -> Original | None:
    """Keep an original's features; None if that form was kept already.

    Called inside a transaction that has locked the case. Raises TooManyError.
    """
    if Original.objects.filter(token_hash=token_hash).exists():
        return None
    if case.originals.count() >= MOST:
        raise TooManyError
    return Original.objects.create(
        case=case,
        token_hash=token_hash,
        stored_as=evidence.store(case, data),
        held_as=evidence.hold_lasting(data),
    )


def opened(case: Case, *, actor: str) -> list[bytes]:
    """What programs can open of a case's originals; those whose key is lost are left out."""
    held = case.originals.exclude(held_as="").order_by("pk")
    names = list(held.values_list("held_as", flat=True))
    if not names or not case.is_still_active():
        return []
    found = evidence.open_lasting(names, actor=actor, reason="comparing with a photo")
    return [data for data in found if data is not None]


@transaction.atomic
def forget(originals: Iterable[Original]) -> None:
    """Drop these, in both copies."""
    kept = [(one.pk, one.stored_as, one.held_as) for one in originals]
    Original.objects.filter(pk__in=[pk for pk, _stored, _held in kept]).delete()

    def discard() -> None:
        for _pk, stored, held in kept:
            evidence.release(held)
            evidence.discard(stored)

    transaction.on_commit(discard, robust=True)


@transaction.atomic
def shut(case: Case) -> None:
    """No program compares with this case's originals any more; what is sealed stays."""
    held = list(case.originals.values_list("held_as", flat=True))
    case.originals.update(held_as="")

    def release() -> None:
        for name in held:
            evidence.release(name)

    transaction.on_commit(release, robust=True)


def bring_back(key: CaseKey) -> int:
    """Hold anew those whose key went with the machine's memory; returns how many."""
    kept = key.case.originals.all()
    lost = [one for one in kept if not evidence.is_lasting(one.held_as)]
    return sum(_bring_back(key, original) for original in lost)


def _bring_back(key: CaseKey, original: Original) -> bool:
    try:
        reason = "comparing with a photo"
        data = evidence.open_unseen(key, original.stored_as, reason=reason)
    except evidence.EvidenceError:
        return False
    held = evidence.hold_lasting(data)
    same = Original.objects.filter(
        pk=original.pk, held_as=original.held_as, case__withdrawn_at=None
    )
    if same.update(held_as=held):
        evidence.discard(original.held_as)
        return True
    evidence.release(held)  # somebody else was first, or the case ended meanwhile
    return False
