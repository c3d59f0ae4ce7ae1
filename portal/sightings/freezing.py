"""The hard stop where somebody in a picture may be a minor: nothing looks any more."""

from django.db import transaction

from portal.accounts.models import User
from portal.cases import evidence
from portal.cases.actions import freeze_case
from portal.cases.models import Case


@transaction.atomic
def freeze(case: Case, worker: User, reason: str) -> None:
    """Freeze a case, with the copies of it that wait for the detector.

    Raises ValueError without a reason.
    """
    freeze_case(case, worker, reason)
    waiting = case.sightings.exclude(held_as="")
    held = list(waiting.values_list("held_as", flat=True))
    waiting.update(held_as="")
    transaction.on_commit(lambda: _release(held), robust=True)


def _release(held: list[str]) -> None:
    for name in held:
        evidence.release(name)
