"""Tiny films of drawn pictures: lossy WebP holds one VP8 key frame, and WebM holds many."""

import struct
from collections.abc import Sequence

from PIL import Image

from tests.drawing import encode

QUALITY = 80


def still(image: Image.Image) -> bytes:
    """The WebP file whose only frame the film will show."""
    return encode(image, "WEBP", quality=QUALITY)


def film(
    pictures: Sequence[Image.Image], apart: float = 1, *, says_length: bool = True
) -> bytes:
    """A WebM file (RFC 9559) that shows each picture for `apart` seconds.

    Browsers that record a video themselves do not say how long it is.
    """
    width, height = pictures[0].size
    video = _box(0xB0, _whole(width)) + _box(0xBA, _whole(height))
    track = (
        _box(0xD7, b"\x01")  # its number
        + _box(0x73C5, b"\x01")
        + _box(0x83, b"\x01")  # video
        + _box(0x86, b"V_VP8")
        + _box(0xE0, video)
    )
    info = _box(0x2AD7B1, _whole(1_000_000)) + _box(0x4D80, b"t") + _box(0x5741, b"t")
    if says_length:
        info += _box(0x4489, struct.pack(">d", 1000 * apart * len(pictures)))
    clusters = b"".join(
        _cluster(round(1000 * apart * number), still(picture)[20:])
        for number, picture in enumerate(pictures)
    )
    head = _box(0x4286, b"\x01") + _box(0x4282, b"webm") + _box(0x4287, b"\x02")
    segment = _box(0x1549A966, info) + _box(0x1654AE6B, _box(0xAE, track)) + clusters
    return _box(0x1A45DFA3, head) + _box(0x18538067, segment)


def _cluster(at: int, frame: bytes) -> bytes:
    """`at` in milliseconds; 0x81: the track, 0: the same moment, 0x80: a key frame."""
    block = _box(0xA3, b"\x81\x00\x00\x80" + frame)
    return _box(0x1F43B675, _box(0xE7, _whole(at)) + block)


def _box(number: int, content: bytes) -> bytes:
    """An EBML element; the number is written with its length marker, the size in eight."""
    return _whole(number) + struct.pack(">Q", 1 << 56 | len(content)) + content


def _whole(number: int) -> bytes:
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")
