"""What the features alone show, where the original itself stayed on the victim's device."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.derivation.features import OriginalFeatures
from detector.derivation.regions import COPIED, PLAIN, REPLACED, Labels
from detector.derivation.registering import Mapping

_SIDE: Final = 64  # cells of the longer side
_WINDOW: Final = 2.5  # cells of deviation, that features are counted in
_FEW: Final = 3.0  # features of a window, below which it tells nothing
# Of a copy's features about every second is found again; of another picture's next to
# none, and those by chance.
_FOUND, _LOST = 0.2, 0.06


def look(theirs: OriginalFeatures, mappings: tuple[Mapping, ...]) -> Labels:
    """Label each cell by how many of its features the original has in the same place.

    Features beyond the original's edges count as lost: it cannot have them.
    """
    width, height = theirs.size
    scale = min(1.0, _SIDE / max(width, height))
    shape = (max(1, round(height * scale)), max(1, round(width * scale)))
    found = np.unique(np.concatenate([m.pairs[:, 1] for m in mappings]))
    all_of_them = _counted(theirs.places * scale, shape)
    agreeing = _counted(theirs.places[found] * scale, shape)
    share = agreeing / np.maximum(all_of_them, 1e-6)
    labels = np.full(shape, PLAIN, np.uint8)
    labels[(all_of_them >= _FEW) & (share >= _FOUND)] = COPIED
    labels[(all_of_them >= _FEW) & (share <= _LOST)] = REPLACED
    return labels


def _counted(
    places: NDArray[np.float32], shape: tuple[int, int]
) -> NDArray[np.float32]:
    """About how many features each cell's window holds."""
    x, y = np.clip(places[:, :2].astype(np.int64), 0, (shape[1] - 1, shape[0] - 1)).T
    counts = np.zeros(shape, np.float32)
    np.add.at(counts, (y, x), 1.0)
    window = 2 * np.pi * _WINDOW**2
    return np.asarray(cv2.GaussianBlur(counts, (0, 0), _WINDOW) * window, np.float32)
