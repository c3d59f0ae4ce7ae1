"""What people do to a picture before they post it again. Bytes in, bytes out."""

import io
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFont, ImageOps

Edit = Callable[[bytes], bytes]


def same(data: bytes) -> bytes:
    """The file itself."""
    return data


def recompressed(data: bytes) -> bytes:
    """As a messenger sends it on."""
    return encode(opened(data), quality=35)


def resized(data: bytes) -> bytes:
    image = opened(data)
    return encode(image.resize((image.width * 3 // 5, image.height * 3 // 5)))


def mirrored(data: bytes) -> bytes:
    return encode(ImageOps.mirror(opened(data)))


def captioned(data: bytes) -> bytes:
    """A line of text near the lower edge."""
    image = opened(data)
    size = max(image.height // 24, 10)
    font = ImageFont.load_default(size)
    at = (image.width * 0.04, image.height - size * 1.8)
    ImageDraw.Draw(image).text(
        at, "look what I found", "white", font, stroke_width=2, stroke_fill="black"
    )
    return encode(image)


def cropped(data: bytes) -> bytes:
    """A little off each edge."""
    image = opened(data)
    across, down = image.width // 120, image.height // 120
    return encode(image.crop((across, down, image.width - across, image.height - down)))


EDITS: dict[str, Edit] = {
    edit.__name__: edit
    for edit in (same, recompressed, resized, mirrored, captioned, cropped)
}


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def encode(image: Image.Image, quality: int = 88) -> bytes:
    held = io.BytesIO()
    image.save(held, "JPEG", quality=quality)
    return held.getvalue()
