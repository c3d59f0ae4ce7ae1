"""A derivation as evidence in words: how sure it is, what was copied, where what was not."""

from collections.abc import Iterator

from detector import explain
from detector.assessment import Evidence, Phrase, Strength
from detector.derivation.deriving import Derivation
from detector.derivation.regions import Box

MOST_PLACES = 3  # that a sentence names
_LEAST_PLACE = 0.01  # of the picture, that a part must cover to be named


def evidence(derivation: Derivation) -> Evidence:
    """Put into words what was shown.

    A replaced region, or parts put elsewhere, show that the picture is an edit; a copy of
    the whole is a measurement and no sign of anything. None says that AI did it.
    """
    code, strength = _told(derivation)
    return explain.evidence(
        f"derivation.{code}",
        strength,
        points=sum(placement.points for placement in derivation.placements),
        registered=derivation.registered,
        replaced=derivation.share("replaced"),
        plain=derivation.share("not comparable"),
        where=explain.joined("places", map(_named, _largest(derivation))),
        notes=explain.joined("sentences", _notes(derivation)),
    )


def _notes(derivation: Derivation) -> Iterator[Phrase]:
    if any(placement.mirrored for placement in derivation.placements):
        yield explain.note("mirrored")
    if len(derivation.placements) > 1:
        yield explain.note("parts", parts=len(derivation.placements))
    if derivation.by_points:
        yield explain.note("by_points")
    yield explain.note("bound", bound=derivation.bound)


def _told(derivation: Derivation) -> tuple[str, Strength]:
    proved = derivation.proof == "proved"
    if derivation.proof == "not shown":
        return "not_shown", "none"
    if derivation.boxes("replaced"):
        return ("replaced", "strong") if proved else ("likely_replaced", "medium")
    if proved and len(derivation.placements) > 1:
        return "rearranged", "strong"
    return ("copy" if proved else "likely_copy"), "measurement"


def _largest(derivation: Derivation) -> list[Box]:
    """The boxes that are worth naming, the largest at all events."""
    boxes = derivation.boxes("replaced")[:MOST_PLACES]
    return [box for box in boxes if box is boxes[0] or _area(box) >= _LEAST_PLACE]


def _area(box: Box) -> float:
    left, top, right, bottom = box
    return (right - left) * (bottom - top)


def _named(box: Box) -> Phrase:
    """Where a box lies: in which third, or over how many of them."""
    left, top, right, bottom = box
    return explain.position(
        _third(left, right, ("left", "centre", "right", "wide")),
        _third(top, bottom, ("upper", "middle", "lower", "tall")),
        width=right - left,
        height=bottom - top,
    )


def _third(start: float, end: float, names: tuple[str, str, str, str]) -> str:
    if end - start > 2 / 3:
        return names[3]
    return names[min(2, int((start + end) / 2 * 3))]
