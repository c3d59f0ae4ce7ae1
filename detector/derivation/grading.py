"""The grading that turns an original's colours into a suspected picture's.

What a part's own change moves must not pull at it: most of what was copied decides.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detector.derivation.laying import Levels, Mask, highest

_SAMPLES: Final = 2_500  # pixels that a grading is fitted to
_CLIPPED: Final = 253  # a level from which on a grading may have cut off what was there
_SCALES: Final = (
    48.0,
    24.0,
    12.0,
    8.0,
    6.0,
    6.0,
)  # levels that an error may have, in turn
_LEAST: Final = 50
_NEAR: Final = 5.0  # levels, at which a pixel is explained by half
_ENOUGH: Final = 0.8  # of the pixels explained, where no other model is tried
_WORTH: Final = 0.06  # of the pixels explained, for which a model is worth more terms

# What a grading may be, the simplest first: nothing at all; gain, offset and gamma of each
# channel; all three together, as saturation and tints are; and light that falls off.
_NOTHING, _CHANNELS, _COLOURS, _LIGHT = range(4)
_RIDGE: Final = 1e-5  # of a sample's weight, that holds what is left open to no change

Terms = NDArray[np.float64]  # (pixels, terms)


def graded(original: Levels, suspected: Levels, where: Mask, plain: Mask) -> Levels:
    """The original, (h, w, 3), in the suspected picture's colours.

    Fitted to the pixels `where` structure agrees, by weighing down, step by step, those
    that a grading of the whole leaves unexplained (graduated non-convexity: Black and
    Rangarajan, "On the unification of line processes, outlier rejection, and robust
    statistics", 1996). The simplest model that explains about as many as any is taken,
    of these and of the `plain` ones: a garment may hold most of the structure there is.
    """
    unclipped = _unclipped(suspected) & _unclipped(original)
    rows, wide = _chosen(where & unclipped), _chosen((where | plain) & unclipped)
    if len(rows) < _LEAST:
        return original
    colours = original.reshape(-1, 3).astype(np.float64) / 255
    change = suspected.reshape(-1, 3).astype(np.float64) / 255 - colours
    places = _places(where.shape)
    fits = []
    for model in range(_LIGHT + 1):
        fitted = _fit(_terms(colours[rows], places[rows], model), change[rows])
        judged = _applied(_terms(colours[wide], places[wide], model), fitted)
        fits.append((_explained(judged - change[wide]), model, fitted))
        if fits[-1][0] >= _ENOUGH:
            break
    most = max(explained for explained, _, _ in fits)
    _, model, fitted = next(fit for fit in fits if fit[0] >= most - _WORTH)
    told = colours + _applied(_terms(colours, places, model), fitted)
    return np.asarray(np.clip(told * 255, 0, 255), np.float32).reshape(original.shape)


def _chosen(where: Mask) -> NDArray[np.int64]:
    """A bounded number of pixels, evenly."""
    rows = np.flatnonzero(where)
    return rows[:: 1 + len(rows) // _SAMPLES]


def _fit(known: list[Terms], change: Terms) -> list[NDArray[np.float64]]:
    """Of each channel how much of each term its change is."""
    fitted = [np.zeros(terms.shape[1]) for terms in known]
    for scale in _SCALES:
        weight = _nearness(_applied(known, fitted) - change, scale) ** 2
        for channel, terms in enumerate(known):
            weighed = terms * weight[:, np.newaxis]
            square = weighed.T @ terms + np.eye(terms.shape[1]) * _RIDGE * weight.sum()
            fitted[channel] = np.linalg.solve(square, weighed.T @ change[:, channel])
    return fitted


def _applied(known: list[Terms], fitted: list[NDArray[np.float64]]) -> Terms:
    return np.stack([a @ b for a, b in zip(known, fitted, strict=True)], axis=1)


def _explained(off: Terms) -> float:
    return float(_nearness(off, _NEAR).mean())


def _nearness(off: Terms, scale: float) -> NDArray[np.float64]:
    """1 for what is explained, 0 for what is not (Geman and McClure's kernel)."""
    nearness: NDArray[np.float64] = 1 / (
        1 + (np.abs(off).max(axis=1) * 255 / scale) ** 2
    )
    return nearness


def _terms(colours: Terms, places: Terms, model: int) -> list[Terms]:
    """What each channel's change may be made of, for each of the three."""
    if model == _NOTHING:
        return [np.empty((len(colours), 0))] * 3
    one = np.ones((len(colours), 1))
    if model == _CHANNELS:
        channels = np.split(colours, 3, axis=1)
        return [np.hstack([one, c, c * c, np.sqrt(c)]) for c in channels]
    crossed = colours * np.roll(colours, 1, axis=1)
    bent = np.hstack([one, colours, colours**2, np.sqrt(colours), crossed])
    if model == _COLOURS:
        return [bent] * 3
    return [np.hstack([bent, places, places * colours[:, c : c + 1]]) for c in range(3)]


def _places(shape: tuple[int, ...]) -> Terms:
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j].reshape(2, -1)
    return np.stack([x, y, x * x, y * y], axis=1)


def _unclipped(levels: Levels) -> Mask:
    return np.asarray(highest(levels) < _CLIPPED)
