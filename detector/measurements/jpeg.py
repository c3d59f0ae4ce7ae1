"""What JPEG compression left behind: its tables, earlier qualities, the error level."""

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.measurements.crop import Luma, blocks

# ITU-T T.81, annex K, table K.1 (luminance), row by row.
_STANDARD: Final = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
).ravel()
_QUALITIES: Final = range(50, 96, 5)
_BLOCK: Final = 16
_TEXTURED: Final = 2.0  # grey levels of deviation; smooth blocks fit every quality
_DIP: Final = 0.9  # a ghost's change against that at five less and five more
_DIP_OF_BLOCK: Final = 0.5  # the same for one block, where chance does more


@dataclass(frozen=True, slots=True)
class Tables:
    quality: int  # 1 to 100, on the scale of the Independent JPEG Group
    standard: bool  # exactly the standard tables at that quality


@dataclass(frozen=True, slots=True)
class Ghosts:
    qualities: tuple[int, ...]  # where the picture changes least, local minima
    share: float  # of textured blocks that have a ghost which the whole has not


@dataclass(frozen=True, slots=True)
class ErrorLevel:
    median: float  # grey levels of change of the median block
    ratio: float  # of the 95th percentile to the median


def quantisation(tables: object) -> Tables | None:
    """Estimate the quality from the luminance table that a JPEG carries.

    The Independent JPEG Group's scaling of the standard table is inverted by trying
    all hundred qualities (Neelamani et al., "JPEG compression history estimation for
    color images", 2006, describe tables as history).

    Args:
        tables: What Pillow gives: table number -> 64 values row by row. Anything else
            is answered with None.
    """
    luminance = tables.get(0) if isinstance(tables, dict) else None
    if not isinstance(luminance, list | tuple) or len(luminance) != _STANDARD.size:
        return None
    if not all(isinstance(value, int) and 0 < value < 1 << 16 for value in luminance):
        return None
    found = np.array(luminance)
    # Compared as ratios, so that the few large steps do not outweigh the many small.
    distances = [np.abs(np.log(found / _scaled(q))).sum() for q in range(1, 101)]
    best = int(np.argmin(distances))
    return Tables(quality=best + 1, standard=distances[best] == 0)


def _scaled(quality: int) -> NDArray[np.int_]:
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    scaled: NDArray[np.int_] = np.clip((_STANDARD * scale + 50) // 100, 1, 255)
    return scaled


def ghosts(luma: Luma) -> Ghosts:
    """Look for qualities at which the picture, or a part, was saved before.

    Farid, "Exposing digital forgeries from JPEG ghosts" (2009): what was once saved at
    a quality changes little when it is saved at it again.

    Args:
        luma: (h, w), h and w at least 16, beginning at a corner of a JPEG cell.
    """
    errors = np.stack([_change(luma, quality) for quality in _QUALITIES])
    textured = blocks(luma, _BLOCK).std(axis=2) > _TEXTURED
    if not textured.any():
        return Ghosts(qualities=(), share=0.0)
    chosen = errors[:, textured]  # (qualities, textured blocks)
    whole = _dips(chosen.mean(axis=1), _DIP)
    parts = _dips(chosen, _DIP_OF_BLOCK) & ~whole[:, None]
    return Ghosts(
        qualities=tuple(_QUALITIES[index] for index in np.flatnonzero(whole)),
        share=float(parts.any(axis=0).mean()),
    )


def _dips(curves: NDArray[np.float32], depth: float) -> NDArray[np.bool_]:
    """Mark, along the first axis, what lies clearly below both of its neighbours."""
    dips = np.zeros(curves.shape, dtype=np.bool_)
    dips[1:-1] = curves[1:-1] < depth * np.minimum(curves[:-2], curves[2:])
    return dips


def error_level(luma: Luma) -> ErrorLevel:
    """Save again at quality 90 and see how much each block changes.

    Krawetz, "A picture's worth: digital image analysis and forensics" (2007).

    Args:
        luma: (h, w), h and w at least 16.
    """
    change = np.sqrt(_change(luma, 90))
    median, most = np.percentile(change, [50, 95])
    return ErrorLevel(median=float(median), ratio=float(most / max(median, 0.1)))


def _change(luma: Luma, quality: int) -> NDArray[np.float32]:
    """Return the mean squared change of each block when saved again: (h/16, w/16)."""
    saved = io.BytesIO()
    Image.fromarray(luma.astype(np.uint8)).save(saved, "JPEG", quality=quality)
    again = np.asarray(Image.open(saved), dtype=np.float32)
    squared: NDArray[np.float32] = blocks((again - luma) ** 2, _BLOCK).mean(axis=2)
    return squared
