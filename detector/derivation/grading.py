"""The grading that turns an original's colours into a suspected picture's.

What a part's own change moves must not pull at it: most of what was copied decides.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detector.derivation.laying import Levels, Mask

_SAMPLES: Final = 6_000  # pixels that a grading is fitted to
_CLIPPED: Final = (4, 251)  # levels beyond which a grading has cut off what was there
_SCALES: Final = (48.0, 24.0, 12.0, 8.0, 6.0, 6.0)  # levels that an error may have, in turn
_WORTH: Final = 0.05  # of the pixels explained, for which a model is worth more terms

# Which of the terms each model uses, the simplest first: none at all; gain, offset and
# about a gamma of each channel; of all three together, as saturation and tints do; and
# of the place, as a vignette does.
_NOTHING, _CHANNELS, _COLOURS, _PLACES = 0, 1, 2, 3
_TERMS: Final = 13
_RIDGE: Final = 1e-3  # of a sample's weight, that holds what is left open to no change


def graded(original: Levels, suspected: Levels, where: Mask) -> Levels:
    """The original, (h, w, 3), in the suspected picture's colours.

    Fitted to the pixels `where` structure agrees, by weighing down, step by step, those
    that a grading of the whole leaves unexplained (graduated non-convexity: Black and
    Rangarajan, "On the unification of line processes, outlier rejection, and robust
    statistics", 1996). The simplest model that explains about as many as any is taken.
    """
    rows = np.flatnonzero(where & _unclipped(suspected) & _unclipped(original))
    if len(rows) < 50:
        return original
    rows = rows[:: 1 + len(rows) // _SAMPLES]
    terms = _terms(original)
    known = terms[rows]
    start, wanted = (x.reshape(-1, 3)[rows] / 255 for x in (original, suspected))
    fits = [_fit(known, wanted - start, model) for model in range(_PLACES + 1)]
    explained = [_explained(known @ fit + start - wanted) for fit in fits]
    best = next(n for n, e in enumerate(explained) if e >= max(explained) - _WORTH)
    told = terms @ fits[best] * 255 + original.reshape(-1, 3)
    return np.clip(told, 0, 255).reshape(original.shape).astype(np.float32)


def _fit(
    known: NDArray[np.float64], change: NDArray[np.float64], model: int
) -> NDArray[np.float64]:
    """The change of each channel by the terms, (13, 3)."""
    fitted = np.zeros((_TERMS, 3))
    if model == _NOTHING:
        return fitted
    for scale in _SCALES:
        off = np.abs(known @ fitted - change).max(axis=1) * 255
        weight = (1 / (1 + (off / scale) ** 2)) ** 2
        for channel in range(3):
            used = _used(model, channel)
            weighed = known[:, used] * weight[:, np.newaxis]
            square = weighed.T @ known[:, used]
            square[np.diag_indices_from(square)] += _RIDGE * weight.sum()
            fitted[used, channel] = np.linalg.solve(square, weighed.T @ change[:, channel])
    return fitted


def _used(model: int, channel: int) -> list[int]:
    if model == _CHANNELS:
        return [0, 1 + channel, 4 + channel]
    return list(range(10 if model == _COLOURS else _TERMS))


def _explained(off: NDArray[np.float64]) -> float:
    """The share of samples that a model explains, those near to it counting most."""
    return float((1 / (1 + (np.abs(off).max(axis=1) * 255 / 5) ** 2)).mean())


def _terms(levels: Levels) -> NDArray[np.float64]:
    """Each pixel's terms, (h * w, 13): 1, colours, squares, products, place."""
    height, width = levels.shape[:2]
    r, g, b = (levels.reshape(-1, 3) / 255).astype(np.float64).T
    y, x = np.mgrid[0:height, 0:width].reshape(2, -1) / (max(height, width) / 2) - 1
    colours = [np.ones_like(r), r, g, b, r * r, g * g, b * b, r * g, g * b, b * r]
    return np.stack([*colours, x, y, x * x + y * y], axis=1)


def _unclipped(levels: Levels) -> Mask:
    low, high = _CLIPPED
    return np.asarray((levels > low).all(axis=2) & (levels < high).all(axis=2))
