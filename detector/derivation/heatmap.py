"""The map of differences for people: never over the plain picture, which may be intimate."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from detector.derivation.deriving import Derivation

LONGEST: Final = 512  # pixels of the map
BLUR: Final = 0.04  # of the longer side: shapes are left, nothing to recognise
_VEIL: Final = 0.65  # of the colour, where most differs
_COARSE: Final = 64  # pixels that the picture is shrunk to before it is blurred


def heatmap(suspected: Image.Image, derivation: Derivation) -> Image.Image:
    """The replaced regions in warm colours over a strongly blurred grey picture.

    Where nothing was shown the blurred picture stays as it is. At most LONGEST a side.
    """
    width, height = _size(suspected)
    amount = np.zeros((height, width), np.float32)
    for region in derivation.regions:
        if region.kind == "replaced":
            amount[:] = cv2.resize(region.mask.astype(np.float32), (width, height))
    if derivation.difference is not None:
        amount /= 2
        amount += cv2.resize(derivation.difference, (width, height)) / 510
    return veiled(suspected, amount)


def veiled(picture: Image.Image, amount: NDArray[np.float32]) -> Image.Image:
    """Warm colours over a strongly blurred grey picture, at most LONGEST a side.

    Args:
        picture: RGB.
        amount: (h, w) of any size, 0 to 1, how warm each place is.
    """
    size = _size(picture)
    ground = _blurred(picture, size)
    amount = np.clip(cv2.resize(amount, size), 0, 1)
    colours = cv2.applyColorMap((amount * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    veil = (_VEIL * amount)[:, :, np.newaxis]
    blended = ground * (1 - veil) + colours[:, :, ::-1] * veil
    return Image.fromarray(np.clip(blended, 0, 255).astype(np.uint8))


def _size(picture: Image.Image) -> tuple[int, int]:
    scale = min(1.0, LONGEST / max(picture.size))
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return width, height


def _blurred(image: Image.Image, size: tuple[int, int]) -> NDArray[np.float32]:
    """Grey and (h, w, 3). Shrunk first, so that no sharpening brings anything back."""
    small = image.convert("L")
    small.thumbnail((_COARSE, _COARSE), Image.Resampling.BOX)
    soft = small.filter(ImageFilter.GaussianBlur(BLUR * max(small.size)))
    grey = soft.resize(size, Image.Resampling.BICUBIC)
    return np.asarray(grey.convert("RGB"), dtype=np.float32)
