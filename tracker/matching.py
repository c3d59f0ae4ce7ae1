"""From distances to words: when a signal is called exact, near or possible.

It must not know where signals come from or who asks.

What the radii rest on, measured over 1,500 different photos (1,124,250 pairs): the
closest pair of strangers is 86 bits apart in PDQ (74 in any of its eight dihedral
forms) and 84 in phash; at 80 bits one dihedral pair in 370,000 is false. So near (31)
may act, and possible (52 and 51) may ask a person, without drowning them.
"""

from dataclasses import dataclass
from typing import Literal

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


def kind_of(type_name: str, distance: int) -> Kind | None:
    """What two signals of that type are at that many bits, None for strangers.

    >>> kind_of("pdq", 31), kind_of("pdq", 52), kind_of("pdq", 53)
    ('near', 'possible', None)
    >>> kind_of("sha256", 0), kind_of("sha256", 1)
    ('exact', None)
    """
    judge = signal_type(type_name)
    if judge.possible == 0:
        return "exact" if distance == 0 else None
    if distance <= judge.near:
        return "near"
    return "possible" if distance <= judge.possible else None


def radius_of(type_name: str, weakest: Kind = "possible") -> int:
    """The radius to search for all matches of that type that are no weaker, in bits.

    >>> radius_of("pdq"), radius_of("pdq", "near"), radius_of("pdq", "exact")
    (52, 31, 0)
    """
    judge = signal_type(type_name)
    return {"possible": judge.possible, "near": judge.near, "exact": 0}[weakest]


def strength(match: Match) -> tuple[int, int]:
    """A key that sorts matches, the best one first: by kind, then by distance."""
    return firmness(match.kind), match.distance


def firmness(kind: Kind | None) -> int:
    """A key that sorts kinds, the firmest first and strangers last."""
    return _STRENGTH.index(kind)
