"""Pseudo-fakes made from harmless photographs, each with the mask of what changed.

They must not know labels or files: a photograph in, its fake and mask out. Outside the
mask the fake equals the photograph to the bit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.training.pictures import Mask, Pixels

Kind = Literal[
    "reconstruction", "regeneration", "upsampling", "inpainting", "splice", "blend"
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
# How much brightness the phases of an enlargement may differ by: hardly visible.
_UNEVEN: Final = 0.004

LOCAL: Final[tuple[Kind, ...]] = ("regeneration", "inpainting", "splice", "blend")


@dataclass(frozen=True, slots=True)
class Material:
    """What fakes are made of, all at the photograph's scale.

    `reconstructions` are of this photograph, (h, w, 3) each, and may be none; `donor`
    is another photograph of any size.
    """

    photo: Pixels
    donor: Pixels
    reconstructions: Sequence[Pixels] = ()


@dataclass(frozen=True, slots=True)
class Fake:
    pixels: Pixels
    mask: Mask


def make(material: Material, kind: Kind, random: np.random.Generator) -> Fake:
    """Make one fake; without reconstructions the kinds that need one upsample."""
    changed, mask = _MAKERS[kind](material, random)
    weights = mask[:, :, None]
    mixed = changed * weights + material.photo * (1 - weights)
    pixels = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return Fake(pixels, mask)


def region(
    shape: tuple[int, int], random: np.random.Generator, share: tuple[float, float]
) -> Mask:
    """Draw a feathered ellipse or polygon.

    Args:
        shape: (height, width).
        random: Decides form, place, size and the width of the seam.
        share: Least and largest area, as shares of the picture's.
    """
    height, width = shape
    area = float(random.uniform(*share)) * height * width
    stretch = float(random.uniform(0.6, 1.7))
    across, down = np.sqrt(area * stretch / np.pi), np.sqrt(area / stretch / np.pi)
    centre = random.uniform((0.2 * width, 0.2 * height), (0.8 * width, 0.8 * height))
    if random.random() < 0.5:
        reach = np.ones(48)
    else:
        corners = int(random.integers(5, 10))
        reach = random.uniform(0.7, 1.3, corners)
    turns = np.linspace(0, 2 * np.pi, reach.size, endpoint=False)
    outline = centre + np.stack(
        (across * reach * np.cos(turns), down * reach * np.sin(turns)), axis=1
    )
    hard = np.zeros(shape, dtype=np.float32)
    cv2.fillPoly(hard, [np.rint(outline).astype(np.int32)], 1.0)
    seam = float(random.uniform(0.5, 0.03 * min(shape) + 1))
    soft = np.asarray(cv2.GaussianBlur(hard, (0, 0), seam), dtype=np.float32)
    soft[soft < 1 / 255] = 0  # so that the mask ends where nothing changes
    return soft


def _whole(photo: Pixels) -> Mask:
    return np.ones(photo.shape[:2], dtype=np.float32)


def _reconstruction(
    material: Material, random: np.random.Generator
) -> tuple[Pixels, Mask]:
    return _generated(material, random), _whole(material.photo)


def _regeneration(
    material: Material, random: np.random.Generator
) -> tuple[Pixels, Mask]:
    """Replace a region of the size of clothing by what a decoder made of it."""
    photo = material.photo
    return _generated(material, random), region(photo.shape[:2], random, (0.05, 0.4))


def _upsampling(material: Material, random: np.random.Generator) -> tuple[Pixels, Mask]:
    photo = material.photo
    mask = _whole(photo)
    if random.random() < 0.5:
        mask = region(photo.shape[:2], random, (0.05, 0.4))
    return _upsampled(photo, random), mask


def _inpainting(material: Material, random: np.random.Generator) -> tuple[Pixels, Mask]:
    """Fill a region from its border: Telea (2004) or Navier-Stokes (Bertalmio 2001)."""
    photo = material.photo
    mask = region(photo.shape[:2], random, (0.02, 0.08))
    method = cv2.INPAINT_TELEA if random.random() < 0.5 else cv2.INPAINT_NS
    hole = (mask > 0).astype(np.uint8)
    filled = cv2.inpaint(photo, hole, 3, method)
    return np.asarray(filled, dtype=np.uint8), mask


def _splice(material: Material, random: np.random.Generator) -> tuple[Pixels, Mask]:
    """Paste a resampled piece of another photograph."""
    photo, donor = material.photo, material.donor
    height, width = photo.shape[:2]
    fit = max(height / donor.shape[0], width / donor.shape[1])
    scale = max(fit, float(random.uniform(0.7, 1.4)))
    size = (
        max(width, round(donor.shape[1] * scale)),
        max(height, round(donor.shape[0] * scale)),
    )
    kernel = int(random.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA)))
    enlarged = np.asarray(cv2.resize(donor, size, interpolation=kernel), dtype=np.uint8)
    top = int(random.integers(enlarged.shape[0] - height + 1))
    left = int(random.integers(enlarged.shape[1] - width + 1))
    piece = enlarged[top : top + height, left : left + width]
    return piece, region((height, width), random, (0.05, 0.3))


def _blend(material: Material, random: np.random.Generator) -> tuple[Pixels, Mask]:
    """Blend a photograph with a slightly changed copy of itself.

    Shiohara and Yamasaki, "Detecting deepfakes with self-blended images" (2022), here
    for any region, since no landmarks are at hand.
    """
    photo = material.photo
    height, width = photo.shape[:2]
    zoom, turn = random.uniform(0.95, 1.05), random.uniform(-2, 2)
    move = cv2.getRotationMatrix2D((width / 2, height / 2), turn, zoom)
    shift = random.uniform(-0.02, 0.02, 2) * np.array((width, height))
    move = np.column_stack((move[:, :2], move[:, 2] + shift))
    moved = cv2.warpAffine(
        photo, move, (width, height), borderMode=cv2.BORDER_REFLECT_101
    )
    toned = np.asarray(moved, dtype=np.float32)
    if random.random() < 0.5:
        soft = np.asarray(cv2.GaussianBlur(toned, (0, 0), 1.0), dtype=np.float32)
        toned = toned + float(random.uniform(-0.7, 0.7)) * (toned - soft)
    lit = toned * random.uniform(0.92, 1.08, 3) + random.uniform(-8, 8, 3)
    changed = np.clip(np.rint(lit), 0, 255).astype(np.uint8)
    return changed, region((height, width), random, (0.05, 0.35))


def _generated(material: Material, random: np.random.Generator) -> Pixels:
    if not material.reconstructions:
        return _upsampled(material.photo, random)
    index = int(random.integers(len(material.reconstructions)))
    return material.reconstructions[index]


def _upsampled(photo: Pixels, random: np.random.Generator) -> Pixels:
    """Reduce, then enlarge by zeros and a slightly uneven kernel, as decoders do.

    Zhang, Karaman and Chang, "Detecting and simulating artifacts in GAN fake images"
    (2019): the uneven phases of a learned kernel are what transposed convolutions
    leave. Part of the lost detail is put back, so that blur is no trace.
    """
    height, width = photo.shape[:2]
    factor = 2 if random.random() < 0.7 else 4
    size = (width // factor, height // factor)
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    sparse = np.zeros((size[1] * factor, size[0] * factor, 3), dtype=np.float32)
    sparse[::factor, ::factor] = small
    kernel = _kernel(factor, random)
    middle = (factor + len(kernel)) // 2 - 1
    made = cv2.filter2D(
        sparse, -1, kernel, anchor=(middle, middle), borderType=cv2.BORDER_REFLECT_101
    )
    rest = (0, height % factor, 0, width % factor)
    made = cv2.copyMakeBorder(made, *rest, cv2.BORDER_REPLICATE)
    detail = photo - cv2.GaussianBlur(photo.astype(np.float32), (0, 0), factor / 2)
    mixed = made + float(random.uniform(0.3, 0.9)) * detail
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _kernel(factor: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Draw a kernel that enlarges by repeating pixels or between them, unevenly."""
    row = np.convolve(np.ones(factor), (1.0, 2.0, 1.0))
    if random.random() < 0.5:
        row = np.convolve(np.convolve(np.ones(factor), np.ones(factor)), (1.0, 1.0))
    kernel = np.outer(row, row) * random.normal(1, 0.15, (len(row), len(row)))
    for phase in np.ndindex(factor, factor):
        part = kernel[phase[0] :: factor, phase[1] :: factor]
        part *= random.normal(1, _UNEVEN) / part.sum()
    return kernel


_Maker = Callable[[Material, np.random.Generator], tuple[Pixels, Mask]]
_MAKERS: Final[dict[Kind, _Maker]] = {
    "reconstruction": _reconstruction,
    "regeneration": _regeneration,
    "upsampling": _upsampling,
    "inpainting": _inpainting,
    "splice": _splice,
    "blend": _blend,
}
