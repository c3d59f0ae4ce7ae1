"""The smooth bend that a lens, or a frame drawn askew, adds to a mapping.

Without it a photo of a screen would differ from its original towards the corners.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detector.derivation.features import OriginalFeatures
from detector.derivation.registering import BENDS_BY, REACH, Mapping

Numbers = NDArray[np.float64]

_LEAST: Final = 40  # pairs; eight numbers each way must not be found in noise
_WORTH: Final = 1.1  # times more pairs that agree closely
_SCALES: Final = (12.0, 6.0, 3.0, 2.0)  # pixels that a pair may be off by, in turn
_RIDGE: Final = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """How far places of the small suspected picture lie from where a mapping puts them.

    `terms` (8, 2) of the polynomial below, of places as shares of -1 to 1 of `size`.
    """

    terms: Numbers
    size: tuple[int, int]

    def at(self, places: NDArray[np.floating]) -> Numbers:
        """Pixels (n, 2) at places (n, 2 or more)."""
        moved = _powers(places, self.size) @ self.terms
        return np.asarray(np.clip(moved, -BENDS_BY, BENDS_BY))


def bend(
    mapping: Mapping, ours: OriginalFeatures, theirs: OriginalFeatures
) -> Bend | None:
    """The bend that most pairs about a mapping agree on; None where it explains no more.

    Of the third degree in the distance from the middle, as lenses are (Brown,
    "Close-range camera calibration", 1971), else of the second.
    """
    if len(mapping.loose) < _LEAST:
        return None
    places = theirs.places[mapping.loose[:, 1]]
    off = places[:, :2] - mapping.places(ours.places[mapping.loose[:, 0]])
    known = _powers(places, theirs.size)
    fitted = np.zeros((known.shape[1], 2))
    for scale in _SCALES:
        apart = ((known @ fitted - off) ** 2).sum(axis=1)
        weighed = known * (1 / (1 + apart / scale**2) ** 2)[:, np.newaxis]
        square = weighed.T @ known + np.eye(len(fitted)) * _RIDGE * len(known)
        fitted = np.linalg.solve(square, weighed.T @ off)
    before, after = (
        np.count_nonzero(np.hypot(*left.T) < REACH / 2)
        for left in (off, off - known @ fitted)
    )
    return Bend(fitted, theirs.size) if after > _WORTH * before else None


def _powers(places: NDArray[np.floating], size: tuple[int, int]) -> Numbers:
    x, y = (2 * places[:, :2].astype(np.float64) / size - 1).T
    far = x * x + y * y
    return np.stack(
        [np.ones_like(x), x, y, x * x, x * y, y * y, x * far, y * far], axis=1
    )
