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
from detector.derivation.laying import Levels, Mask, highest, lowest

Map = NDArray[np.float32]  # (h, w)

_BANDS: Final = ((0.8, 3.0), (2.0, 8.0))  # pixels: finer and coarser detail
_WINDOWS: Final = (4.0, 6.0)  # deviations of the windows that it is compared in
_PLAIN: Final = 1.6  # levels of deviation, below which a window holds no detail
_ALIKE: Final = 0.5  # correlation; strangers' windows rarely come so far
_NOISE: Final = 0.6  # levels squared, that hold the correlation of plain windows down
_INSIDE: Final = 0.75  # of a window, that the original must reach
_GRAINY: Final = 3.0  # times the pair's noise, that detail must come to
_HINT: Final = (
    0.5  # of a difference of colour, without which structure is a neighbour's
)
_HINTED: Final = 9  # pixels across, about one
_SOFT: Final = (0.0, 0.6, 0.9, 1.3, 1.8, 2.4, 3.2, 4.2)  # pixels
_SOFTER: Final = 1.15  # times that one may still be sharper
_COLOUR_BLUR: Final = 1.2  # pixels of half the size
_COLOUR_LEAST: Final = 5.0  # levels
_QUIET: Final = 0.35  # of what agrees: surely copied, and untouched
_COLOUR_FLOOR: Final = 5.0  # times the difference there
_PURE: Final = (
    235  # levels that white letters come to at this size, black ones likewise
)
_INK: Final = 110  # levels between letters and their ground
_STROKE: Final = 9  # pixels of their edges, across
_FILLING: Final = 6.0  # pixels
_BURNT: Final = 247  # levels of all channels, in both
_EDGE: Final = 0.25  # of a level's step to the next pixel: they lie a little apart


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """What one mapping shows of each pixel of the frame.

    `agrees` and `differs` are never both true; neither is where both are plain and alike.
    `alike` is where structure agrees, whatever the colours.
    `amount` is by how much the two differ, 1 being what counts as a difference.
    """

    agrees: Mask
    differs: Mask
    judged: Mask
    alike: Mask
    amount: Map


def difference(
    suspected: Levels, original: Levels, reach: Mask, near: Mask
) -> Difference:
    """Compare two pictures (h, w, 3) laid over each other.

    Args:
        suspected: The frame.
        original: The original laid over it.
        reach: Where it lies.
        near: Around the features that agree.
    """
    reach = reach & ~_letters(suspected, original)
    original, suspected = (_filled(levels, reach) for levels in (original, suspected))
    original = _as_soft(original, suspected, near & reach)
    suspected = _as_soft(suspected, original, near & reach)
    likeness, textured = _structure(suspected, original, reach, near & reach)
    known = reach & near & textured & (likeness > _ALIKE)
    off, burnt = _colour(suspected, original, known, reach & ~textured)
    textured &= ~burnt
    # Windows look over the edge of what was replaced, and its outline would swell.
    kernel = np.ones((_HINTED, _HINTED), np.uint8)
    here = cv2.dilate((off > _HINT).astype(np.uint8), kernel) > 0
    amount = np.maximum(
        off, np.where(textured & here, (1 - likeness) / (1 - _ALIKE), 0)
    )
    amount[~reach] = 0
    differs = reach & (amount > 1)
    judged = reach & textured
    alike = judged & (likeness > _ALIKE)
    agrees = alike & ~differs
    return Difference(agrees, differs, judged, alike, amount.astype(np.float32))


def _letters(one: Levels, other: Levels) -> Mask:
    """Pure black and white that both show, and its edges: the same letters on two pictures.

    Nothing is lost with them: what is burnt or drowned in both is plain.
    """
    kernel = np.ones((_STROKE, _STROKE), np.uint8)
    pure = lowest(np.minimum(one, other)) >= _PURE
    pure |= highest(np.maximum(one, other)) <= 255 - _PURE
    steep = cv2.dilate(pure.astype(np.uint8), kernel) > 0
    for grey in (_grey(one), _grey(other)):
        steep &= cv2.dilate(grey, kernel) - cv2.erode(grey, kernel) > _INK
    return np.asarray(steep)


def _filled(levels: Levels, inside: Mask) -> Levels:
    """Beyond what is compared, its own surroundings: neither bleeds over, nor agrees."""
    kept = inside.astype(np.float32)[:, :, np.newaxis]
    counted = inside.astype(np.uint8) if inside.any() else None
    middle = np.array(cv2.mean(levels, counted)[:3], np.float32)
    weight = _soft(kept[:, :, 0], _FILLING)[:, :, np.newaxis] + np.float32(1e-3)
    around = (_soft(levels * kept, _FILLING) + np.float32(1e-3) * middle) / weight
    return np.asarray(np.where(kept > 0, levels, around), np.float32)


