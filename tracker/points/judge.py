"""Whether the points of two pictures agree on one mapping from one to the other.

Descriptors alone lie: bars, text and foliage look alike everywhere. So geometry judges,
and then whether what should agree under that mapping does, wherever both can be seen.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from tracker.points.base import Points
from tracker.points.mapping import Mapping, Numbers, fit
from tracker.points.pairs import Pairs, pairs_of

Corners = tuple[tuple[float, float], ...]

# Rests on docs/adr/0022: what strangers, and strangers in the same frame, come to.
NEAR_SPOTS, POSSIBLE_SPOTS = 12, 8
NEAR_CELLS, POSSIBLE_CELLS = 0.6, 0.5
NEAR_COARSE = 0.08

SPOT = 8  # pixels: points nearer than that are one spot at several scales
CELLS = 8  # a side of the banked picture
SEEN = 2  # points of both pictures that a cell holds to count
COARSE = 55  # pixels: texts and other people's watermarks are written finer than that


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """What the points of two pictures agree on.

    `inliers` counts the spots at which they do. `mapping` (2, 3) takes places of the
    banked picture to places of the asked one, which was mirrored first if `mirrored`;
    `pairs` (n, 2) numbers the points that agree, banked then asked. `region` are the
    corners of what is seen of the banked picture, as shares of its width and height;
    `shown` those of the same in the asked picture.
    `cells` is the share of its cells that agree, of those with points in both pictures;
    `coarse` the share of its large points that do.
    """

    kind: Literal["near", "possible"]
    inliers: int
    cells: float
    coarse: float
    mapping: npt.NDArray[np.float64]
    pairs: Pairs
    region: Corners
    shown: Corners
    mirrored: bool = False


def judge(banked: Points, asked: Points, *, mirrored: bool = False) -> Agreement | None:
    """What two pictures' points agree on, None for strangers. Deterministic.

    `asked` are the points of the mirror image if `mirrored`.
    """
    found = fit(banked, asked, pairs_of(banked, asked), POSSIBLE_SPOTS)
    if found is None:
        return None
    mapping, pairs = found
    spots = min(_spots(banked, pairs[:, 0]), _spots(asked, pairs[:, 1]))
    cells, coarse = _agreeing(banked, asked, mapping, pairs)
    kind = _kind(spots, cells, coarse)
    if kind is None:
        return None
    region = _seen(banked, asked, mapping)
    return Agreement(
        kind,
        spots,
        cells,
        coarse,
        mapping.matrix,
        pairs,
        _shares(region, banked.size),
        _shares(mapping.places(region), asked.size),
        mirrored,
    )


def _kind(
    spots: int, cells: float, coarse: float
) -> Literal["near", "possible"] | None:
    if spots >= NEAR_SPOTS and cells >= NEAR_CELLS and coarse >= NEAR_COARSE:
        return "near"
    if spots >= POSSIBLE_SPOTS and cells >= POSSIBLE_CELLS:
        return "possible"
    return None


def _spots(points: Points, which: npt.NDArray[np.int64]) -> int:
    return len(np.unique(points.places[which, :2] // SPOT, axis=0))


def _agreeing(
    banked: Points, asked: Points, mapping: Mapping, pairs: Pairs
) -> tuple[float, float]:
    """The share of cells that agree, and the share of coarse points.

    Two pictures under the same caption agree in its letters and nowhere else; a copy
    agrees wherever both show something, but where a sticker lies.
    """
    theirs = mapping.back(asked.places)
    shown = banked.places[mapping.visible(banked, asked.size)]
    showing = theirs[mapping.inverse().visible(asked, banked.size)]
    agreed = banked.places[pairs[:, 0]]
    held, seen, hit = (_by_cell(part, banked.size) for part in (shown, showing, agreed))
    judged = (held >= SEEN) & (seen >= SEEN)
    cells = float((hit[judged] > 0).mean()) if judged.any() else 0.0
    sizes = np.minimum(agreed[:, 2], asked.places[pairs[:, 1], 2])
    large = shown[:, 2] * min(1.0, mapping.scale) > COARSE
    coarse = float((sizes > COARSE).sum() / max(1, large.sum()))
    return cells, min(1.0, coarse)


def _by_cell(places: Numbers, size: tuple[int, int]) -> npt.NDArray[np.int64]:
    """How many places each cell of a picture holds."""
    shares = (places[:, :2] * CELLS / size).astype(np.int64)
    column, row = np.clip(shares, 0, CELLS - 1).T
    return np.bincount(row * CELLS + column, minlength=CELLS * CELLS)


def _seen(banked: Points, asked: Points, mapping: Mapping) -> Numbers:
    """The corners (n, 2) of what both pictures show, in pixels of the banked one."""
    view = mapping.back(_corners(asked.size)).astype(np.float32)
    area, region = cv2.intersectConvexConvex(_corners(banked.size), view)
    return np.reshape(region, (-1, 2)) if area else np.empty((0, 2))


def _shares(corners: Numbers, size: tuple[int, int]) -> Corners:
    return tuple((float(x), float(y)) for x, y in corners / size)


def _corners(size: tuple[int, int]) -> npt.NDArray[np.float32]:
    width, height = size
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
