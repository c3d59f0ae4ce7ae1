"""Pictures for tests, drawn by code: landscapes by seed, and what re-posters do.

Every landscape shows sky, sun, clouds, ridges, water and trees; no two seeds look alike
to a perceptual hash, and none shows anyone's body.
"""

import io
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageOps

SIZE = (640, 480)


def landscape(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """A distinct landscape; the same seed and size always give the same pixels."""
    return _landscape(seed, size).copy()


@lru_cache(maxsize=64)
def _landscape(seed: int, size: tuple[int, int]) -> Image.Image:
    rng = np.random.default_rng(seed)
    image = _sky(rng, size)
    draw = ImageDraw.Draw(image)
    _sun(rng, draw, size)
    _clouds(rng, draw, size)
    horizon = rng.uniform(0.3, 0.5)
    for layer in range(4):
        _ridge(rng, draw, size, base=horizon + 0.13 * layer, depth=layer / 4)
    _lake(rng, draw, size)
    _trees(rng, draw, size)
    return image.filter(ImageFilter.GaussianBlur(0.7))


def blank(colour: str = "lightgrey", size: tuple[int, int] = SIZE) -> Image.Image:
    """A picture with nothing in it."""
    return Image.new("RGB", size, colour)


def encode(image: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    """The bytes of a file in that format."""
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def recompress(image: Image.Image, quality: int = 40) -> Image.Image:
    data = encode(image, "JPEG", quality=quality)
    return Image.open(io.BytesIO(data)).convert("RGB")


def resize(image: Image.Image, factor: float = 0.5) -> Image.Image:
    size = (round(image.width * factor), round(image.height * factor))
    return image.resize(size, Image.Resampling.LANCZOS)


def mirror(image: Image.Image) -> Image.Image:
    return ImageOps.mirror(image)


def caption(image: Image.Image, text: str = "look at this") -> Image.Image:
    """A line of text over a dark bar at the bottom, a fourteenth of the height."""
    copy = image.copy()
    draw = ImageDraw.Draw(copy)
    top = copy.height - copy.height // 14
    draw.rectangle((0, top, copy.width, copy.height), fill="black")
    draw.text((copy.width // 20, top + 4), text, fill="white")
    return copy


def crop(image: Image.Image, share: float = 0.04) -> Image.Image:
    """Cut that share of the area away, evenly on all sides."""
    keep = (1 - share) ** 0.5
    x = round(image.width * (1 - keep) / 2)
    y = round(image.height * (1 - keep) / 2)
    return image.crop((x, y, image.width - x, image.height - y))


def border(
    image: Image.Image, share: float = 0.08, colour: str = "white"
) -> Image.Image:
    """A frame around the picture, as wide as that share of its longer side."""
    return ImageOps.expand(image, round(max(image.size) * share), colour)


def _colour(rng: np.random.Generator, low: int, high: int) -> tuple[int, int, int]:
    red, green, blue = (int(level) for level in rng.integers(low, high, 3))
    return red, green, blue


def _sky(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Two colours blended along a random slope."""
    width, height = size
    above, below = (np.array(_colour(rng, 60, 250)) for _ in range(2))
    x = np.linspace(0, rng.uniform(-0.6, 0.6), width)[np.newaxis, :]
    y = np.linspace(0, 1, height)[:, np.newaxis]
    share = np.clip(x + y, 0, 1)[:, :, np.newaxis]
    pixels: npt.NDArray[np.uint8] = (above + (below - above) * share).astype(np.uint8)
    return Image.fromarray(pixels)


def _sun(
    rng: np.random.Generator, draw: ImageDraw.ImageDraw, size: tuple[int, int]
) -> None:
    width, height = size
    x, y = rng.uniform(0.05, 0.95) * width, rng.uniform(0.05, 0.35) * height
    radius = rng.uniform(0.03, 0.12) * height
    box = (x - radius, y - radius, x + radius, y + radius)
    draw.ellipse(box, fill=_colour(rng, 200, 256))


def _clouds(
    rng: np.random.Generator, draw: ImageDraw.ImageDraw, size: tuple[int, int]
) -> None:
    width, height = size
    for _ in range(rng.integers(2, 7)):
        x, y = rng.uniform(-0.1, 0.9) * width, rng.uniform(0, 0.4) * height
        shade = _colour(rng, 130, 256)
        for _ in range(rng.integers(3, 8)):
            w, h = rng.uniform(0.05, 0.2) * width, rng.uniform(0.02, 0.08) * height
            draw.ellipse((x, y, x + w, y + h), fill=shade)
            x += rng.uniform(0.2, 0.7) * w
            y += rng.uniform(-0.5, 0.5) * h


def _ridge(
    rng: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    size: tuple[int, int],
    base: float,
    depth: float,
) -> None:
    """A silhouette of summed waves; the nearer, the darker or the lighter."""
    width, height = size
    x = np.linspace(0, 1, 80)
    line = np.full_like(x, base)
    for octave in range(1, 7):
        swing = rng.normal(0, 0.11 / octave)
        line += swing * np.sin(2 * np.pi * (octave * x * 1.3 + rng.uniform()))
    points = [
        (float(a * width), float(b * height)) for a, b in zip(x, line, strict=True)
    ]
    level = int(200 * (1 - depth)) if rng.uniform() < 0.7 else int(220 * depth)
    shade = _colour(rng, max(0, level - 40), level + 40)
    draw.polygon([*points, (width, height), (0, height)], fill=shade)


def _lake(
    rng: np.random.Generator, draw: ImageDraw.ImageDraw, size: tuple[int, int]
) -> None:
    width, height = size
    x, y = rng.uniform(-0.2, 0.6) * width, rng.uniform(0.68, 0.85) * height
    w, h = rng.uniform(0.3, 0.8) * width, rng.uniform(0.06, 0.16) * height
    draw.ellipse((x, y, x + w, y + h), fill=_colour(rng, 90, 240))
    for _ in range(6):
        line = y + rng.uniform(0.3, 0.7) * h
        start = x + rng.uniform(0.2, 0.6) * w
        draw.line((start, line, start + 0.15 * w, line), fill="white", width=2)


def _trees(
    rng: np.random.Generator, draw: ImageDraw.ImageDraw, size: tuple[int, int]
) -> None:
    width, height = size
    for _ in range(rng.integers(3, 9)):
        x, foot = rng.uniform(0, 1) * width, rng.uniform(0.75, 1.0) * height
        tall, wide = rng.uniform(0.15, 0.45) * height, rng.uniform(0.02, 0.07) * width
        draw.rectangle((x - 3, foot - tall / 4, x + 3, foot), fill=(60, 40, 20))
        crown = [
            (x - wide, foot - tall / 5),
            (x, foot - tall),
            (x + wide, foot - tall / 5),
        ]
        draw.polygon(crown, fill=_colour(rng, 0, 110))
