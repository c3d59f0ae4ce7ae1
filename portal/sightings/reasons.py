"""Why a copy was taken for one: which part of it agrees with which part of the picture.

Kept with the sighting as JSON: {"copy": part, "reported": part, "form": str}, where a part
is {"of": str, "box": [left, top, right, bottom] or None}, as tracker.Signal has them. Where
points agree, {"points": int} says how many. It is for the desk and leaves with nobody.
"""

from collections.abc import Sequence
from typing import Any

import tracker
from portal.bank.actions import Hit

Reason = dict[str, Any]  # as the docstring above has it


def of_hit(hit: Hit) -> Reason:
    """Of a copy that asked the bank."""
    copy = _part(hit.copy.of, hit.copy.box)
    reason = _reason(copy, _part(hit.reported.of, hit.reported.box), hit.form)
    return reason | {"points": hit.points} if hit.points else reason


def of_memory(asked: tracker.Signal) -> Reason:
    """Of a picture that asked the memory, which holds nothing but wholes."""
    copy = _part(tracker.WHOLE, tracker.EVERYTHING)
    return _reason(copy, _part(asked.of, asked.box), asked.form)


def _reason(copy: Reason, reported: Reason, form: str) -> Reason:
    return {"copy": copy, "reported": reported, "form": form}


def _part(of: str, box: Sequence[float] | None) -> Reason:
    """Regions that were banked before their boxes were kept have none."""
    return {"of": of, "box": box and list(box)}
