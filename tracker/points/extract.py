"""From a picture to its points: corners at several scales, spread over all of it."""

import math

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from tracker.images import Picture
from tracker.points.base import LONGEST, MOST, WIDTH, Places, Points, made

Grey = npt.NDArray[np.uint8]

AREA = (
    480 * 480
)  # pixels: a tall screenshot shows its picture no smaller than a post does
LONGEST_SIDE = min(1280, LONGEST)

CELLS = 8  # a side: one richly textured corner must not take all points
CANDIDATES = 3000
STEP, LEVELS = 1.2, 10  # of the pyramid: a copy five times smaller still meets
LEAST_CONTRAST = 5  # levels that a corner differs by
MARGIN = 16


def points_of(picture: Picture) -> Points:
    """What a bank keeps of a picture: at most MOST points. Deterministic."""
    return _points(_small(picture.image))


def asked_points(picture: Picture) -> tuple[Points, Points]:
    """What a lookup asks with: the points of the picture and of its mirror image."""
    grey = _small(picture.image)
    return _points(grey), _points(ImageOps.mirror(grey))


def _small(image: Image.Image) -> Image.Image:
    grey = image.convert("L")
    scale = min(
        math.sqrt(AREA / (grey.width * grey.height)), LONGEST_SIDE / max(grey.size)
    )
    if scale >= 1:
        return grey
    size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
    return grey.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.5)


def _points(image: Image.Image) -> Points:
    grey = np.asarray(image)
    # A finder of its own for each call: OpenCV says nothing of sharing one.
    finder = cv2.ORB.create(
        CANDIDATES, STEP, LEVELS, MARGIN, fastThreshold=LEAST_CONTRAST
    )
    found, descriptors = finder.detectAndCompute(grey, None)
    if not found:
        return made(
            np.empty((0, 4), np.float32), np.empty((0, WIDTH), np.uint8), image.size
        )
    places = np.array([(*p.pt, p.size, p.angle) for p in found], np.float32)
    strength = np.array([p.response for p in found])
    kept = _spread(places, strength, image.size)
    return made(places[kept], np.asarray(descriptors, np.uint8)[kept], image.size)


def _spread(
    places: Places, strength: npt.NDArray[np.float64], size: tuple[int, int]
) -> npt.NDArray[np.int64]:
    """The best point of each cell of a grid, then the second of each, and so on."""
    column, row = (
        np.minimum(places[:, axis] * CELLS // size[axis], CELLS - 1) for axis in (0, 1)
    )
    cell = row * CELLS + column
    order = np.lexsort((-strength, cell))
    starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
    rank = np.empty(len(places), np.int64)
    lengths = np.diff(np.append(starts, len(places)))
    rank[order] = np.arange(len(places)) - np.repeat(starts, lengths)
    return np.asarray(np.lexsort((-strength, rank))[:MOST])
