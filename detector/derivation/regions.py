"""From what each pixel shows to regions: copied, replaced, not comparable."""

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.derivation.laying import Levels, Mask, highest, lowest

Labels = NDArray[np.uint8]  # (h, w) of the three below
Kind = Literal["copied", "replaced", "not comparable"]
Box = tuple[
    float, float, float, float
]  # left, top, right, bottom; shares of the picture

PLAIN, COPIED, REPLACED = 0, 1, 2
KINDS: Final[dict[int, Kind]] = {
    COPIED: "copied",
    REPLACED: "replaced",
    PLAIN: "not comparable",
}

MASK_SIDE: Final = 256  # pixels of a mask's longer side
LEAST_REPLACED: Final = 0.01  # of the picture: below it a difference is no region
LEAST_COPIED: Final = 0.003
MOST_BOXES: Final = 8

_OPEN: Final = 0.010  # of the longer side: a line so thin is an edge that lies off
_CLOSE: Final = 0.020  # a gap so narrow is part of what is around it
_ENCLOSED: Final = 0.75  # of a plain part's surroundings that decide what it belongs to
_HOLE: Final = 0.5  # of all that was replaced, that such a part is at most
_EVEN: Final = 4.0  # levels that a frame's colour varies by
_PURE: Final = 10  # levels that saving moves black and white by
_BLANK: Final = 0.7  # of a bar, that is so; a foggy sky comes nearer than one expects
_WRITTEN: Final = 0.5  # the same of what agrees, where that is but letters and ground
_SAMPLES: Final = 10_000  # pixels that it is judged by
_INK: Final = 4.0  # times more that letters stand out; a dark plank is as even as a bar


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


def regions(labels: Labels) -> tuple[Region, ...]:
    """The regions of a map of COPIED, REPLACED and PLAIN, those that are not empty."""
    size = small_size(labels.shape)
    small = np.asarray(cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST))
    found = []
    for value, kind in KINDS.items():
        mask = small == value
        if mask.any():
            mask.flags.writeable = False
            found.append(Region(kind, float(mask.mean()), mask, _boxes(mask)))
    return tuple(found)


def small_size(shape: tuple[int, ...]) -> tuple[int, int]:
    """Width and height of the mask of a map (h, w)."""
    height, width = shape
    scale = min(1.0, MASK_SIDE / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


def bars(levels: Levels) -> Mask:
    """Black or white that the picture's edge is part of: bars, and what a turn leaves."""
    found = np.zeros(levels.shape[:2], np.bool_)
    for pure in (highest(levels) <= _PURE, lowest(levels) >= 255 - _PURE):
        _, numbers = cv2.connectedComponents(pure.astype(np.uint8), connectivity=4)
        edge = (numbers[0], numbers[-1], numbers[:, 0], numbers[:, -1])
        reached = np.unique(np.concatenate(edge))
        found |= np.isin(numbers, reached[reached > 0])
    return found


def about(bars: Mask, reach: Mask) -> Mask:
    """Those beyond the original, or beyond all straight edges, with their smeared edge.

    What a turn leaves cuts its corners straight off; a white disc is something painted.
    """
    inner = np.zeros(bars.shape, np.uint8)
    outlines, _ = cv2.findContours(
        (~bars).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    if outlines:
        hull = cv2.convexHull(max(outlines, key=cv2.contourArea))
        cv2.fillConvexPoly(inner, hull, 1)
    cut = bars & ~(reach & (inner > 0))
    wide = cv2.dilate(cut.astype(np.uint8), np.ones((9, 9), np.uint8))
    return np.asarray(wide) > 0


def labelled(
    suspected: Levels, agrees: Mask, differs: Mask, reach: Mask, frame: Mask
) -> Labels:
    """A label for each pixel (h, w), cleaned of what is too small to mean anything.

    Args:
        suspected: The frame (h, w, 3).
        agrees: Where any mapping shows the same.
        differs: Where the first shows something else and no other the same.
        reach: Where the first lies.
        frame: Bars, with their edge.
    """
    side = max(agrees.shape)
    replaced = _opened(differs, _OPEN * side)
    copied = agrees & ~replaced
    replaced |= _beyond(~reach & ~copied & ~frame, suspected)
    replaced = _closed(replaced, _CLOSE * side) & ~_opened(copied, _OPEN * side)
    replaced &= ~frame
    copied = _closed(copied, _CLOSE * side) & ~replaced
    replaced = _without_small(replaced, LEAST_REPLACED)
    copied = _without_small(copied & ~replaced, LEAST_COPIED)
    labels = np.full(agrees.shape, PLAIN, np.uint8)
    labels[copied] = COPIED
    labels[replaced] = REPLACED
    return _settled(labels, ~reach | frame)


def written(levels: Levels, copied: Mask) -> bool:
    """Whether what agrees is only what is written on bars of one colour.

    The captions and buttons of two screenshots agree, whatever pictures they hold.
    """
    if not copied.any():
        return True
    pixels = _some(levels, copied)
    even = min(_EVEN, float(pixels.std(axis=0).max()) / _INK)
    return _evenness(pixels, even) >= _WRITTEN


def _beyond(outside: Mask, levels: Levels) -> Mask:
    """What lies beyond the original's edges, but for bars and corners of one colour."""
    beyond = np.zeros_like(outside)
    for part in _parts(outside):
        if _evenness(_some(levels, part), _EVEN) < _BLANK:
            beyond |= part
    return beyond


def _some(levels: Levels, where: Mask) -> NDArray[np.float32]:
    """A bounded number of a part's pixels (n, 3), evenly."""
    rows = np.flatnonzero(where)
    return levels.reshape(-1, 3)[rows[:: 1 + len(rows) // _SAMPLES]]


def _evenness(pixels: NDArray[np.float32], even: float) -> float:
    """The share of pixels (n, 3) within `even` levels of the commonest colour."""
    apart = np.abs(pixels - np.median(pixels, axis=0)).max(axis=1)
    return float((apart <= even).mean())


def _settled(labels: Labels, frame: Mask) -> Labels:
    """Give plain parts to what was replaced around them: nobody paints around a hole.

    None goes to what was copied: a plain wall may as well be another wall.
    """
    kernel = np.ones((3, 3), np.uint8)
    told, most = labels.copy(), _HOLE * (labels == REPLACED).sum()
    for part in _parts((labels == PLAIN) & ~frame):
        ring = (cv2.dilate(part.astype(np.uint8), kernel) > 0) & ~part
        edge = sum(side.sum() for side in (part[0], part[-1], part[:, 0], part[:, -1]))
        enclosed = (labels[ring] == REPLACED).sum() / (ring.sum() + edge)
        if part.sum() <= most and enclosed >= _ENCLOSED:
            told[part] = REPLACED
    return told


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
