"""The texts of an EXIF block (CIPA DC-008), read by bounded slices that cannot raise.

Pillow's reader warns and raises in many ways on damaged blocks; we need a few texts.
It must not know what any tag means.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Final, Literal

DESCRIPTION: Final = 0x010E
MAKE: Final = 0x010F
MODEL: Final = 0x0110
SOFTWARE: Final = 0x0131
PROCESSING_SOFTWARE: Final = 0x000B
USER_COMMENT: Final = 0x9286

_EXIF_DIRECTORY: Final = 0x8769
_BYTE, _ASCII, _LONG, _UNDEFINED = 1, 2, 4, 7
_MAX_ENTRIES: Final = 512
_ENDIAN: Final[dict[str, Literal["little", "big"]]] = {"<": "little", ">": "big"}


def texts(block: bytes) -> Mapping[int, str]:
    """Return tag number -> text, for the main directory and the EXIF directory.

    Text that is cut off is returned as far as it goes; what makes no sense is skipped.
    """
    tiff = block.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return {}
    (first,) = struct.unpack_from(f"{order}I", tiff, 4)
    found: dict[int, str] = {}
    directories = [first]
    for start in directories:
        for tag, kind, value in _entries(tiff, order, start):
            if tag == _EXIF_DIRECTORY and kind == _LONG and len(directories) == 1:
                directories.append(int.from_bytes(value[:4], _ENDIAN[order]))
            elif tag == USER_COMMENT:
                found.setdefault(tag, _comment(value))
            elif kind in {_ASCII, _BYTE}:
                found.setdefault(tag, value.decode("utf-8", "replace").strip("\0 "))
    return found


def _entries(tiff: bytes, order: str, start: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield (tag, type, bytes) of the entries whose values are bytes or one number."""
    count = int.from_bytes(tiff[start : start + 2], _ENDIAN[order])
    for index in range(min(count, _MAX_ENTRIES)):
        entry = tiff[start + 2 + 12 * index : start + 14 + 12 * index]
        if len(entry) < 12:
            return
        tag, kind, length, offset = struct.unpack(f"{order}HHII", entry)
        if kind == _LONG and length == 1:
            yield tag, kind, entry[8:12]
        elif kind in {_BYTE, _ASCII, _UNDEFINED}:
            inline = length <= 4
            value = entry[8 : 8 + length] if inline else tiff[offset : offset + length]
            yield tag, kind, value


def _comment(value: bytes) -> str:
    """Decode a UserComment by its eight-byte prefix.

    The standard leaves the byte order of UNICODE open: writers use the one or the
    other whatever the block's own order is, so the reading with more ASCII wins.
    """
    prefix, text = value[:8], value[8:]
    if prefix.startswith(b"UNICODE"):
        readings = [text.decode(f"utf-16-{end}", "replace") for end in ("be", "le")]
        return max(readings, key=_ascii_letters).strip("\0 ")
    if prefix.rstrip(b"\0 ") in {b"ASCII", b"JIS", b""}:
        return text.decode("utf-8", "replace").strip("\0 ")
    return value.decode("utf-8", "replace").strip("\0 ")


def _ascii_letters(text: str) -> int:
    return sum(" " <= letter <= "~" for letter in text[:1000])
