"""Maps of an uploaded picture's points: sealed to its case, open to programs while it lives.

A crop is found by points where hashes fail, but a map tells more of a picture than a hash
does. So it is kept only with a consent of its own. What programs open is a second copy,
whose key lies in memory alone: where that is lost, the next who opens the case brings it
back. What is in a map is the tracker's business.
"""

from collections.abc import Iterable, Iterator

from django.db import transaction

from portal.cases import evidence, twofold
from portal.cases.keys import CaseKey
from portal.cases.models import Case, Consent, Exhibit


@transaction.atomic
def keep(exhibit: Exhibit, data: bytes) -> bool:
    """Keep an exhibit's map if its case consents and lives. Done twice, it is kept once."""
    row = Exhibit.objects.select_for_update().get(pk=exhibit.pk)
    case = Case.objects.consenting(Consent.Kind.POINTS).filter(pk=row.case_id).first()
    if case is None or row.points_as:
        return False
    Exhibit.objects.filter(pk=row.pk).update(
        points_as=evidence.store(case, data), points_held_as=evidence.hold_lasting(data)
    )
    return True


def opened(names: Iterable[str], *, actor: str) -> Iterator[tuple[str, bytes]]:
    """The maps that are held under these names; those that nothing opens are left out."""
    wanted = list(names)
    if not wanted:
        return
    maps = evidence.open_lasting(wanted, actor=actor, reason="looking for copies")
    for name, data in zip(wanted, maps, strict=True):
        if data is not None:
            yield name, data


@transaction.atomic
def forget(exhibits: Iterable[Exhibit]) -> None:
    """Drop the maps of these exhibits, in both copies."""
    kept = list(exhibits)
    Exhibit.objects.filter(pk__in=[one.pk for one in kept]).update(
        points_as="", points_held_as=""
    )
    twofold.discard((one.points_as, one.points_held_as) for one in kept)


@transaction.atomic
def shut(case: Case) -> None:
    """No program looks for this case's points any more; what is sealed to it stays."""
    held = list(case.exhibits.values_list("points_held_as", flat=True))
    case.exhibits.update(points_held_as="")
    twofold.shut(held)


def bring_back(key: CaseKey) -> int:
    """Hold anew the maps whose key went with the machine's memory; returns how many."""
    sealed = key.case.exhibits.exclude(points_as="")
    lost = [one for one in sealed if not evidence.is_lasting(one.points_held_as)]
    return sum(_bring_back(key, exhibit) for exhibit in lost)


def _bring_back(key: CaseKey, exhibit: Exhibit) -> bool:
    lost = exhibit.points_held_as
    same = Exhibit.objects.filter(
        pk=exhibit.pk, points_held_as=lost, case__withdrawn_at=None
    ).exclude(points_as="")
    return twofold.hold_anew(
        key,
        exhibit.points_as,
        lost,
        "looking for copies",
        lambda held: bool(same.update(points_held_as=held)),
    )
