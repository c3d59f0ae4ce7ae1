"""From what each pixel shows to regions: copied, replaced, not comparable."""

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.derivation.laying import Levels, Mask

Kind = Literal["copied", "replaced", "not comparable"]
Box = tuple[float, float, float, float]  # left, top, right, bottom; shares of the picture

MASK_SIDE: Final = 256  # pixels of a mask's longer side
LEAST_REPLACED: Final = 0.006  # of the picture: below it a difference is no region
LEAST_COPIED: Final = 0.003
MOST_BOXES: Final = 8

_OPEN: Final = 0.010  # of the longer side: a line so thin is an edge that lies off
_CLOSE: Final = 0.020  # a gap so narrow is part of what is around it
_ENCLOSED: Final = 0.75  # of a plain part's surroundings that decide what it belongs to
_EVEN: Final = 2.5  # levels of deviation: a frame, or the corner that a turn leaves


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """One kind of area of the suspected picture.

    `mask` (h, w) bool, at most MASK_SIDE a side; `share` of the picture; `boxes` around
    its parts, the largest first.
    """

    kind: Kind
    share: float
    mask: Mask
    boxes: tuple[Box, ...]


def regions(labels: "NDArray[np.uint8]") -> tuple[Region, ...]:
    """The regions of a map of COPIED, REPLACED and PLAIN, those that are not empty."""
    height, width = labels.shape
    scale = min(1.0, MASK_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST))
    found = []
    for value, kind in KINDS.items():
        mask = small == value
        if mask.any():
            mask.flags.writeable = False
            found.append(Region(kind, float(mask.mean()), mask, _boxes(mask)))
    return tuple(found)


PLAIN, COPIED, REPLACED = 0, 1, 2
KINDS: Final[dict[int, Kind]] = {
    COPIED: "copied",
    REPLACED: "replaced",
    PLAIN: "not comparable",
}


def labelled(
    suspected: Levels, agrees: Mask, differs: Mask, reach: Mask
) -> "NDArray[np.uint8]":
    """A label for each pixel (h, w), cleaned of what is too small to mean anything.

    Args:
        suspected: The frame (h, w, 3).
        agrees: Where any mapping shows the same.
        differs: Where the first shows something else and no other the same.
        reach: Where the first lies.
    """
    even = _even(suspected)
    side = max(agrees.shape)
    replaced = _opened(differs, _OPEN * side)
    copied = agrees & ~replaced
    replaced |= _beyond(~reach & ~copied, even)
    replaced = _closed(replaced, _CLOSE * side) & ~_opened(copied, _OPEN * side)
    copied = _closed(copied, _CLOSE * side) & ~replaced
    replaced = _without_small(replaced, LEAST_REPLACED)
    copied = _without_small(copied & ~replaced, LEAST_COPIED)
    labels = np.full(agrees.shape, PLAIN, np.uint8)
    labels[copied] = COPIED
    labels[replaced] = REPLACED
    return _settled(labels, even & ~reach)


def _beyond(outside: Mask, even: Mask) -> Mask:
    """What lies beyond the original's edges, but for frames and bars of one colour."""
    beyond = np.zeros_like(outside)
    for part in _parts(outside):
        if (~even & part).sum() > 0.25 * part.sum():
            beyond |= part
    return beyond


def _settled(labels: "NDArray[np.uint8]", frame: Mask) -> "NDArray[np.uint8]":
    """Give plain parts to what was replaced around them: nobody paints around a hole.

    None goes to what was copied: a plain wall may as well be another wall.
    """
    kernel = np.ones((3, 3), np.uint8)
    told = labels.copy()
    for part in _parts((labels == PLAIN) & ~frame):
        ring = (cv2.dilate(part.astype(np.uint8), kernel) > 0) & ~part
        around = labels[ring]
        if around.size and (around == REPLACED).mean() >= _ENCLOSED:
            told[part] = REPLACED
    return told


def _even(levels: Levels) -> Mask:
    grey = cv2.cvtColor(levels, cv2.COLOR_RGB2GRAY)
    mean, squares = (cv2.blur(x, (9, 9)) for x in (grey, grey * grey))
    return np.asarray(np.sqrt(np.maximum(squares - mean * mean, 0)) < _EVEN)


def _parts(mask: Mask) -> list[Mask]:
    count, numbers = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    sizes = np.bincount(numbers.ravel(), minlength=count)
    order = np.argsort(-sizes[1:], kind="stable")[:64] + 1
    return [numbers == number for number in order if sizes[number] >= 16]


def _without_small(mask: Mask, share: float) -> Mask:
    _, numbers, told, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    large = told[:, cv2.CC_STAT_AREA] >= share * mask.size
    large[0] = False
    return np.asarray(large[numbers])


def _opened(mask: Mask, radius: float) -> Mask:
    return _morphed(mask, cv2.MORPH_OPEN, radius)


def _closed(mask: Mask, radius: float) -> Mask:
    return _morphed(mask, cv2.MORPH_CLOSE, radius)


def _morphed(mask: Mask, what: int, radius: float) -> Mask:
    side = 2 * max(1, round(radius)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), what, disc)) > 0


def _boxes(mask: Mask) -> tuple[Box, ...]:
    height, width = mask.shape
    _, _, told, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    parts = told[1:]
    large = parts[np.argsort(-parts[:, cv2.CC_STAT_AREA], kind="stable")][:MOST_BOXES]
    return tuple(
        (x / width, y / height, (x + w) / width, (y + h) / height)
        for x, y, w, h, _ in large.tolist()
    )
