"""Where a suspected picture shows what the original shows, and where something else.

Structure is compared in two bands and colours after grading, each against a noise floor
that the pair itself tells: recompression, blur and scaling raise it everywhere alike.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.derivation.grading import graded
from detector.derivation.laying import Levels, Mask

Map = NDArray[np.float32]  # (h, w)

_BANDS: Final = ((0.8, 3.0), (2.0, 8.0))  # pixels: finer and coarser detail
_WINDOWS: Final = (4.0, 6.0)  # deviations of the windows that it is compared in
_PLAIN: Final = 1.6  # levels of deviation, below which a window holds no detail
_ALIKE: Final = 0.5  # correlation; strangers' windows rarely come so far
_LIKENESS: Final = 0.8  # what agreement comes to in a band that is worth asking
_COLOUR_BLUR: Final = 2.0
_COLOUR_LEAST: Final = 5.0  # levels
_QUIET: Final = 0.35  # of what agrees: surely copied, and untouched
_COLOUR_FLOOR: Final = 5.0  # times the difference there
_EDGE: Final = 0.35  # of a level's step to the next pixel: they lie a little apart


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """What one mapping shows of each pixel of the frame.

    `agrees` and `differs` are never both true; neither is where both are plain and alike.
    `alike` is where structure agrees, whatever the colours.
    `amount` is by how much the two differ, 1 being what counts as a difference.
    """

    agrees: Mask
    differs: Mask
    alike: Mask
    amount: Map


def difference(suspected: Levels, original: Levels, reach: Mask, near: Mask) -> Difference:
    """Compare two pictures (h, w, 3) laid over each other.

    Args:
        suspected: The frame.
        original: The original laid over it.
        reach: Where it lies.
        near: Around the features that agree.
    """
    likeness, textured = _structure(suspected, original, reach)
    known = reach & near & textured & (likeness > _ALIKE)
    off = _colour(suspected, graded(original, suspected, known), known)
    amount = np.maximum(off, np.where(textured, (1 - likeness) / (1 - _ALIKE), 0))
    amount[~reach] = 0
    differs = reach & (amount > 1)
    agrees = reach & textured & ~differs
    alike = reach & textured & (likeness > _ALIKE)
    return Difference(agrees, differs, alike, amount.astype(np.float32))


def _structure(suspected: Levels, original: Levels, reach: Mask) -> tuple[Map, Mask]:
    """How alike the detail is, -1 to 1, and where there is any."""
    ours, theirs = (cv2.cvtColor(x, cv2.COLOR_RGB2GRAY) for x in (original, suspected))
    inside = reach.astype(np.float32)
    likeness = np.zeros(reach.shape, np.float32)
    textured = np.zeros(reach.shape, np.bool_)
    for (fine, coarse), window in zip(_BANDS, _WINDOWS, strict=True):
        a, b = (_band(grey, fine, coarse) * inside for grey in (ours, theirs))
        whole = np.maximum(_mean(inside, window), 1e-3)
        var_a, var_b, both = (
            _mean(product, window) / whole for product in (a * a, b * b, a * b)
        )
        alike = both / np.sqrt((var_a + _NOISE) * (var_b + _NOISE))
        detailed = np.sqrt(np.maximum(var_a, var_b)) > _PLAIN
        asked = detailed & ~textured
        likeness[asked] = alike[asked]
        both_say = detailed & textured
        likeness[both_say] = np.maximum(likeness, alike)[both_say]
        textured |= detailed
    return likeness, textured


_NOISE: Final = 0.6  # levels squared, of what is left of noise in a band


def _colour(suspected: Levels, original: Levels, known: Mask) -> Map:
    """By how much colours differ, in what the pair's own noise and edges excuse."""
    a, b = (cv2.GaussianBlur(x, (0, 0), _COLOUR_BLUR) for x in (original, suspected))
    off = np.abs(a - b).max(axis=2)
    floor = float(np.quantile(off[known], _QUIET)) if known.any() else 0.0
    steps = np.maximum(_steep(a), _steep(b))
    allowed = max(_COLOUR_LEAST, _COLOUR_FLOOR * floor) + _EDGE * steps
    return np.asarray(off / allowed, np.float32)


def _steep(levels: Levels) -> Map:
    x, y = (cv2.Sobel(levels, cv2.CV_32F, *way, ksize=3, scale=1 / 8) for way in ((1, 0), (0, 1)))
    return np.asarray(np.hypot(x, y).max(axis=2), np.float32)


def _band(grey: Map, fine: float, coarse: float) -> Map:
    return _mean(grey, fine) - _mean(grey, coarse)


def _mean(values: Map, deviation: float) -> Map:
    return np.asarray(
        cv2.GaussianBlur(values, (0, 0), deviation, borderType=cv2.BORDER_REFLECT), np.float32
    )
