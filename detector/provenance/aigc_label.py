"""China's label for generated content (GB 45438-2025, in force since 2025-09-01).

A JSON object in XMP, a PNG text item or EXIF's UserComment; as a last resort it is
looked for in the file's bytes.
"""

import html
import json
import re
from collections.abc import Iterator
from typing import Final

from detector import explain
from detector.assessment import Evidence, Strength
from detector.provenance import exif
from detector.provenance.metadata import Metadata

_XMP_NAME: Final = "{http://www.tc260.org.cn/ns/AIGC/1.0/}AIGC"

# 1: the producer states it. 2 and 3 may be a passing platform's opinion.
_STRENGTHS: Final[dict[str, Strength]] = {"1": "declared", "2": "medium", "3": "medium"}

_MAX_JSON: Final = 1 << 16
_MARK: Final = b"ContentProducer"  # a name that this label alone has
_LABEL: Final = re.compile(r'"Label\\?"\s*:\s*\\?"?\s*(\d{1,3})\b')
_BEFORE, _AFTER, _MAX_LOOSE = 400, 1600, 4


def read(metadata: Metadata) -> Iterator[Evidence]:
    found = dict.fromkeys(_declared(metadata))
    for place, text in found or dict.fromkeys(_loose(metadata.data)):
        label = _label(text)
        strength = _STRENGTHS.get(label, "weak")
        code = label if label in _STRENGTHS else "unreadable"
        yield explain.evidence(f"aigc_label.{code}", strength, place=place, quote=text)


def _declared(metadata: Metadata) -> Iterator[tuple[str, str]]:
    for value in metadata.xmp_values(_XMP_NAME)[:_MAX_LOOSE]:
        yield "xmp", value
    for key in ("AIGC", "aigc", "TC260:AIGC"):
        if key in metadata.texts:
            yield "png", metadata.texts[key]
    comment = metadata.exif.get(exif.USER_COMMENT, "")[:_MAX_JSON]
    if comment.startswith("AIGC") or (
        '"Label"' in comment and ("AIGC" in comment or _MARK.decode() in comment)
    ):
        yield "exif", comment


def _loose(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield what surrounds the mark wherever the file's bytes hold it."""
    at = -_AFTER
    for _ in range(_MAX_LOOSE):
        at = data.find(_MARK, at + _AFTER)
        if at < 0:
            return
        around = data[max(at - _BEFORE, 0) : at + _AFTER].decode("utf-8", "replace")
        text = html.unescape(around)
        if label := _LABEL.search(text):
            yield "bytes", text[label.start() :].partition("}")[0]


def _label(text: str) -> str:
    """Return the value of Label, or "" where there is none to be read."""
    try:
        fields = json.loads(text[:_MAX_JSON])
    except (ValueError, RecursionError):
        match = _LABEL.search(text[:_MAX_JSON])
        return match[1] if match else ""
    if isinstance(fields, dict) and isinstance(fields.get("AIGC"), dict):
        fields = fields["AIGC"]
    return str(fields.get("Label", "")).strip()[:3] if isinstance(fields, dict) else ""
