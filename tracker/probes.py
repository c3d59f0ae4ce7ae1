"""How hashes are cut into parts, and which buckets of each part one query looks into.

It must not know what lies in the buckets: that is in tables.py.
"""

from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]

SHIFT = 6
GROUP = 1 << SHIFT  # buckets that share one full-size offset


@dataclass(frozen=True, slots=True)
class Parts:
    """How hashes are cut: the number of bits of each part, in order."""

    bits: tuple[int, ...]

    @property
    def starts(self) -> tuple[int, ...]:
        return tuple(sum(self.bits[:i]) for i in range(len(self.bits)))

    @property
    def bases(self) -> tuple[int, ...]:
        """Where each part's buckets begin, and where the last one's end."""
        sizes = [2**bits + GROUP for bits in self.bits]  # a group of ends behind each
        return tuple(sum(sizes[:i]) for i in range(len(sizes) + 1))

    def flips(self, radius: int) -> tuple[int, ...]:
        """For each part, how many of its bits to turn; -1 for one that need not be asked.

        Two hashes further apart than that in every part are further than `radius` apart
        in all, as the sum over the parts of flips + 1 is radius + 1.
        """
        share, more = divmod(radius + 1, len(self.bits))
        # The narrow parts take what is over: they have fewer variants.
        narrow = sorted(range(len(self.bits)), key=lambda i: self.bits[i])
        return tuple(share - 1 + (i in narrow[:more]) for i in range(len(self.bits)))


@dataclass(frozen=True, slots=True)
class Probes:
    """All buckets that one query looks into, and how its own parts are read.

    `at` (m, 4) are the bytes that hold each part, `below` the bits after it in them,
    `mask` its own bits.
    """

    at: Places
    below: Places
    mask: Places
    part: Places
    flips: Places
    base: Places

    @staticmethod
    @cache
    def of(parts: Parts, radius: int) -> "Probes":
        each = [
            _flips(bits, flips)
            for bits, flips in zip(parts.bits, parts.flips(radius), strict=True)
        ]
        sizes = [len(flips) for flips in each]
        read = [place(*part) for part in zip(parts.starts, parts.bits, strict=True)]
        return Probes(
            np.array([first for first, _ in read])[:, np.newaxis] + np.arange(4),
            np.array([below for _, below in read]),
            np.array([2**bits - 1 for bits in parts.bits]),
            np.repeat(np.arange(len(each)), sizes),
            np.concatenate(each),
            np.repeat(np.array(parts.bases[:-1], np.int64), sizes),
        )


@cache
def _flips(bits: int, most: int) -> Places:
    """Every way to turn at most `most` of `bits` bits; none for -1."""
    return np.array(
        [
            sum(1 << place for place in places)
            for k in range(most + 1)
            for places in combinations(range(bits), k)
        ],
        np.int64,
    )


def place(start: int, bits: int) -> tuple[int, int]:
    """The first of the four bytes that hold a part, and how many bits follow it there.

    >>> place(24, 24), place(0, 9)
    ((2, 0), (0, 23))
    """
    first = max(0, -(-(start + bits) // 8) - 4)
    return first, 8 * (first + 4) - start - bits
