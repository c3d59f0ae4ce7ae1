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

# What strangers come to, and strangers under the same caption, sticker or app: see
# docs/adr/0022. Spots count agreement; cells say whether it is all over what is shown.
NEAR_SPOTS, POSSIBLE_SPOTS = 12, 8
NEAR_CELLS, POSSIBLE_CELLS = 0.65, 0.6
NEAR_COARSE, POSSIBLE_COARSE = 0.3, 0.1

SPOT = 8  # pixels: points nearer than that are one spot at several scales
CELLS = 8  # a side of the banked picture
SEEN = 2  # points of both pictures that a cell holds to count
COARSE = 55  # pixels: texts and other people's watermarks are written finer than that
COARSE_SEEN = 1


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """What the points of two pictures agree on.

    `inliers` counts the spots at which they do. `mapping` (2, 3) takes places of the
    banked picture to places of the asked one, which was mirrored first if `mirrored`;
    `pairs` (n, 2) numbers the points that agree, banked then asked. `region` are the
    corners of what is seen of the banked picture, as shares of its width and height;
    `shown` those of the same in the asked picture.
    `cells` is the share of its cells that agree, of those with points in both pictures,
    and `coarse` the same for large points alone.
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
    cells = _agreeing(banked, asked, mapping, pairs, 0, SEEN)
    coarse = _agreeing(banked, asked, mapping, pairs, COARSE, COARSE_SEEN)
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
    if (
        spots >= POSSIBLE_SPOTS
        and cells >= POSSIBLE_CELLS
        and coarse >= POSSIBLE_COARSE
    ):
        return "possible"
    return None


def _spots(points: Points, which: npt.NDArray[np.int64]) -> int:
    return len(np.unique(points.places[which, :2] // SPOT, axis=0))


def _agreeing(
    banked: Points,
    asked: Points,
    mapping: Mapping,
    pairs: Pairs,
    larger: float,
    least: int,
) -> float:
    """The share of cells that agree, of those with `least` points in both pictures.

    Two pictures under the same caption agree in its letters and nowhere else; a copy
    agrees wherever both show something, but where a sticker lies. Only points larger
    than `larger` pixels, in both pictures, count.
    """
    back, ours, theirs = mapping.inverse(), banked.places, asked.places
    shown = mapping.visible(banked, asked.size)
    shown &= ours[:, 2] * min(1.0, mapping.scale) > larger
    showing = back.visible(asked, banked.size)
    showing &= theirs[:, 2] * min(1.0, back.scale) > larger
    agreed = ours[pairs[:, 0], 2] > larger
    agreed &= theirs[pairs[:, 1], 2] > larger
    held, seen, hit = (
        _by_cell(places, banked.size)
        for places in (
            ours[shown],
            back.places(theirs[showing]),
            ours[pairs[agreed, 0]],
        )
    )
    judged = (held >= least) & (seen >= least)
    return float((hit[judged] > 0).mean()) if judged.any() else 0.0


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
