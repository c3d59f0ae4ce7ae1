"""The invisible watermark that the first programs for Stable Diffusion and FLUX write.

The method is "dwtDct" of invisible-watermark (ShieldMnt, 2021): one bit in the largest
coefficient of each 4 x 4 block of the blue chroma's coarse Haar band. It must not know
what a watermark means.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SCALE: Final = 36
_BLOCK: Final = 4
MIN_SIDE: Final = 256  # the writer leaves smaller pictures alone
# Generators make no larger ones, and a resized one has lost the mark.
MAX_PIXELS: Final = 1 << 22


def _bits(text: bytes) -> NDArray[np.uint8]:
    return np.unpackbits(np.frombuffer(text, np.uint8))


def _number(value: int) -> NDArray[np.uint8]:
    """Its binary digits, without leading zeros: so the writers take theirs."""
    return np.array([int(digit) for digit in f"{value:b}"], np.uint8)


# What the published programs write. A picture without a mark gives digits that follow
# its content; that they agree in 32 or more places is not seen by chance.
_PAYLOADS: Final = {
    "Stable Diffusion 1": _bits(b"StableDiffusionV1"),
    "Stable Diffusion 2": _bits(b"SDV2"),
    "Stable Diffusion XL": _number(0xB3EC907BB19E),
    "FLUX": _number(0x2AFE879CF52E),
}


def written_by(image: Image.Image) -> str:
    """Return whose known watermark an RGB picture holds without an error, or ""."""
    width, height = image.size
    if min(width, height) < MIN_SIDE or width * height > MAX_PIXELS:
        return ""
    digits = _digits(np.asarray(image))
    for tool, payload in _PAYLOADS.items():
        place = np.arange(digits.size) % payload.size
        ones = np.bincount(place, weights=digits, minlength=payload.size)
        share = ones / np.bincount(place, minlength=payload.size)
        if np.array_equal(share > 0.5, payload):
            return tool
    return ""


def _digits(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Read the digit of every block, row by row.

    Args:
        rgb: (h, w, 3), h and w at least 8.
    """
    chroma = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV)[..., 1].astype(np.float32)
    chroma = chroma[: rgb.shape[0] // 4 * 4, : rgb.shape[1] // 4 * 4]
    coarse = (
        chroma[::2, ::2] + chroma[::2, 1::2] + chroma[1::2, ::2] + chroma[1::2, 1::2]
    ) / 2
    rows, columns = (length // _BLOCK for length in coarse.shape)
    cut = coarse[: rows * _BLOCK, : columns * _BLOCK]
    cells = cut.reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2)
    values = np.abs(cells.reshape(rows * columns, _BLOCK * _BLOCK)[:, 1:])
    digits: NDArray[np.bool_] = values.max(axis=1) % _SCALE > _SCALE / 2
    return digits
