"""What two pictures are to each other, and what shows it: parts and points that agree.

It asks with the first picture as a lookup does, and banks the second as a deposit does.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.flat import distances
from tracker.images import Picture
from tracker.matching import Comparison, firmness, kind_of
from tracker.points import Agreement, asked_points, judge, points_of
from tracker.signals import (
    SIGNALS,
    Reading,
    Shares,
    Signal,
    SignalType,
    ask_picture,
    bits_apart,
    hash_picture,
    signal_type,
)
from tracker.signals import WHOLE as OF_WHOLE
from tracker.signals.pdq import Pdq

Corners = tuple[tuple[float, float], ...]  # as shares of width and height
Lines = npt.NDArray[np.float64]  # (n, 4): x and y in the first picture, in the second

WHOLE: Corners = ((0, 0), (1, 0), (1, 1), (0, 1))


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One way to look at two pictures, and what of each it speaks of."""

    comparison: Comparison
    first: Corners = WHOLE
    second: Corners = WHOLE
    lines: Lines | None = None


def compare(a: Picture, b: Picture) -> Comparison:
    """How two pictures are related, by what says it most strongly.

    `a` is asked with: turned, mirrored, and looked at within frames. `b` is banked: what
    may be cut out of it is looked for.
    """
    seen = []
    for view in views(a, b):
        if view.comparison.kind in {"exact", "near"}:
            return view.comparison
        seen.append(view)
    return best(seen).comparison


def views(a: Picture, b: Picture) -> Iterator[View]:
    """By whole pictures, cheapest first; then by parts and by points where they agree."""
    first, second = Reading(a), Reading(b)
    for name in SIGNALS:
        if comparison := _compare_by(signal_type(name), first, second):
            yield View(comparison)
    yield from _by_parts(a, b)
    yield from _by_points(a, b)


def best(seen: list[View]) -> View:
    """The view that says most; of those that say as much, the first."""
    if not seen:
        why = "different bytes, and too plain a picture to compare by looks"
        return View(Comparison(None, None, why))
    return min(seen, key=lambda view: firmness(view.comparison.kind))


def _compare_by(kind: SignalType, first: Reading, second: Reading) -> Comparison | None:
    kept = kind.hash(second)
    asked = kind.ask(first)
    if not kept or not asked:
        return None
    apart = [bits_apart(signal.value, kept.value) for signal in asked]
    distance = min(apart)
    found = kind_of(kind.name, distance)
    if kind.possible == 0:
        return Comparison(found, distance, "same bytes") if found else None
    why = f"{kind.label} {distance} of {kind.bits} bits apart"
    if found is None:
        why += f"; more than {kind.possible} is another picture"
    elif form := kind.forms[apart.index(distance)]:
        why += f" after {form}"
    return Comparison(found, distance, why)


def _by_parts(a: Picture, b: Picture) -> Iterator[View]:
    asked = [one for one in ask_picture(a) if one.type == Pdq.name]
    kept = [one for one in hash_picture(b) if one.type == Pdq.name]
    if not asked or not kept:
        return
    apart = distances(_rows(asked), _rows(kept))
    row, column = np.unravel_index(int(apart.argmin()), apart.shape)
    ours, theirs, distance = asked[row], kept[column], int(apart[row, column])
    if kind := kind_of(Pdq.name, distance):
        named = [
            "the whole" if one.of == OF_WHOLE else "a part" for one in (ours, theirs)
        ]
        why = (
            f"{Pdq.label} {distance} of {Pdq.bits} bits apart: "
            f"{named[0]} of the first picture and {named[1]} of the second"
        )
        view = Comparison(kind, distance, why)
        yield View(view, _corners(ours.box), _corners(theirs.box))


def _rows(signals: list[Signal]) -> npt.NDArray[np.uint8]:
    joined = b"".join(bytes.fromhex(one.value) for one in signals)
    return np.frombuffer(joined, np.uint8).reshape(len(signals), -1)


def _corners(box: Shares) -> Corners:
    left, top, right, bottom = box
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def _by_points(a: Picture, b: Picture) -> Iterator[View]:
    banked, forms = points_of(b), asked_points(a)
    found = [judge(banked, form, mirrored=form is forms[1]) for form in forms]
    agreed = max(
        (one for one in found if one), key=lambda one: one.inliers, default=None
    )
    if not agreed:
        return
    why = f"{agreed.inliers} points of both pictures agree on one mapping"
    if agreed.mirrored:
        why += " after mirroring"
    theirs = banked.places[agreed.pairs[:, 0], :2] / banked.size
    ours = forms[agreed.mirrored].places[agreed.pairs[:, 1], :2] / forms[0].size
    yield View(
        Comparison(agreed.kind, None, why),
        _flipped(agreed.shown, mirrored=agreed.mirrored),
        agreed.region,
        np.concatenate([_flipped_places(ours, agreed), theirs], axis=1),
    )


def _flipped(corners: Corners, *, mirrored: bool) -> Corners:
    return tuple((1 - x, y) for x, y in corners) if mirrored else corners


def _flipped_places(
    places: npt.NDArray[np.float64], agreed: Agreement
) -> npt.NDArray[np.float64]:
    return np.abs(places - (1, 0)) if agreed.mirrored else places
