"""False pairs of signals of different pictures, counted by bench/strangers.py.

It writes this file anew: nothing here is edited by hand.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """Pairs of an asked and a banked signal that were compared, and how many were so near.

    `false` counts pairs by their distance in bits; `asked` is how many signals one picture
    asks with, in the mean.
    """

    pairs: int
    asked: float
    false: dict[int, int]


MEASURED_ON = "2026-11-21"
PICTURES = 640
MEASURED = {
    "pdq": Measured(
        pairs=4_206_303_338,
        asked=30.3,
        false={
            46: 2,
            50: 4,
            52: 4,
            54: 5,
            56: 14,
            58: 7,
            60: 16,
            62: 18,
            64: 30,
            66: 42,
            68: 76,
            70: 88,
            72: 113,
            74: 155,
            76: 215,
            78: 303,
            80: 400,
        },
    ),
    "phash": Measured(
        pairs=919_440,
        asked=1.0,
        false={
            60: 2,
            62: 1,
            64: 2,
            66: 3,
            68: 4,
            70: 8,
            72: 9,
            74: 7,
            76: 10,
            78: 15,
            80: 25,
        },
    ),
}