def _as_soft(levels: Levels, other: Levels, sure: Mask) -> Levels:
    """One picture as blurred as the other is, where they agree; itself if it is no sharper."""
    wanted = _SOFTER * _sharpness(other, sure)
    for deviation in _SOFT:
        blurred = _soft(levels, deviation) if deviation else levels
        if _sharpness(blurred, sure) <= wanted:
            break
    return blurred


def _sharpness(levels: Levels, sure: Mask) -> float:
    """The share of finest detail in all detail, whatever the contrast."""
    if not sure.any():
        return 0.0
    grey = _grey(levels)
    fine, coarse = (
        float(((grey - _soft(grey, deviation))[sure] ** 2).sum())
        for deviation in (1.0, 5.0)
    )
    return fine / max(coarse, 1e-3)


def _structure(
    suspected: Levels, original: Levels, reach: Mask, sure: Mask
) -> tuple[Map, Mask]:
    """How alike the detail is, -1 to 1, and where there is any."""
    inside = reach.astype(np.float32)
    likeness = np.zeros(reach.shape, np.float32)
    textured = np.zeros(reach.shape, np.bool_)
    for (fine, coarse), window in zip(_BANDS, _WINDOWS, strict=True):
        a, b = (
            (_soft(grey, fine) - _soft(grey, coarse)) * inside
            for grey in (_grey(original), _grey(suspected))
        )
        whole = np.maximum(_soft(inside, window), np.float32(1e-3))
        var_a, var_b, both = (
            np.divide(_soft(x, window), whole, dtype=np.float32)
            for x in (a * a, b * b, a * b)
        )
        alike = both / np.sqrt((var_a + _NOISE) * (var_b + _NOISE))
        noise = _noise(var_a[sure], var_b[sure], both[sure])
        detailed = np.maximum(var_a, var_b) > _PLAIN**2 + _GRAINY * noise
        detailed &= whole > _INSIDE  # or its detail is but the edge itself
        asked = detailed & ~textured
        likeness[asked] = alike[asked]
        both_say = detailed & textured
        likeness[both_say] = np.maximum(likeness, alike)[both_say]
        textured |= detailed
    return likeness, textured


def _noise(ours: Map, theirs: Map, both: Map) -> float:
    """What is left, in levels squared, where the two agree and one explains the other."""
    if not ours.size:
        return 0.0
    gain = float(both.sum() / max(float(ours.sum()), 1e-3))
    return float(np.quantile(theirs - 2 * gain * both + gain**2 * ours, 0.25))


def _colour(
    suspected: Levels, original: Levels, known: Mask, plain: Mask
) -> tuple[Map, Mask]:
    """By how much colours differ, in what the pair's own noise and edges excuse.

    And where a grading has burnt or drowned whatever the original shows. At half the
    size: what a grading leaves is coarse.
    """
    height, width = known.shape
    half = (max(1, width // 2), max(1, height // 2))
    ours, theirs = (
        np.asarray(cv2.resize(levels, half, interpolation=cv2.INTER_AREA), np.float32)
        for levels in (original, suspected)
    )
    where, even = (
        np.asarray(cv2.resize(mask.astype(np.uint8), half)) > 0
        for mask in (known, plain)
    )
    a = _soft(graded(ours, theirs, where, even), _COLOUR_BLUR)
    b = _soft(theirs, _COLOUR_BLUR)
    off = highest(np.abs(a - b))
    quiet = [
        float(np.quantile(off[m], _QUIET)) for m in (where, where | even) if m.any()
    ]
    floor = min(quiet, default=0.0)
    steps = np.maximum(_steep(a), _steep(b))
    allowed = max(_COLOUR_LEAST, _COLOUR_FLOOR * floor) + _EDGE * steps
    burnt = lowest(np.minimum(a, b)) > _BURNT
    burnt |= highest(np.maximum(a, b)) < 255 - _BURNT
    return (
        np.asarray(cv2.resize(off / allowed, (width, height)), np.float32),
        np.asarray(cv2.resize(burnt.astype(np.uint8), (width, height))) > 0,
    )


def _steep(levels: Levels) -> Map:
    x, y = (
        cv2.Sobel(levels, cv2.CV_32F, *way, ksize=3, scale=1 / 8)
        for way in ((1, 0), (0, 1))
    )
    return np.sqrt(highest(x * x + y * y))


def _grey(levels: Levels) -> Map:
    return np.asarray(cv2.cvtColor(levels, cv2.COLOR_RGB2GRAY), np.float32)


def _soft(values: NDArray[np.float32], deviation: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), deviation), np.float32)
