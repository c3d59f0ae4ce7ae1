"""Transforms that leave every pixel in its place: light, noise, and what is put on top."""

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Levels = npt.NDArray[np.float64]


def saved(image: Image.Image, quality: int) -> Image.Image:
    """As a JPEG file gives it back."""
    held = io.BytesIO()
    image.save(held, "JPEG", quality=quality)
    with Image.open(held) as opened:
        return opened.convert("RGB")


def jpeg_30(image: Image.Image) -> Image.Image:
    return saved(image, 30)


def grey(image: Image.Image) -> Image.Image:
    return image.convert("L").convert("RGB")


def darker_by_50(image: Image.Image) -> Image.Image:
    return _changed(_levels(image) * 0.5)


def brighter_by_50(image: Image.Image) -> Image.Image:
    return _changed(_levels(image) * 1.5)


def contrast_by_60(image: Image.Image) -> Image.Image:
    levels = _levels(image)
    return _changed((levels - levels.mean()) * 1.6 + levels.mean())


def gamma_half(image: Image.Image) -> Image.Image:
    return _changed(255 * (_levels(image) / 255) ** 0.5)


def gamma_two(image: Image.Image) -> Image.Image:
    return _changed(255 * (_levels(image) / 255) ** 2)


def noise(image: Image.Image) -> Image.Image:
    levels = _levels(image)
    return _changed(levels + np.random.default_rng(1).normal(0, 15, levels.shape))


def blur_4(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(4))


def beauty_filter(image: Image.Image) -> Image.Image:
    """Smoothed skin, warmer, a little brighter."""
    smooth = image.filter(ImageFilter.MedianFilter(5))
    return _changed(_levels(smooth) * (1.10, 1.04, 0.98) + 6)


def caption(image: Image.Image) -> Image.Image:
    """Two lines of large outlined text, near the upper and the lower edge."""
    copy = image.copy()
    size = image.height // 9
    for text, y in (("LOOK AT THIS", 0.03), ("WHO IS SHE?", 0.85)):
        ImageDraw.Draw(copy).text(
            (image.width // 2, round(image.height * y)),
            text,
            "white",
            ImageFont.load_default(size),
            anchor="ma",
            stroke_width=max(2, size // 12),
            stroke_fill="black",
        )
    return copy


def watermark_tiled(image: Image.Image) -> Image.Image:
    """Half-transparent text over all of it."""
    layer = Image.new("L", image.size)
    pen = ImageDraw.Draw(layer)
    size = image.height // 14
    for row, y in enumerate(range(0, image.height, size * 3)):
        for x in range(-row % 2 * size * 3, image.width, size * 7):
            pen.text((x, y), "chirp.example", 90, ImageFont.load_default(size))
    return Image.composite(Image.new("RGB", image.size, "white"), image, layer)


def emoji_5(image: Image.Image) -> Image.Image:
    return _with_face(image, 0.05)


def emoji_15(image: Image.Image) -> Image.Image:
    return _with_face(image, 0.15)


def pixelated_15(image: Image.Image) -> Image.Image:
    """A part in the middle made of large squares."""
    copy = image.copy()
    box = _middle(image, 0.15)
    part = image.crop(box)
    few = part.resize((8, 8), Image.Resampling.BOX)
    copy.paste(few.resize(part.size, Image.Resampling.NEAREST), box[:2])
    return copy


def _with_face(image: Image.Image, share: float) -> Image.Image:
    """A yellow face over that share of the area, off the middle."""
    copy = image.copy()
    radius = (share * image.width * image.height / np.pi) ** 0.5
    x, y = image.width * 0.55, image.height * 0.42
    pen = ImageDraw.Draw(copy)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), (255, 205, 60))
    for side in (-0.35, 0.35):
        eye, size = x + side * radius, radius * 0.12
        top = y - radius * 0.25
        pen.ellipse((eye - size, top - size, eye + size, top + size), "black")
    smile = (x - radius / 2, y - radius / 2, x + radius / 2, y + radius / 2)
    pen.arc(smile, 20, 160, "black", max(2, round(radius / 12)))
    return copy


def _middle(image: Image.Image, share: float) -> tuple[int, int, int, int]:
    width, height = (round(side * share**0.5) for side in image.size)
    x, y = (image.width - width) // 2, (image.height - height) // 2
    return x, y, x + width, y + height


def _levels(image: Image.Image) -> Levels:
    return np.asarray(image, np.float64)


def _changed(levels: Levels) -> Image.Image:
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))
