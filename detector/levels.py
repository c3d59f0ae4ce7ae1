"""Fixed ways of laundering a picture, by name: how error rates are told apart."""

import io
from typing import Final, NamedTuple

from PIL import Image


class Level(NamedTuple):
    """The longest shorter side in pixels, and how the picture is saved."""

    side: int
    codec: str
    quality: int


# "none" is the picture as it came.
LEVELS: Final[dict[str, Level | None]] = {
    "none": None,
    "JPEG 90, 512 px": Level(512, "JPEG", 90),
    "WebP 75, 448 px": Level(448, "WEBP", 75),
    "JPEG 70, 320 px": Level(320, "JPEG", 70),
}


def at_level(image: Image.Image, name: str) -> Image.Image:
    """Return the picture as it would arrive; `info` tells of the new saving alone."""
    level = LEVELS[name]
    return image if level is None else arrived(image, level)


def arrived(image: Image.Image, level: Level) -> Image.Image:
    """Reduce a picture and save it; `info` tells of the new saving alone."""
    width, height = image.size
    scale = min(1.0, level.side / min(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    file = io.BytesIO()
    smaller = image.resize(size, Image.Resampling.LANCZOS) if scale < 1 else image
    smaller.save(file, level.codec, quality=level.quality)
    opened = Image.open(file)
    found = opened.convert("RGB")
    found.info = {"quantization": getattr(opened, "quantization", None)}
    return found
