"""What the containers of videos say beside the pictures: texts by name, and XMP.

MP4 and QuickTime (ISO/IEC 14496-12; QuickTime File Format, "Metadata"), Matroska and
WebM (RFC 9559). Read by bounded slices that cannot raise; no frame is looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_MAX_TEXT: Final = 1 << 20  # characters of one item
_MAX_ITEMS: Final = 256
_MAX_BOXES: Final = 4096
_MAX_DEPTH: Final = 8

# ISO 16684-3: the box in which an MP4 keeps its XMP; QuickTime has one of that name.
_XMP_UUID: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_NESTED: Final = frozenset({b"moov", b"trak", b"udta", b"meta", b"ilst", b"mdia"})
# The first bytes of a QuickTime text: its length and its language.
_TEXT_HEAD: Final = 4

_EBML: Final = b"\x1a\x45\xdf\xa3"
_TAGS: Final = b"\x12\x54\xc3\x67"
_TAG, _SIMPLE, _NAME, _STRING = 0x7373, 0x67C8, 0x45A3, 0x4487
_MAX_TAGS: Final = 4

# One name for what many writers call differently; PNG's, which the readers know.
_NAMES: Final = {
    "aigc": "AIGC",
    "tc260:aigc": "AIGC",
    "©too": "Software",
    "©swr": "Software",
    "software": "Software",
    "encoder": "Software",
    "©cmt": "Comment",
    "comment": "Comment",
    "desc": "Description",
    "©des": "Description",
    "description": "Description",
    "prompt": "prompt",
    "workflow": "workflow",
    "parameters": "parameters",
}


@dataclass(slots=True)
class Described:
    """What a container says: the first text of every known name, and an XMP packet."""

    texts: dict[str, str] = field(default_factory=dict)
    xmp: bytes = b""


def described(data: bytes) -> Described:
    """Read the texts of a video's container; of other files there are none."""
    found = Described()
    if data[4:8] in {b"ftyp", b"moov", b"wide", b"mdat"}:
        _Boxes(data, found).read(0, len(data), depth=0)
    elif data.startswith(_EBML):
        for name, value in _tags(data):
            _keep(found, name, value)
    return found


def _keep(found: Described, name: bytes, value: bytes) -> None:
    called = name[:200].decode("utf-8", "replace").strip("\0 ").lower()
    # QuickTime's keys are written as com.apple.quicktime.software.
    known = _NAMES.get(called) or _NAMES.get(called.rpartition(".")[2])
    if known and len(found.texts) < _MAX_ITEMS:
        text = value[:_MAX_TEXT].decode("utf-8", "replace").strip("\0 ")
        found.texts.setdefault(known, text)


class _Boxes:
    """One walk over the boxes of an MP4; `keys` are the names of the items by number."""

    def __init__(self, data: bytes, found: Described) -> None:
        self._data = data
        self._found = found
        self._keys: list[bytes] = []
        self._left = _MAX_BOXES

    def read(self, start: int, end: int, *, depth: int, inside: bytes = b"") -> None:
        for kind, begin, stop in self._boxes(start, end):
            if kind == b"uuid" and self._data[begin : begin + 16] == _XMP_UUID:
                self._found.xmp = self._data[begin + 16 : min(stop, begin + _MAX_TEXT)]
            elif kind == b"XMP_":
                self._found.xmp = self._data[begin : min(stop, begin + _MAX_TEXT)]
            elif kind == b"keys":
                self._keys = list(self._names(begin + 8, stop))
            elif inside == b"ilst":
                self._item(kind, begin, stop)
            elif kind in _NESTED and depth < _MAX_DEPTH:
                # A meta box of ISO begins with four bytes of version, QuickTime's not.
                full = kind == b"meta" and self._data[begin + 4 : begin + 8] != b"hdlr"
                self.read(begin + 4 * full, stop, depth=depth + 1, inside=kind)
            elif inside == b"udta":
                self._user_text(kind, begin, stop)

    def _boxes(self, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        """Yield (type, first byte of the content, end) of each box, clipped to `end`."""
        while start + 8 <= end and self._left > 0:
            self._left -= 1
            size = int.from_bytes(self._data[start : start + 4], "big")
            head = 8
            if size == 1:  # 64 bits follow
                size = int.from_bytes(self._data[start + 8 : start + 16], "big")
                head = 16
            if size == 0:
                size = end - start
            if size < head:
                return
            stop = min(start + size, end)
            yield self._data[start + 4 : start + 8], start + head, stop
            start += size

    def _names(self, start: int, end: int) -> Iterator[bytes]:
        for _, begin, stop in self._boxes(start, end):
            yield self._data[begin : min(stop, begin + 200)]

    def _item(self, kind: bytes, start: int, end: int) -> None:
        """Keep one item of a list: by its number in `keys`, its type, or its own name."""
        number = int.from_bytes(kind, "big")
        name = self._keys[number - 1] if 0 < number <= len(self._keys) else kind
        name = name.replace(b"\xa9", "©".encode())
        for inner, begin, stop in self._boxes(start, end):
            if inner == b"name":
                name = self._data[begin + 4 : min(stop, begin + 200)]
            elif inner == b"data":
                value = self._data[begin + 8 : min(stop, begin + 8 + _MAX_TEXT)]
                _keep(self._found, name, value)

    def _user_text(self, kind: bytes, start: int, end: int) -> None:
        text = self._data[start : min(end, start + _MAX_TEXT)]
        if kind.startswith(b"\xa9"):
            text = text[_TEXT_HEAD:]
        _keep(self._found, kind.replace(b"\xa9", "©".encode()), text)


def _tags(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name, value) of the simple tags.

    The list of tags is looked for from the end of the file: a walk would have to trust
    the sizes of all clusters before it, which live streams leave unknown.
    """
    at = len(data)
    for _ in range(_MAX_TAGS):
        at = data.rfind(_TAGS, 0, at)
        if at < 0:
            return
        size, begin = _number(data, at + len(_TAGS), keep_mark=False)
        yield from _simple_tags(data, begin, min(begin + size, len(data)))


def _simple_tags(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    name = b""
    for _ in range(_MAX_BOXES):
        if start >= end:
            return
        kind, at = _number(data, start, keep_mark=True)
        size, begin = _number(data, at, keep_mark=False)
        if kind in {_TAG, _SIMPLE}:
            start = begin  # what lies in it comes next
            continue
        if kind == _NAME:
            name = data[begin : min(begin + size, begin + 200, end)]
        elif kind == _STRING:
            yield name, data[begin : min(begin + size, begin + _MAX_TEXT, end)]
        start = begin + size


def _number(data: bytes, at: int, *, keep_mark: bool) -> tuple[int, int]:
    """Read one of EBML's numbers (RFC 8794, 4) and where it ends; 0 past the file."""
    first = data[at] if at < len(data) else 0
    length = 9 - first.bit_length()
    value = int.from_bytes(data[at : at + length], "big")
    if not keep_mark:
        value &= (1 << 7 * length) - 1
    return value, at + length
