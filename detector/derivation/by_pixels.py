"""What the pixels of both pictures show under the mappings that their features found."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.derivation.difference import Map, difference
from detector.derivation.features import OriginalFeatures
from detector.derivation.laying import Frame, Mask, framed, laid
from detector.derivation.registering import Mapping
from detector.derivation.regions import labelled

_NEAR: Final = 0.08  # of the longer side, around a feature that agrees


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    labels: NDArray[np.uint8]
    amount: Map
    held: tuple[float, ...]


def shown(
    suspected: Image.Image,
    original: Image.Image,
    ours: OriginalFeatures,
    theirs: OriginalFeatures,
    mappings: tuple[Mapping, ...],
) -> Shown:
    frame = framed(suspected, theirs.size)
    first = None
    agrees = np.zeros(frame.shape, np.bool_)
    held = []
    for mapping in mappings:
        places = frame.places(theirs.places[mapping.pairs[:, 1]])
        levels, reach = laid(original, ours.size, mapping, frame)
        near = _around(places, frame.shape)
        found = difference(frame.levels, levels, reach, near)
        held.append(_held(places, found.alike))
        if first is None:
            first = found, reach
            agrees |= found.agrees
        elif held[-1] >= 0.5:
            agrees |= found.agrees & near
    found, reach = first
    labels = labelled(frame.levels, agrees, found.differs & ~agrees, reach)
    return Shown(labels, found.amount, tuple(held))


def _around(places: NDArray[np.float64], shape: tuple[int, int]) -> Mask:
    mask = np.ones(shape, np.uint8)
    x, y = np.clip(places.astype(np.int64), 0, (shape[1] - 1, shape[0] - 1)).T
    mask[y, x] = 0
    far = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    return np.asarray(far <= _NEAR * max(shape))


def _held(places: NDArray[np.float64], alike: Mask) -> float:
    x, y = np.clip(places.astype(np.int64), 0, (alike.shape[1] - 1, alike.shape[0] - 1)).T
    return float(alike[y, x].mean())
