"""Which features of a suspected picture look like which of an original's.

It must not know where they lie: likeness only proposes, geometry decides.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detector.derivation.features import WIDTH, Descriptors, OriginalFeatures

Pairs = NDArray[np.int64]  # (n, 2): a feature of the original, one of the suspected

RATIO: Final = (
    0.85  # of the distance to the next best: one like many others says nothing
)

# A mirrored patch has the rows of its cells and the turns of its gradients reversed.
_CELLS, _TURNS = 4, 8
_MIRRORED: Final = (
    np.arange(WIDTH)
    .reshape(_CELLS, _CELLS, _TURNS)[::-1][:, :, -np.arange(_TURNS) % _TURNS]
    .ravel()
)


def mirrored(descriptors: Descriptors) -> Descriptors:
    """The descriptors of the same places in the mirror image."""
    return descriptors[:, _MIRRORED]


def pairs_of(
    original: OriginalFeatures, suspected: OriginalFeatures, *, mirror: bool
) -> Pairs:
    """For each feature suspected the original's that it resembles most, if one stands out.

    Not the other way as well: what was copied twice is found twice.
    """
    if len(original) < 2 or not len(suspected):
        return np.empty((0, 2), np.int64)
    ours = mirrored(original.descriptors) if mirror else original.descriptors
    apart = _distances(suspected.descriptors, ours)
    rows, best = np.arange(len(apart)), apart.argmin(axis=1)
    nearest = apart[rows, best]
    apart[rows, best] = np.inf
    sure = nearest < RATIO**2 * apart.min(axis=1)
    return np.stack([best[sure], rows[sure]], axis=1).astype(np.int64)


def _distances(one: Descriptors, other: Descriptors) -> NDArray[np.float32]:
    """Squared distances, (n, m). Whole numbers below 2**24, so exact in any order."""
    a, b = one.astype(np.float32), other.astype(np.float32)
    lengths = (a**2).sum(axis=1)[:, np.newaxis] + (b**2).sum(axis=1)
    distances: NDArray[np.float32] = lengths - 2 * (a @ b.T)
    return distances
