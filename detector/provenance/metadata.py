"""The metadata of one file, from `Image.info` or its container, capped and typed.

Every reader of provenance starts from here, so no other place meets raw blocks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from PIL import Image

from detector import explain
from detector.assessment import Evidence
from detector.provenance import exif, xmp
from detector.provenance.containers import described

# More than any honest block needs: EXIF and XMP are 64 KiB at most in a JPEG segment,
# and a generator's settings with a large workflow come to some 200 KiB.
MAX_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the file says, as text, still untrusted.

    `texts` are the PNG text items or those of a video's container, each cut at
    MAX_BLOCK characters, and `texts_in` says which, as a key of explain.PLACES; `exif`
    maps tag numbers to text; `xmp` lists (name in Clark notation, value); `data` is the
    file.
    """

    texts: Mapping[str, str]
    texts_in: str
    exif: Mapping[int, str]
    xmp: tuple[tuple[str, str], ...]
    data: bytes
    unreadable: tuple[Evidence, ...]

    def xmp_values(self, name: str) -> list[str]:
        return [value for key, value in self.xmp if key == name]


def gather(image: Image.Image, data: bytes | None) -> Metadata:
    """Read every block of metadata; what cannot be read is listed, never raised."""
    info = image.info
    container = described(data or b"")
    unreadable: list[Evidence] = []
    properties: tuple[tuple[str, str], ...] = ()
    packet = container.xmp or _bytes(info.get("xmp") or info.get("XML:com.adobe.xmp"))
    try:
        properties = xmp.properties(packet, limit=MAX_BLOCK)
    except xmp.XmpError as error:
        unreadable.append(_unreadable("XMP", error.code))
    tags: Mapping[int, str] = {}
    block = _bytes(info.get("exif"))
    if len(block) > MAX_BLOCK:
        unreadable.append(_unreadable("EXIF", "oversized"))
    else:
        tags = exif.texts(block)
    return Metadata(
        texts=container.texts
        or {
            key: value[:MAX_BLOCK]
            for key, value in info.items()
            if isinstance(key, str) and isinstance(value, str)
        },
        texts_in="video" if container.texts else "png",
        exif=tags,
        xmp=properties,
        data=data or b"",
        unreadable=tuple(unreadable),
    )


def _bytes(block: object) -> bytes:
    if isinstance(block, str):
        return block.encode("utf-8", "replace")
    return block if isinstance(block, bytes) else b""


def _unreadable(block: str, why: str) -> Evidence:
    return explain.evidence(
        "metadata.unreadable", "none", block=block, reason=explain.reason(why)
    )
