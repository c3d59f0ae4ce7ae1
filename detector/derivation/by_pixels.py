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
from detector.derivation.refining import ENOUGH, refined
from detector.derivation.regions import (
    COPIED,
    LEAST_COPIED,
    Labels,
    about,
    bars,
    labelled,
    written,
)
from detector.derivation.registering import Mapping

HELD: Final = 0.5  # of the places that agree and that pixels can judge, they confirm
LEAST_HELD: Final = 5  # places
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
    pure = bars(frame.levels)
    first, *others = (
        _compared(frame, pure, original, theirs, ours, mapping) for mapping in mappings
    )
    if not first.holds:
        return None
    held = [first.mapping]
    agrees = first.found.agrees
    for other in others:
        more = other.found.agrees & other.near & ~agrees
        if other.holds and more.mean() >= LEAST_COPIED:
            held.append(other.mapping)
            agrees = agrees | more
    differs = first.found.differs & ~agrees
    labels = labelled(frame.levels, agrees, differs, first.reach, first.barred)
    if written(frame.levels, labels == COPIED):
        return None
    return Shown(tuple(held), labels, first.found.amount)


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    mapping: Mapping
    found: Difference
    reach: Mask
    barred: Mask
    near: Mask
    holds: bool


def _compared(
    frame: Frame,
    pure: Mask,
    original: Image.Image,
    theirs: OriginalFeatures,
    ours: OriginalFeatures,
    mapping: Mapping,
) -> _Compared:
    bent = bend(mapping, ours, theirs)
    levels, reach = laid(original, ours.size, mapping, bent, frame)
    if bent is None and mapping.spots < ENOUGH:
        better = refined(mapping, levels, reach, frame)
        if better is not None:
            mapping = better
            levels, reach = laid(original, ours.size, mapping, bent, frame)
    barred = about(pure, reach)
    reach &= ~barred
    places = frame.places(theirs.places[mapping.pairs[:, 1]]).astype(np.int64)
    x, y = np.clip(places, 0, (frame.shape[1] - 1, frame.shape[0] - 1)).T
    near = _near(x, y, frame.shape)
    found = difference(frame.levels, levels, reach, near)
    judged, alike = found.judged[y, x], found.alike[y, x]
    holds = alike.sum() >= max(LEAST_HELD, HELD * judged.sum())
    return _Compared(mapping, found, reach, barred, near, bool(holds))


def _near(x: NDArray[np.int64], y: NDArray[np.int64], shape: tuple[int, int]) -> Mask:
    away = np.ones(shape, np.uint8)
    away[y, x] = 0
    far = cv2.distanceTransform(away, cv2.DIST_L2, 3)
    return np.asarray(far <= _NEAR * max(shape))
