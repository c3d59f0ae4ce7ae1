"""From a picture to its points: corners at several scales, spread over all of it."""

import math

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from tracker.images import Picture
from tracker.points.base import LONGEST, WIDTH, Places, Points, made
from tracker.proposals import LEAST_SIDE, WRITTEN, Box, stripped, trimmed

# Work is shared among processes. OpenCV's own threads would wait for each other by
# spinning, and hang in a process forked after their first use.
cv2.setNumThreads(1)

Grey = npt.NDArray[np.uint8]

BANKED, ASKED = 800, 1200  # points: a collage shares its own among four pictures
AREA = 480 * 480  # pixels: a tall screenshot shows its picture no smaller than a post
LONGEST_SIDE = min(1280, LONGEST)

# A richly textured corner must not take all points: the best of each cell come first.
CELLS = 8  # a side
CANDIDATES = 5000

STEP, LEVELS = 1.2, 10  # of the pyramid: a copy five times smaller still meets
MARGIN = 16  # pixels at the edges, where half a corner's surroundings are missing
CONTRASTS = (5, 2)  # levels that a corner differs by; the latter for a picture with few
FEW = 400

EVEN = 2  # levels that saving moves a bar by


Corners = tuple[Places, npt.NDArray[np.uint8], npt.NDArray[np.float32]]
_NONE: Corners = (
    np.empty((0, 4), np.float32),
    np.empty((0, WIDTH), np.uint8),
    np.empty(0, np.float32),
)


def points_of(picture: Picture) -> Points:
    """What a bank keeps of a picture: at most BANKED points. Deterministic.

    None lies in what frames it: the buttons of one screenshot agree with those of every
    other.
    """
    grey = _small(picture.image)
    return _points(grey, BANKED, _shown(np.asarray(grey)))


def asked_points(picture: Picture) -> tuple[Points, Points]:
    """What a lookup asks with: the points of the picture and of its mirror image."""
    grey = _small(picture.image)
    return _points(grey, ASKED), _points(ImageOps.mirror(grey), ASKED)


def _shown(grey: Grey) -> Box:
    """The part within bars of one even level, with whatever is written on them.

    A clear sky is as plain, but drifts, and what stands before it belongs to the picture.
    """
    height, width = grey.shape
    whole = (0, 0, width, height)
    if min(height, width) < LEAST_SIDE:
        return whole
    left, top, right, bottom = trimmed(grey, stripped(grey, whole), WRITTEN)
    return (
        left if _even(grey[:, :left]) else 0,
        top if _even(grey[:top]) else 0,
        right if _even(grey[:, right:]) else width,
        bottom if _even(grey[bottom:]) else height,
    )


def _even(bar: Grey) -> bool:
    if not bar.size:
        return True
    apart = np.abs(bar.astype(np.int16) - int(np.median(bar)))
    return float((apart <= EVEN).mean()) >= WRITTEN


def _small(image: Image.Image) -> Image.Image:
    grey = image.convert("L")
    scale = min(
        math.sqrt(AREA / (grey.width * grey.height)), LONGEST_SIDE / max(grey.size)
    )
    if scale >= 1:
        return grey
    size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
    return grey.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.5)


def _points(image: Image.Image, most: int, box: Box | None = None) -> Points:
    grey = np.asarray(image)
    left, top, right, bottom = box or (0, 0, *image.size)
    for contrast in CONTRASTS:
        places, descriptors, strength = _corners(grey, contrast)
        x, y = places[:, 0], places[:, 1]
        within = (left <= x) & (x < right) & (top <= y) & (y < bottom)
        places, strength = places[within], strength[within]
        descriptors = descriptors[within]
        if len(places) >= FEW:
            break
    kept = _spread(places, strength, image.size)[:most]
    return made(places[kept], descriptors[kept], image.size)


def _corners(grey: Grey, contrast: int) -> Corners:
    """Places, descriptors and strengths of the corners of a grey picture.

    ORB (Rublee et al., ICCV 2011). By FAST's own score: over 15 photos a quarter
    more points agreed in a collage's cell than by Harris's.
    """
    levels = min(LEVELS, _levels(min(grey.shape)))
    if levels < 1:
        return _NONE
    # A finder of its own for each call: OpenCV does not say that one may be shared.
    finder = cv2.ORB.create(
        CANDIDATES,
        STEP,
        levels,
        MARGIN,
        scoreType=cv2.ORB_FAST_SCORE,
        fastThreshold=contrast,
    )
    found, descriptors = finder.detectAndCompute(grey, None)
    if not found:
        return _NONE
    places = np.array([(*p.pt, p.size, p.angle) for p in found], np.float32)
    strength = np.array([p.response for p in found], np.float32)
    return places, np.asarray(descriptors, np.uint8), strength


def _levels(side: int) -> int:
    """How many levels of the pyramid have room between their margins."""
    room = side / (2 * MARGIN + 1)
    return 1 + math.floor(math.log(room, STEP)) if room >= 1 else 0


def _spread(
    places: Places, strength: npt.NDArray[np.float32], size: tuple[int, int]
) -> npt.NDArray[np.int64]:
    """The best point of each cell of a grid, then the second of each, and so on."""
    column, row = (
        np.minimum(places[:, axis] * CELLS // size[axis], CELLS - 1) for axis in (0, 1)
    )
    cell = row * CELLS + column
    order = np.lexsort((-strength, cell))
    starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
    lengths = np.diff(np.append(starts, len(places)))
    rank = np.empty(len(places), np.int64)
    rank[order] = np.arange(len(places)) - np.repeat(starts, lengths)
    return np.lexsort((-strength, rank))
