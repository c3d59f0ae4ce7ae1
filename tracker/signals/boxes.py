"""PDQ of any box of a small grey picture, cheaply enough to ask about a dozen of them.

PDQ up to its median is linear in each direction: blur, take 64 samples, keep 16 waves. So
it is a product of matrices that depend on the size of the picture alone.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from tracker.signals.base import SMALL

Floats = npt.NDArray[np.float32]
Box = tuple[float, float, float, float]  # left, top, right, bottom; in its pixels

SAMPLES = 64  # a side, after the blur
WAVES = 16  # a side, of the cosine transform


@dataclass(frozen=True, slots=True)
class BoxHash:
    """PDQ of one box, upright and mirrored, as bits of shape (256,); quality 0 to 100."""

    upright: npt.NDArray[np.bool_]
    mirrored: npt.NDArray[np.bool_]
    quality: int


def hash_box(grey: Image.Image, box: Box) -> BoxHash:
    """PDQ of what lies in a box of a grey picture.

    The box is brought to SMALL pixels first, as if it were a picture of its own.
    """
    width, height = box[2] - box[0], box[3] - box[1]
    scale = SMALL / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    pixels = grey.resize(size, Image.Resampling.BILINEAR, box=box)
    across, down = _sampling(size[0]), _sampling(size[1])
    rows = down @ np.asarray(pixels, np.float32)
    upright, mirrored = rows @ across.T, rows @ across[:, ::-1].T
    return BoxHash(_bits(upright), _bits(mirrored), _quality(upright))


@lru_cache(maxsize=SMALL)
def _sampling(length: int) -> Floats:
    """What takes a line of pixels to PDQ's 64 samples, of shape (64, length).

    The steps of the reference implementation (downscaling.cpp): a box filter run twice,
    its window cut short at the ends, then single pixels.
    """
    window = (length + 2 * SAMPLES - 1) // (2 * SAMPLES)
    ahead = (
        window + 2
    ) // 2  # pixels from the middle on; an even window leans forwards
    place = np.arange(length)
    offset = place[np.newaxis, :] - place[:, np.newaxis]
    reached = (offset < ahead) & (offset >= ahead - window)
    blur = reached / reached.sum(axis=1, keepdims=True)
    taken = ((np.arange(SAMPLES) + 0.5) * length / SAMPLES).astype(int)
    return np.asarray(blur[taken] @ blur, np.float32)


@lru_cache(maxsize=1)
def _waves() -> Floats:
    """The cosines of PDQ's transform, of shape (16, 64); it leaves the constant out."""
    wave = np.arange(1, WAVES + 1)[:, np.newaxis]
    place = np.arange(SAMPLES)[np.newaxis, :]
    cosines = np.cos(np.pi / (2 * SAMPLES) * wave * (2 * place + 1))
    return np.asarray(np.sqrt(2 / SAMPLES) * cosines, np.float32)


def _bits(samples: Floats) -> npt.NDArray[np.bool_]:
    waves = np.asarray(_waves() @ samples @ _waves().T, np.float32)
    return np.asarray(waves > _lower_median(waves)).ravel()[
        ::-1
    ]  # the first bit lowest


def _lower_median(values: Floats) -> float:
    """The lower of the two middle ones, as PDQ takes it."""
    middle = (values.size - 1) // 2
    return float(np.partition(values, middle, axis=None)[middle])


def _quality(samples: Floats) -> int:
    """How much neighbours differ, as PDQ counts it: 0 for nothing, 100 for plenty."""
    steps = (np.diff(samples, axis=axis) * 100 / 255 for axis in (0, 1))
    total = sum(int(np.abs(np.trunc(step)).sum()) for step in steps)
    return min(100, total // 90)
