"""How often two signals of different pictures meet, and how near two may be called near.

The counts are those of measured.py, which bench/strangers.py wrote: nothing here measures.
"""

from dataclasses import dataclass
from functools import cache, lru_cache

from tracker.measured import MEASURED
from tracker.signals import signal_type

WIDEST = 80  # bits: beyond, nothing is counted
FEW = 10  # pairs seen within a distance: with fewer, chance speaks
ZERO = 3.0  # seen nothing, the rule of three

_LIMIT = 0.95  # of all worlds in which the rate is higher show more than was seen
_QUANTILE = 1.6449  # of the normal distribution, at _LIMIT


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an operator bears at most.

    `near` and `possible`: false matches for each pair of an asked and a banked signal.
    `shown`: false near matches for 1,000 pictures asked; `questions`: false possible ones,
    which go to a person.
    """

    near: float = 1e-7
    possible: float = 1e-5
    shown: float = 10.0
    questions: float = 10.0


@dataclass(frozen=True, slots=True)
class Radii:
    """The widest distances, in bits, at which two signals are called near and possible."""

    near: int
    possible: int


def at_most(seen: int) -> float:
    """The most that so many may stand for: the upper end of a 95 % bound, one-sided.

    Poisson (Garwood 1936) as Wilson and Hilferty approximate it, within a hundredth.

    >>> at_most(0), round(at_most(1), 1), round(at_most(100))
    (3.0, 4.7, 118)
    """
    if seen == 0:
        return ZERO
    n = seen + 1
    return float(n * (1 - 1 / (9 * n) + _QUANTILE / (3 * n**0.5)) ** 3)


def rate(type_name: str, distance: int) -> float:
    """At most so many pairs of signals of different pictures are that near, as a share.

    Where a pair was seen that near, it is the bound of at_most(). Nearer than any pair was
    ever seen, the rule of three is all that is measured, and the rate is taken to go on
    falling with each bit as it was seen to fall above. For a type that only knows equal
    and different it is 0.
    """
    if type_name not in MEASURED:
        return 0.0
    return _bounds(type_name)[min(max(distance, 0), WIDEST)]


@lru_cache(maxsize=256)  # each lookup asks
def radii(type_name: str, banked: int, wanted: Wanted | None = None) -> Radii:
    """How far signals may be apart in a bank of so many, for no more than is wanted.

    Never wider than the type's own radii, and never wider for a larger bank. Equal signals
    are always near: a bank in which even those are too many has another trouble.
    """
    wanted, judge = wanted or Wanted(), signal_type(type_name)
    if type_name not in MEASURED:
        return Radii(judge.near, judge.possible)
    # Pairs that 1,000 pictures asked make with the whole bank.
    pairs = 1_000 * MEASURED[type_name].asked * max(banked, 1)
    near = _widest(type_name, judge.near, min(wanted.near, wanted.shown / pairs))
    possible = _widest(
        type_name, judge.possible, min(wanted.possible, wanted.questions / pairs)
    )
    return Radii(near, max(near, possible))


def _widest(type_name: str, most: int, bearable: float) -> int:
    held = (d for d in range(most, 0, -1) if rate(type_name, d) <= bearable)
    return next(held, 0)


@cache
def _bounds(type_name: str) -> tuple[float, ...]:
    """The bound at each distance from 0 to WIDEST."""
    measured = MEASURED[type_name]
    within = [
        sum(count for bits, count in measured.false.items() if bits <= distance)
        for distance in range(WIDEST + 1)
    ]
    seen = [distance for distance, count in enumerate(within) if count]
    first = seen[0] if seen else WIDEST + 1
    steps = _steps(within)
    return tuple(
        (at_most(count) if count else ZERO * steps ** (first - 1 - distance))
        / measured.pairs
        for distance, count in enumerate(within)
    )


def _steps(within: list[int]) -> float:
    """By what the count falls with each bit, from WIDEST down to where it is FEW."""
    few = next((d for d, count in enumerate(within) if count >= FEW), WIDEST)
    if few == WIDEST:
        return 1.0
    return float((within[few] / within[WIDEST]) ** (1 / (WIDEST - few)))
