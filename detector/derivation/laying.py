"""An original laid over a suspected picture: the same frame, scale and colours."""

import math
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.derivation.bending import Bend
from detector.derivation.registering import Mapping, Matrix, projected

Levels = NDArray[np.float32]  # (h, w, 3), 0 to 255
Mask = NDArray[np.bool_]  # (h, w)

LONGEST: Final = 480  # pixels of the frame that both are compared in


def highest(levels: Levels) -> NDArray[np.float32]:
    """The largest of each pixel's channels, (h, w). NumPy's own takes ten times longer."""
    return np.maximum(np.maximum(levels[..., 0], levels[..., 1]), levels[..., 2])


def lowest(levels: Levels) -> NDArray[np.float32]:
    """The smallest of each pixel's channels, (h, w)."""
    return np.minimum(np.minimum(levels[..., 0], levels[..., 1]), levels[..., 2])


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture in the size of comparison, and how the small one's places lie in it."""

    levels: Levels
    scale: tuple[float, float]  # pixels of the frame for one of the small picture

    @property
    def shape(self) -> tuple[int, int]:
        return self.levels.shape[0], self.levels.shape[1]

    def places(self, places: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.asarray(places[:, :2] * self.scale)


def framed(image: Image.Image, small: tuple[int, int]) -> Frame:
    """Bring a suspected picture to the size of comparison; `small` is its features'."""
    scale = min(1.0, LONGEST / max(image.size))
    width, height = (max(1, round(side * scale)) for side in image.size)
    resized = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    levels = np.asarray(resized, dtype=np.float32)
    return Frame(levels, (width / small[0], height / small[1]))


def laid(
    original: Image.Image,
    small: tuple[int, int],
    mapping: Mapping,
    bent: Bend | None,
    frame: Frame,
) -> tuple[Levels, Mask]:
    """The original as the frame shows it, and where it reaches.

    Read from no more than the part that is shown, at about the frame's scale: a crop
    is compared at its own sharpness, and a panorama costs no more than a photo.
    """
    height, width = frame.shape
    to_small = _scaling(small[0] / original.width, small[1] / original.height)
    to_frame = _scaling(*frame.scale) @ mapping.matrix @ to_small
    to_original = np.asarray(np.linalg.inv(to_frame), np.float64)
    box = _shown(to_original, original.size, frame.shape)
    if box is None:
        return np.zeros((height, width, 3), np.float32), np.zeros(frame.shape, np.bool_)
    left, top, right, bottom = box
    factor = min(1.0, 1.2 * _growth(to_frame, box))
    factor = min(factor, 2 * LONGEST / max(right - left, bottom - top))
    size = (
        max(1, round((right - left) * factor)),
        max(1, round((bottom - top) * factor)),
    )
    part = original.resize(size, Image.Resampling.BILINEAR, box, reducing_gap=2.0)
    patch = np.asarray(part, np.float32)
    # Centres of pixels lie at halves in all three pictures, and OpenCV's at wholes.
    onto = (
        _shifting(-0.5, -0.5)
        @ to_frame
        @ _shifting(left, top)
        @ _scaling((right - left) / size[0], (bottom - top) / size[1])
        @ _shifting(0.5, 0.5)
    )
    # Beyond its edges go the edges' own colours, which no mask needs to be rid of.
    levels = _warped(patch, onto, bent, frame, cv2.INTER_LINEAR, cv2.BORDER_REPLICATE)
    ones = np.ones(patch.shape[:2], np.uint8)
    reach = _warped(ones, onto, bent, frame, cv2.INTER_NEAREST, cv2.BORDER_CONSTANT)
    inner = cv2.erode(reach, np.ones((3, 3), np.uint8), borderValue=1)
    return np.asarray(levels, np.float32), np.asarray(inner) > 0


def _warped(
    patch: NDArray[Any],
    onto: Matrix,
    bent: Bend | None,
    frame: Frame,
    how: int,
    beyond: int,
) -> NDArray[Any]:
    height, width = frame.shape
    if bent is None:
        size = (width, height)
        return np.asarray(
            cv2.warpPerspective(patch, onto, size, flags=how, borderMode=beyond)
        )
    y, x = np.mgrid[0:height, 0:width].reshape(2, -1).astype(np.float64)
    here = np.stack([x, y], axis=1)
    straight = here - bent.at((here + 0.5) / frame.scale) * frame.scale
    inverse = np.asarray(np.linalg.inv(onto), np.float64)
    there = projected(inverse, straight).astype(np.float32)
    wide, high = there.reshape(height, width, 2).transpose(2, 0, 1)
    maps = np.ascontiguousarray(wide), np.ascontiguousarray(high)
    return np.asarray(cv2.remap(patch, *maps, how, borderMode=beyond))


def _shown(
    to_original: Matrix, size: tuple[int, int], shape: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """The box of the original that the frame shows, with a margin; None for nothing."""
    height, width = shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    seen = projected(to_original, corners)
    if not np.isfinite(seen).all():
        seen = np.array([(0, 0), size], np.float64)
    margin = 2 + 0.02 * max(size)
    left, top = np.clip(np.floor(seen.min(axis=0) - margin), 0, size).astype(int)
    right, bottom = np.clip(np.ceil(seen.max(axis=0) + margin), 0, size).astype(int)
    if right - left < 2 or bottom - top < 2:
        return None
    return int(left), int(top), int(right), int(bottom)


def _growth(matrix: Matrix, box: tuple[int, int, int, int]) -> float:
    """Times that the middle of a box grows."""
    left, top, right, bottom = box
    here = np.array([((left + right) / 2, (top + bottom) / 2)])
    right_, down = (
        (projected(matrix, here + step) - projected(matrix, here))[0]
        for step in ((1.0, 0.0), (0.0, 1.0))
    )
    return math.sqrt(abs(float(right_[0] * down[1] - right_[1] * down[0])))


def _scaling(x: float, y: float) -> Matrix:
    return np.diag([x, y, 1.0])


def _shifting(x: float, y: float) -> Matrix:
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])
