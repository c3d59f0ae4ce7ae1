"""From distances to words: when a signal is called exact, near or possible.

It must not know where signals come from or who asks.

A type's own radii are the widest; what a bank of its size bears may be narrower: see
rates.py, which also says how often strangers meet at each distance.
"""

from dataclasses import dataclass
from typing import Literal

from tracker.rates import Radii
from tracker.signals import signal_type

Kind = Literal["exact", "near", "possible"]

_STRENGTH: tuple[Kind | None, ...] = ("exact", "near", "possible", None)


@dataclass(frozen=True, slots=True)
class Match:
    """A banked signal, by its opaque id, within reach of one that was asked."""

    id: int
    type: str
    kind: Kind
    distance: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two pictures are to each other.

    `distance` counts the bits between the two signals that `why` speaks of; it is None
    where there was nothing to compare by looks.
    """

    kind: Kind | None
    distance: int | None
    why: str


def kind_of(type_name: str, distance: int, radii: Radii | None = None) -> Kind | None:
    """What two signals of that type are at that many bits, None for strangers.

    Within the type's own radii, or within those of rates.radii().

    >>> kind_of("pdq", 31), kind_of("pdq", 52), kind_of("pdq", 53)
    ('near', 'possible', None)
    >>> kind_of("sha256", 0), kind_of("sha256", 1)
    ('exact', None)
    """
    judge = signal_type(type_name)
    if judge.possible == 0:
        return "exact" if distance == 0 else None
    held = radii or Radii(judge.near, judge.possible)
    if distance <= held.near:
        return "near"
    return "possible" if distance <= held.possible else None


def radius_of(
    type_name: str, weakest: Kind = "possible", radii: Radii | None = None
) -> int:
    """The radius to search for all matches of that type that are no weaker, in bits.

    >>> radius_of("pdq"), radius_of("pdq", "near"), radius_of("pdq", "exact")
    (52, 31, 0)
    """
    judge = signal_type(type_name)
    held = radii or Radii(judge.near, judge.possible)
    return {"possible": held.possible, "near": held.near, "exact": 0}[weakest]


def reaches(kind: Kind, weakest: Kind) -> bool:
    """Whether a kind is no weaker than that one.

    >>> reaches("near", "possible"), reaches("possible", "near")
    (True, False)
    """
    return _STRENGTH.index(kind) <= _STRENGTH.index(weakest)


def strength(match: Match) -> tuple[int, int]:
    """A key that sorts matches, the best one first: by kind, then by distance."""
    return firmness(match.kind), match.distance


def firmness(kind: Kind | None) -> int:
    """A key that sorts kinds, the firmest first and strangers last."""
    return _STRENGTH.index(kind)
