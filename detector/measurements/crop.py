"""The part of a picture that is measured: one crop of bounded size, as grey levels."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Grey levels 0 to 255, float32, shape (height, width).
Luma = NDArray[np.float32]

SIDE: Final = 1024
_CELL: Final = 8  # the crop begins at a corner of a JPEG cell, so that grids stay put


def middle(image: Image.Image) -> Luma:
    """Return the luma (ITU-R BT.601) of the picture's middle, at most SIDE a side."""
    left, top = (
        (length - min(length, SIDE)) // 2 // _CELL * _CELL for length in image.size
    )
    right, bottom = min(left + SIDE, image.width), min(top + SIDE, image.height)
    grey = image.crop((left, top, right, bottom)).convert("L")
    return np.asarray(grey, dtype=np.float32)


def blocks(values: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Cut an array (h, w) into whole blocks: (h // side, w // side, side * side)."""
    rows, columns = values.shape[0] // side, values.shape[1] // side
    cut = values[: rows * side, : columns * side]
    tiled = cut.reshape(rows, side, columns, side).swapaxes(1, 2)
    return tiled.reshape(rows, columns, side * side)
