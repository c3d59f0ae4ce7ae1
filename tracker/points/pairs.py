"""Which points of two pictures look alike, and turn and grow alike."""

import numpy as np
import numpy.typing as npt

from tracker.flat import distances
from tracker.points.base import MOST, Points

Pairs = npt.NDArray[np.int64]  # (n, 2): a point of the banked picture, one of the asked

RATIO = 0.85  # of the distance to the next best: a point like many others says nothing
ALIKE = 80  # bits
TURN = 30  # degrees that pairs may differ in what they turn by
GROWTH = 0.8  # octaves that they may differ in what they grow by

_PLACES = 1 << MOST.bit_length()  # a column's number fits below it


def pairs_of(banked: Points, asked: Points) -> Pairs:
    """Points that are each other's best, of the largest party that turns and grows alike.

    The latter is the weak geometric consistency of Jégou et al. (ECCV 2008).
    """
    pairs = _mutual(banked, asked)
    if not len(pairs):
        return pairs
    ours, theirs = banked.places[pairs[:, 0]], asked.places[pairs[:, 1]]
    turn = theirs[:, 3] - ours[:, 3]
    growth = np.log2(theirs[:, 2] / ours[:, 2])
    apart = np.abs((turn[:, np.newaxis] - turn + 180) % 360 - 180)
    alike = (apart < TURN) & (np.abs(growth[:, np.newaxis] - growth) < GROWTH)
    party = alike[int(alike.sum(axis=1).argmax())]
    return np.asarray(pairs[party])


def _mutual(banked: Points, asked: Points) -> Pairs:
    if min(len(banked), len(asked)) < 2:
        return np.empty((0, 2), np.int64)
    # Distance and number in one integer: the least of them tells both at once.
    apart = distances(banked.descriptors, asked.descriptors) * _PLACES
    columns = np.arange(len(asked), dtype=np.int32)
    rows = np.arange(len(banked), dtype=np.int32)
    back = (apart + rows[:, np.newaxis]).min(axis=0) % _PLACES
    apart += columns
    best = apart.min(axis=1)
    chosen = best % _PLACES
    apart[rows, chosen] = np.iinfo(np.int32).max
    nearest, next_best = best // _PLACES, apart.min(axis=1) // _PLACES
    sure = (nearest <= ALIKE) & (nearest < RATIO * next_best) & (back[chosen] == rows)
    return np.stack([rows[sure], chosen[sure]], axis=1).astype(np.int64)
