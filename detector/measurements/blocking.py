"""The 8 x 8 grid that JPEG leaves in pixels: is it there, where, and is it one grid."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detector.measurements.crop import Luma

_CELL: Final = 8
_TILE: Final = 128
_CLIP: Final = 12.0  # grey levels: an edge of the scene counts no more than this
_CONTRAST: Final = 0.08  # how far the grid's phase must stand out of the other seven
_TILE_CONTRAST: Final = 0.25  # the same for one tile, where chance does more


@dataclass(frozen=True, slots=True)
class Grid:
    x: int  # where its cells begin, 0 to 7 pixels from the corner
    y: int
    share: float  # of tiles with a clear grid whose grid begins elsewhere


def grid(luma: Luma) -> Grid | None:
    """Find where the strongest 8 x 8 grid begins, or None where no grid stands out.

    Steps across block boundaries, as in Fan and de Queiroz, "Identification of bitmap
    compression history" (2003); comparing tiles, as in Li, Yuan and Yu, "Passive
    detection of doctored JPEG image via block artifact grid extraction" (2009).

    Args:
        luma: (h, w), h and w at least 64, beginning at a corner of a JPEG cell.
    """
    across, down = _phases(luma), _phases(luma.T).swapaxes(0, 1)
    x, x_contrast = _strongest(across.mean(axis=(0, 1)))
    y, y_contrast = _strongest(down.mean(axis=(0, 1)))
    if min(x_contrast, y_contrast) < _CONTRAST:
        return None
    tile_x, x_contrasts = _strongest(across)
    tile_y, y_contrasts = _strongest(down)
    clear = np.minimum(x_contrasts, y_contrasts) >= _TILE_CONTRAST
    elsewhere = ((tile_x != x) | (tile_y != y)) & clear
    share = float(elsewhere.sum() / max(clear.sum(), 1))
    return Grid(x=int(x), y=int(y), share=share)


def _phases(luma: Luma) -> NDArray[np.float32]:
    """Return the mean step for each tile and each of eight phases: (rows, columns, 8).

    Entry p is the step between the pixels p - 1 and p of each run of eight.
    """
    step = np.zeros_like(luma)
    # The third difference answers to a step between two even halves, not to a slope.
    third = np.abs(luma[:, :-3] - 3 * luma[:, 1:-2] + 3 * luma[:, 2:-1] - luma[:, 3:])
    step[:, 2:-1] = np.minimum(third, _CLIP)
    height, width = (max(length // _TILE, 1) for length in luma.shape)
    tall, wide = (min(length, _TILE) // _CELL * _CELL for length in luma.shape)
    cut = step[: height * tall, : width * wide]
    tiled = cut.reshape(height, tall, width, wide // _CELL, _CELL)
    phases: NDArray[np.float32] = tiled.mean(axis=(1, 3))
    return phases


def _strongest(
    phases: NDArray[np.float32],
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return, over the last axis, the strongest phase and its contrast to the rest."""
    others = np.median(phases, axis=-1)
    contrast = phases.max(axis=-1) / np.maximum(others, 0.05) - 1
    return phases.argmax(axis=-1), contrast
