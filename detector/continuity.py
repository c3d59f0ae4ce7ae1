"""How a video runs from one sampled frame to the next: a measurement, no evidence.

It must not know what a finding is. Nothing here is calibrated: how abrupt honest videos
are was not counted, so it only says where to look.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.measurements.crop import middle
from detector.measurements.noise import noise_map

_MIN_SIDE: Final = 64
_SMALL: Final = (32, 32)
# Grey levels of noise, and the same of sharpness, below which a ratio says nothing.
_FLOOR: Final = 0.25
# The share of the brightness range that changes anyway between frames that look alike.
_STILL: Final = 0.02


@dataclass(frozen=True, slots=True)
class Look:
    """What is remembered of one frame, so that no frame has to be kept."""

    at: float  # seconds
    scene: NDArray[np.float32]  # (32, 32), 0 to 1
    noise: float  # grey levels
    sharpness: float  # grey levels
    patches: NDArray[np.float32] | None  # a model's map, 0 to 1


@dataclass(frozen=True, slots=True)
class Continuity:
    """Ratios of the later frame to the earlier or the other way round, at least 1.

    `patches` is the mean change of a model's map, 0 to 1, or None without a map;
    `moment` is the later frame's of the pair that changes most for how little its
    scene does.
    """

    pairs: int
    noise: float  # the median over all pairs
    sharpness: float
    most_noise: float
    most_sharpness: float
    patches: float | None
    moment: float


def look(
    at: float, image: Image.Image, patches: NDArray[np.float32] | None = None
) -> Look | None:
    """Take what there is to compare of an RGB frame; None of one that is too small."""
    if min(image.size) < _MIN_SIDE:
        return None
    luma = middle(image)
    small = image.convert("L").resize(_SMALL, Image.Resampling.BOX)
    edges = cv2.Laplacian(luma, cv2.CV_32F)
    return Look(
        at=at,
        scene=np.asarray(small, dtype=np.float32) / np.float32(255),
        noise=noise_map(luma).median,
        sharpness=float(np.mean(np.abs(edges))),
        patches=patches,
    )


def continuity(looks: Iterable[Look]) -> Continuity | None:
    """Compare neighbours; None where there are no two of them."""
    seen = list(looks)
    steps = [_step(*pair) for pair in itertools.pairwise(seen)]
    if not steps:
        return None
    noise, sharpness, scene = (np.array(row) for row in zip(*steps, strict=True))
    changes = [_patches(*pair) for pair in itertools.pairwise(seen)]
    known = [change for change in changes if change is not None]
    abrupt = (np.log2(noise) + np.log2(sharpness)) / (scene + _STILL)
    return Continuity(
        pairs=len(steps),
        noise=float(np.median(noise)),
        sharpness=float(np.median(sharpness)),
        most_noise=float(noise.max()),
        most_sharpness=float(sharpness.max()),
        patches=float(np.median(known)) if known else None,
        moment=seen[int(np.argmax(abrupt)) + 1].at,
    )


def _step(before: Look, after: Look) -> tuple[float, float, float]:
    """Return the ratios of noise and sharpness, and the share that the scene changed."""
    scene = float(np.mean(np.abs(after.scene - before.scene)))
    return (
        _ratio(before.noise, after.noise),
        _ratio(before.sharpness, after.sharpness),
        scene,
    )


def _ratio(one: float, other: float) -> float:
    low, high = sorted((max(one, _FLOOR), max(other, _FLOOR)))
    return high / low


def _patches(before: Look, after: Look) -> float | None:
    if before.patches is None or after.patches is None:
        return None
    if before.patches.shape != after.patches.shape:
        return None
    return float(np.mean(np.abs(after.patches - before.patches)))
