"""The features of harmless photos that fakes were made from; the photos never come here.

They are sealed to their case, and open to programs while it lives, as maps of points are
(points.py). What is in them is the sightings app's business.
"""

from collections.abc import Iterable

from django.db import transaction

from portal.cases import evidence, twofold
from portal.cases.keys import CaseKey
from portal.cases.models import Case, Original

MOST = 5  # of one case
REASON = "comparing with a photo"


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
    found = evidence.open_lasting(names, actor=actor, reason=REASON)
    return [data for data in found if data is not None]


@transaction.atomic
def forget(originals: Iterable[Original]) -> None:
    """Drop these, in both copies."""
    kept = list(originals)
    Original.objects.filter(pk__in=[one.pk for one in kept]).delete()
    twofold.discard((one.stored_as, one.held_as) for one in kept)


@transaction.atomic
def shut(case: Case) -> None:
    """No program compares with this case's originals any more; what is sealed stays."""
    held = list(case.originals.values_list("held_as", flat=True))
    case.originals.update(held_as="")
    twofold.shut(held)


def bring_back(key: CaseKey) -> int:
    """Hold anew those whose key went with the machine's memory; returns how many."""
    kept = key.case.originals.all()
    lost = [one for one in kept if not evidence.is_lasting(one.held_as)]
    return sum(_bring_back(key, original) for original in lost)


def _bring_back(key: CaseKey, original: Original) -> bool:
    lost = original.held_as
    same = Original.objects.filter(
        pk=original.pk, held_as=lost, case__withdrawn_at=None
    )
    return twofold.hold_anew(
        key,
        original.stored_as,
        lost,
        REASON,
        lambda held: bool(same.update(held_as=held)),
    )
