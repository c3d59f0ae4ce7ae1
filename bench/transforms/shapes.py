"""Transforms that move pixels: crops, turns, sizes."""

import math

from numpy.random import Generator
from PIL import Image, ImageOps


def resize_quarter(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 4, image.height // 4), Image.Resampling.LANCZOS)


def squeezed_to_80(image: Image.Image) -> Image.Image:
    return image.resize((round(image.width * 0.8), image.height))


def crop_10(image: Image.Image) -> Image.Image:
    return crop(image, 0.90)


def crop_25(image: Image.Image) -> Image.Image:
    return crop(image, 0.75)


def crop_50(image: Image.Image) -> Image.Image:
    return crop(image, 0.50)


def zoom_2x(image: Image.Image) -> Image.Image:
    return crop(image, 0.25).resize(image.size, Image.Resampling.BICUBIC)


def crop_right_15(image: Image.Image) -> Image.Image:
    return image.crop((0, 0, round(image.width * 0.85), image.height))


def crop_to_square(image: Image.Image) -> Image.Image:
    return ImageOps.fit(image, (min(image.size),) * 2)


def rotate_5_in_black(image: Image.Image) -> Image.Image:
    return image.rotate(5, Image.Resampling.BICUBIC, expand=True)


def rotate_5_inscribed(image: Image.Image) -> Image.Image:
    return _inscribed(image, 5)


def rotate_15(image: Image.Image) -> Image.Image:
    return image.rotate(15, Image.Resampling.BICUBIC, expand=True)


def rotate_90(image: Image.Image) -> Image.Image:
    return image.transpose(Image.Transpose.ROTATE_90)


def mirrored(image: Image.Image) -> Image.Image:
    return ImageOps.mirror(image)


def perspective_6(image: Image.Image) -> Image.Image:
    """Seen from a side: the left edge 6 % further away at both ends."""
    width, height = image.size
    slant = 0.06 * height
    corners = (0, slant, 0, height - slant, width, height, width, 0)
    return image.transform(
        image.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC
    )


def crop(image: Image.Image, keep: float) -> Image.Image:
    """The middle, with that share of the area."""
    return _part(image, keep, 0.5, 0.5)


def random_crop(image: Image.Image, keep: float, chance: Generator) -> Image.Image:
    """That share of the area from anywhere in the picture, in its shape."""
    return _part(image, keep, chance.uniform(), chance.uniform())


def _part(image: Image.Image, keep: float, x: float, y: float) -> Image.Image:
    width, height = (round(side * keep**0.5) for side in image.size)
    left, top = round((image.width - width) * x), round((image.height - height) * y)
    return image.crop((left, top, left + width, top + height))


def _inscribed(image: Image.Image, degrees: float) -> Image.Image:
    """Turned, and cut to the largest part of the same shape without corners."""
    turned = image.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    wide, tall = image.size
    scale = min(
        wide / (wide * cosine + tall * sine), tall / (wide * sine + tall * cosine)
    )
    width, height = round(wide * scale), round(tall * scale)
    left, top = (turned.width - width) // 2, (turned.height - height) // 2
    return turned.crop((left, top, left + width, top + height))
