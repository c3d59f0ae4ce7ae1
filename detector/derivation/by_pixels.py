"""What the pixels of both pictures show under the mappings that their features found."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.derivation.bending import bend
from detector.derivation.difference import Difference, Map, difference
from detector.derivation.features import OriginalFeatures
from detector.derivation.laying import Frame, Mask, framed, laid
from detector.derivation.regions import (
    COPIED,
    LEAST_COPIED,
    Labels,
    bars,
    labelled,
    written,
)
from detector.derivation.registering import Mapping

HELD: Final = 0.5  # of the places that agree, that the pixels around them must confirm
_NEAR: Final = 0.08  # of the longer side, around a feature that agrees


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What can be seen under mappings: those that hold, a label and a difference a pixel.

    `amount` (h, w) is by how much the pictures differ, 1 being what counts as different.
    """

    mappings: tuple[Mapping, ...]
    labels: Labels
    amount: Map


def look(
    suspected: Image.Image,
    original: Image.Image,
    theirs: OriginalFeatures,
    ours: OriginalFeatures,
    mappings: tuple[Mapping, ...],
) -> Shown | None:
    """Compare the two under each mapping; None where the first does not hold.

    Nor if they agree in nothing but letters on bars.

    Further mappings only tell, near the features that agree on them, what was copied
    otherwise: strangers' pixels under a false one change nothing.
    """
    frame = framed(suspected, theirs.size)
    barred = bars(frame.levels)
    first, *others = (
        _compared(frame, barred, original, theirs, ours, mapping)
        for mapping in mappings
    )
    if not first.holds:
        return None
    held = [mappings[0]]
    agrees = first.found.agrees
    for mapping, other in zip(mappings[1:], others, strict=True):
        more = other.found.agrees & other.near & ~agrees
        if other.holds and more.mean() >= LEAST_COPIED:
            held.append(mapping)
            agrees = agrees | more
    differs = first.found.differs & ~agrees
    labels = labelled(frame.levels, agrees, differs, first.reach, barred)
    if written(frame.levels, labels == COPIED):
        return None
    return Shown(tuple(held), labels, first.found.amount)


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    found: Difference
    reach: Mask
    near: Mask
    holds: bool


def _compared(
    frame: Frame,
    barred: Mask,
    original: Image.Image,
    theirs: OriginalFeatures,
    ours: OriginalFeatures,
    mapping: Mapping,
) -> _Compared:
    bent = bend(mapping, ours, theirs)
    levels, reach = laid(original, ours.size, mapping, bent, frame)
    reach &= ~barred
    places = frame.places(theirs.places[mapping.pairs[:, 1]]).astype(np.int64)
    x, y = np.clip(places, 0, (frame.shape[1] - 1, frame.shape[0] - 1)).T
    near = _around(x, y, frame.shape)
    found = difference(frame.levels, levels, reach, near)
    judged, alike = found.judged[y, x], found.alike[y, x]
    holds = alike.sum() >= max(5, HELD * judged.sum())
    return _Compared(found, reach, near, bool(holds))


def _around(x: NDArray[np.int64], y: NDArray[np.int64], shape: tuple[int, int]) -> Mask:
    away = np.ones(shape, np.uint8)
    away[y, x] = 0
    far = cv2.distanceTransform(away, cv2.DIST_L2, 3)
    return np.asarray(far <= _NEAR * max(shape))
