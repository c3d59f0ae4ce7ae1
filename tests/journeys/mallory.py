"""What Mallory sends: files that are not what they seem. All drawn or written by code."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from tests import drawing

DRAWN = drawing.landscape(1)


def _chunk(name: bytes, body: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + check


def a_bomb(side: int = 50_000) -> bytes:
    """A PNG of that many one-bit pixels a side, whole and valid: 300 kB for 2.5 gigapixels."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    row = bytes(1 + (side + 7) // 8)
    packer, packed = zlib.compressobj(9), bytearray()
    for _ in range(side):
        packed += packer.compress(row)
    packed += packer.flush()
    body = (
        _chunk(b"IHDR", header) + _chunk(b"IDAT", bytes(packed)) + _chunk(b"IEND", b"")
    )
    return b"\x89PNG\r\n\x1a\n" + body


def a_jpeg() -> bytes:
    return drawing.encode(DRAWN, "JPEG", quality=90)


def a_truncated_jpeg() -> bytes:
    data = a_jpeg()
    return data[: len(data) // 3]


def a_torn_png() -> bytes:
    return drawing.encode(DRAWN, "PNG")[:5_000]


def a_web_page() -> bytes:
    return b"<!doctype html><script>alert(1)</script>" * 10


def a_program() -> bytes:
    return b"\x7fELF\x02\x01\x01" + bytes(500)


def an_animated_gif() -> bytes:
    return _animated("GIF")


def an_animated_webp() -> bytes:
    return _animated("WEBP", quality=90)


def _animated(file_format: str, **options: int) -> bytes:
    later = [drawing.landscape(seed) for seed in (7, 8)]
    options |= {"duration": 100, "loop": 0}
    return drawing.encode(
        DRAWN, file_format, save_all=True, append_images=later, **options
    )


def a_jpeg_with_a_zip() -> bytes:
    behind = io.BytesIO()
    with zipfile.ZipFile(behind, "w") as archive:
        archive.writestr("../../evil.sh", "rm -rf /")
    return a_jpeg() + behind.getvalue()


def a_gif_with_a_page() -> bytes:
    return drawing.encode(DRAWN, "GIF") + b"<script>alert(document.cookie)</script>"


def a_turned_jpeg() -> bytes:
    """Lies on its side; its EXIF says how to hold it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = DRAWN.transpose(Image.Transpose.ROTATE_90)
    return drawing.encode(turned, "JPEG", quality=90, exif=exif)


def a_palette_png() -> bytes:
    return drawing.encode(DRAWN.quantize(128), "PNG")


def a_cmyk_jpeg() -> bytes:
    return drawing.encode(DRAWN.convert("CMYK"), "JPEG", quality=90)


def a_png_of_16_bits() -> bytes:
    grey = np.asarray(DRAWN.convert("L")).astype(np.uint16) * 257
    return drawing.encode(Image.fromarray(grey), "PNG")


NOTHING_TO_SEE: dict[str, tuple[Callable[[], bytes], str]] = {
    "page.jpg": (
        a_web_page,
        "This file is not a JPEG, PNG, WebP, GIF, AVIF or BMP picture.",
    ),
    "program.png": (a_program, "This file is not a JPEG, PNG"),
    "cut.jpg": (a_truncated_jpeg, "This picture is damaged or cut short"),
    "torn.png": (a_torn_png, "This picture is damaged or cut short"),
    "bomb.png": (a_bomb, "This picture has over 64 million pixels."),
}
ODD_BUT_PICTURES: dict[str, Callable[[], bytes]] = {
    "animated.gif": an_animated_gif,
    "animated.webp": an_animated_webp,
    "really-a-jpeg.png": a_jpeg,
    "no-extension": a_jpeg,
    "zip.jpg": a_jpeg_with_a_zip,
    "page.gif": a_gif_with_a_page,
    "turned.jpg": a_turned_jpeg,
    "palette.png": a_palette_png,
    "cmyk.jpg": a_cmyk_jpeg,
    "sixteen.png": a_png_of_16_bits,
}
