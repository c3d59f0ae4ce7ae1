"""Texts that generators hide in the lowest bits of the pixels ("stealth PNG info").

NovelAI and extensions of web interfaces write a mark, the length in bits and the text,
column by column, into the transparency or into the colours. It must not know what the
text says.
"""

import zlib
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_MARKS: Final = {
    1: (b"stealth_pnginfo", b"stealth_pngcomp"),  # in the transparency
    3: (b"stealth_rgbinfo", b"stealth_rgbcomp"),  # in red, green and blue
}
_MARK_BYTES: Final = 15
_MAX_TEXT: Final = 1 << 20  # bytes, as written and as unpacked
_GZIP: Final = 31


class Hidden(NamedTuple):
    mark: str
    text: str  # empty where it cannot be read


def find(image: Image.Image) -> Hidden | None:
    """Return what is hidden in an RGB picture, or in the "alpha" of its `info`."""
    alpha = image.info.get("alpha")
    planes = [np.asarray(image)]
    if isinstance(alpha, Image.Image) and alpha.mode == "L":
        planes.insert(0, np.asarray(alpha)[..., None])
    return next(filter(None, map(_read, planes)), None)


def _read(plane: NDArray[np.uint8]) -> Hidden | None:
    mark = _bytes(plane, 0, _MARK_BYTES)
    marks = _MARKS[plane.shape[2]]
    if mark not in marks:
        return None
    length = int.from_bytes(_bytes(plane, _MARK_BYTES, 4), "big") // 8
    written = _bytes(plane, _MARK_BYTES + 4, min(length, _MAX_TEXT))
    packed = mark == marks[1]
    return Hidden(mark.decode(), _unpacked(written) if packed else _text(written))


def _bytes(plane: NDArray[np.uint8], start: int, count: int) -> bytes:
    """Gather bytes from the lowest bits, column by column, as far as there are any.

    Args:
        plane: (h, w, channels).
        start: The first byte, counted from the picture's upper left corner.
        count: How many.
    """
    per_column = plane.shape[0] * plane.shape[2]
    first = start * 8 // per_column
    last = -(-(start + count) * 8 // per_column)
    bits = plane[:, first:last].swapaxes(0, 1).reshape(-1) & 1
    begin = start * 8 - first * per_column
    return np.packbits(bits[begin : begin + count * 8]).tobytes()[:count]


def _unpacked(written: bytes) -> str:
    try:
        return _text(zlib.decompressobj(_GZIP).decompress(written, _MAX_TEXT))
    except zlib.error:
        return ""


def _text(written: bytes) -> str:
    text = written.decode("utf-8", "replace").strip("\0 ")
    return text if text.count("\ufffd") * 4 < len(text) else ""
