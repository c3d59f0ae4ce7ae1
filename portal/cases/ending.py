"""Ends what is to end, and finishes what a killed process began: retention and tombstones.

Nothing here decides: `retention` does, and the files that `tombstones` reads.
"""

from threading import Event

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from portal.accounts.actions import audit
from portal.cases import (
    actions,
    evidence,
    originals,
    points,
    retention,
    tombstones,
)
from portal.cases.models import Case, Exhibit, Original
from portal.cases.retention import Decision, What

ACTOR = "sweep:retention"
_applied = Event()  # in this process


def require_applied() -> None:
    """Have the tombstones applied once since this process started; else do it now.

    Called before anything is matched, told or sent. Raises OSError where the folder cannot
    be read: then nothing is answered, rather than something that was withdrawn.
    """
    if not _applied.is_set():
        apply_tombstones()
        _applied.set()


def apply_tombstones() -> int:
    """End every active case that a tombstone names: it came back with a backup."""
    there = tombstones.names()
    back = [
        (case, name)
        for case in Case.objects.active().iterator()
        if (name := tombstones.name_of(bytes(case.locator))) in there
    ]
    for case, name in back:
        ending = tombstones.ending_on(name)
        if ending == Case.Ending.FROZEN:
            actions.freeze_case(case, "sweep:tombstones", "frozen before the backup")
        else:
            audit("sweep:tombstones", "end", f"case:{case.pk}", f"{ending}, on file")
            actions.end_case(case, ending)
    return len(back)


def carry_out(decision: Decision) -> bool:
    """Do what was decided, if it holds still: the victim may have come back since."""
    with transaction.atomic():
        case = Case.objects.select_for_update().get(pk=decision.case.pk)
        again = [
            found
            for found in retention.decisions(Case.objects.filter(pk=case.pk))
            if found.what == decision.what and not found.is_held
        ]
        for found in again:
            _do(case, found)
    return bool(again)


def finish_endings() -> None:
    """Write missing tombstones, and remove files of ended cases that are still there."""
    tombstones.write_missing()
    over = Exhibit.objects.exclude(case__withdrawn_at=None)
    for exhibit in over.exclude(held_as=""):
        evidence.release(exhibit.held_as)
        Exhibit.objects.filter(pk=exhibit.pk).update(held_as="")
    mapped = over.exclude(points_as="", points_held_as="")
    points.forget(mapped.exclude(case__ending=Case.Ending.FROZEN))
    given = Original.objects.exclude(case__withdrawn_at=None)
    originals.forget(given.exclude(case__ending=Case.Ending.FROZEN))
    # What is frozen is not destroyed here: the law says what becomes of it.
    for exhibit in over.exclude(stored_as="").exclude(case__ending=Case.Ending.FROZEN):
        evidence.discard(exhibit.stored_as)
        Exhibit.objects.filter(pk=exhibit.pk).update(stored_as="")


def _do(case: Case, decision: Decision) -> None:
    audit(ACTOR, decision.what, f"case:{case.pk}", decision.why)
    match decision.what:
        case What.EXPIRE:
            actions.end_case(case, Case.Ending.EXPIRED)
        case What.FILES:
            _drop_files(case)
        case What.METADATA:
            actions.forget_words(case)
            limit = timezone.now() - settings.METADATA_AFTER
            case.events.filter(at__lte=limit).delete()


def _drop_files(case: Case) -> None:
    """Files leave the rows first: one that stays behind is a stray, and swept as one."""
    kept = list(case.exhibits.exclude(stored_as="").values_list("stored_as", flat=True))
    case.exhibits.update(stored_as="")
    points.forget(case.exhibits.all())
    originals.forget(case.originals.all())

    def discard() -> None:
        for name in kept:
            evidence.discard(name)

    transaction.on_commit(discard, robust=True)
