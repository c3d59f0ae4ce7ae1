"""Who knows that a case has ended: what each platform was told, and whether it confirmed.

Reads only. The rows are written where platforms ask; see portal/bank/models.py, Told.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from portal.bank.models import Told
from portal.cases.models import Case


@dataclass(frozen=True, slots=True)
class Recipient:
    """One platform that had heard of this case's pictures from us, and what it knows now."""

    name: str
    had_list: bool  # it had the codes themselves, not only the answer that one matches
    told_at: datetime | None  # when it took in the last of what it must forget
    confirmed_at: datetime | None


def who_was_told(case: Case) -> list[Recipient]:
    """Every platform that reads our list, or was told of a match, by name."""
    rows: dict[str, list[Told]] = defaultdict(list)
    for told in Told.objects.of_case(case).order_by("platform__name"):
        rows[told.platform.name].append(told)
    return [_recipient(name, told) for name, told in rows.items()]


def _recipient(name: str, told: list[Told]) -> Recipient:
    fed = [one for one in told if one.place is not None]
    stopped = [one for one in fed if one.state == Told.State.WITHDRAWN]
    all_stopped = len(stopped) == len(fed)
    return Recipient(
        name=name,
        had_list=bool(fed),
        told_at=_last(one.told_at for one in stopped) if all_stopped else None,
        confirmed_at=_last(one.acknowledged_at for one in stopped)
        if all_stopped
        else None,
    )


def _last(moments: Iterable[datetime | None]) -> datetime | None:
    """The last of all moments; None while one is missing, or where there are none."""
    found = list(moments)
    known = [moment for moment in found if moment is not None]
    return max(known) if known and len(known) == len(found) else None
