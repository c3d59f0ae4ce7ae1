"""PDQ of a small grey picture and of boxes in it, cheaply enough to ask for all its forms.

PDQ up to its median is linear in each direction: enlarge, blur, take 64 samples, keep 16
waves. Each sample is a weighted sum of a few pixels, and which ones depends on sizes
alone: what is flipped, transposed or cut out costs a few sums more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tracker.images import SMALL

Floats = npt.NDArray[np.float32]
Grey = npt.NDArray[np.uint8]  # levels, of shape (height, width)
Bits = npt.NDArray[np.bool_]
Box = tuple[float, float, float, float]  # left, top, right, bottom; in its pixels

SAMPLES = 64  # a side, after the blur
WAVES = 16  # a side, of the cosine transform
LEAST_PIXELS = 5  # a side; the reference implementation hashes nothing smaller


@dataclass(frozen=True, slots=True)
class WholeHash:
    """PDQ of a picture in its eight dihedral forms, of shape (8, 256); quality 0 to 100.

    In pairs, each with its transpose: upright, mirrored, flipped, turned upside down.
    """

    forms: Bits
    quality: int


@dataclass(frozen=True, slots=True)
class BoxHash:
    """PDQ of one box, upright and mirrored, as bits of shape (256,); quality 0 to 100."""

    upright: Bits
    mirrored: Bits
    quality: int


def hash_whole(levels: Floats, size: tuple[int, int]) -> WholeHash:
    """PDQ of a picture in levels of grey, brought to `size` (width, height) first."""
    if min(size) < LEAST_PIXELS:
        return WholeHash(np.zeros((8, 256), np.bool_), 0)
    height, width = levels.shape
    across, down = _lines(width, 0, width, size[0]), _lines(height, 0, height, size[1])
    rows = _sums(down, levels)
    samples = _sums(across, np.ascontiguousarray(rows.T)).T
    quarters = samples.reshape(2, SAMPLES, 2, SAMPLES).swapaxes(1, 2)
    waves = _waves_of(quarters.reshape(4, SAMPLES, SAMPLES))
    both = np.stack([waves, waves.swapaxes(1, 2)], axis=1)
    return WholeHash(
        _bits(both.reshape(8, WAVES, WAVES)), int(_quality(quarters[0, 0]))
    )


def hash_boxes(grey: Grey, boxes: Sequence[Box]) -> list[BoxHash]:
    """PDQ of what lies in each box of a grey picture of at most SMALL x SMALL pixels.

    Each is brought to SMALL pixels first, as if it were a picture of its own.
    """
    if not boxes:
        return []
    height, width = grey.shape
    levels = grey.astype(np.float32)
    columns: dict[tuple[float, float, int], Floats] = {}  # of rows that are sampled
    samples = np.empty((len(boxes), 2 * SAMPLES, SAMPLES), np.float32)
    for at, (left, top, right, bottom) in enumerate(boxes):
        scale = SMALL / max(right - left, bottom - top)
        wide, high = (max(1, round(s * scale)) for s in (right - left, bottom - top))
        if (top, bottom, high) not in columns:
            rows = _sums(_lines(height, top, bottom, high).upright, levels)
            columns[top, bottom, high] = np.ascontiguousarray(rows.T)
        across = _lines(width, left, right, wide)
        samples[at] = _sums(across, columns[top, bottom, high])
    samples = samples.swapaxes(1, 2)
    upright, mirrored = samples[:, :, :SAMPLES], samples[:, :, SAMPLES:]
    bits = (_bits(_waves_of(each)) for each in (upright, mirrored))
    qualities = (int(quality) for quality in _quality(upright))
    return [BoxHash(*one) for one in zip(*bits, qualities, strict=True)]


@dataclass(frozen=True, slots=True)
class _Lines:
    """Which pixels of a line to take for each sample, and their weights; (n, few) both."""

    taken: npt.NDArray[np.intp]
    weights: Floats

    @property
    def upright(self) -> "_Lines":
        return _Lines(self.taken[:SAMPLES], self.weights[:SAMPLES])


@lru_cache(maxsize=1024)
def _lines(length: int, start: float, end: float, size: int) -> _Lines:
    """What takes a line of pixels to the 64 samples of a part of it, there and back.

    Of the part from `start` to `end` brought to `size` pixels, then of the same mirrored:
    128 in all.
    """
    sampling = _sampling(size)
    both = np.concatenate([sampling, sampling[:, ::-1]])
    if (start, end, size) != (0, length, length):
        both = both @ resizing(length, start, end, size)
    first = (both > 0).argmax(axis=1)
    few = length - np.min(first + (both[:, ::-1] > 0).argmax(axis=1))
    taken = np.minimum(first, length - few)[:, np.newaxis] + np.arange(few)
    return _Lines(taken, np.take_along_axis(both, taken, axis=1))


def _sums(lines: _Lines, levels: Floats) -> Floats:
    """The samples along the first axis: from shape (length, m) to (n, m).

    No product of whole matrices: nearly all their weights would be nought, and for large
    ones BLAS wakes threads, which cost more than they bring.
    """
    summed = np.matmul(lines.weights[:, np.newaxis], levels[lines.taken])
    return np.asarray(summed[:, 0])


def resizing(length: int, start: float, end: float, size: int) -> Floats:
    """What brings a part of a line of pixels to another size, of shape (size, length).

    Each is a blend of those next to it (a triangle filter), of which some may lie beyond
    the part: as Pillow resizes a box.
    """
    scale = (end - start) / size
    middle = start + (np.arange(size) + 0.5) * scale
    offset = (np.arange(length) + 0.5 - middle[:, np.newaxis]) / max(scale, 1)
    near = np.maximum(0, 1 - np.abs(offset))
    return np.asarray(near / near.sum(axis=1, keepdims=True), np.float32)


@lru_cache(maxsize=SMALL)
def _sampling(length: int) -> Floats:
    """What takes a line of pixels to PDQ's 64 samples, of shape (64, length).

    The steps of the reference implementation (downscaling.cpp): a box filter run twice,
    its window cut short at the ends, then single pixels.
    """
    window = (length + 2 * SAMPLES - 1) // (2 * SAMPLES)
    ahead = (window + 2) // 2  # from the middle on; an even window leans forwards
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


def _waves_of(samples: Floats) -> Floats:
    """From shape (n, 64, 64) to (n, 16, 16)."""
    return np.asarray(_waves() @ samples @ _waves().T, np.float32)


def _bits(waves: Floats) -> Bits:
    """From shape (n, 16, 16) to (n, 256): which exceed the lower of the two middle ones.

    The first wave is the last bit, as PDQ has it.
    """
    flat = waves.reshape(len(waves), -1)
    middle = (flat.shape[1] - 1) // 2
    median = np.partition(flat, middle, axis=1)[:, middle, np.newaxis]
    return np.asarray(flat > median)[:, ::-1]


def _quality(samples: Floats) -> npt.NDArray[np.int64]:
    """How much neighbours differ, as PDQ counts it: 0 for nothing, 100 for plenty."""
    total = sum(
        np.abs(np.trunc(np.diff(samples, axis=axis) * 100 / 255)).sum(axis=(-2, -1))
        for axis in (-2, -1)
    )
    return np.minimum(100, np.asarray(total, np.int64) // 90)
