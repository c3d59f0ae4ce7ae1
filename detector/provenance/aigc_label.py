"""China's label for generated content (GB 45438-2025, in force since 2025-09-01).

A JSON object in XMP, a PNG text item, EXIF's UserComment or a video's metadata; as a
last resort it is looked for in the file's bytes.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from detector import explain
from detector.assessment import Evidence, Phrase, Strength
from detector.provenance import exif
from detector.provenance.metadata import Metadata

# In the order of the standard's annex.
FIELDS: Final = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)

_XMP_NAME: Final = "{http://www.tc260.org.cn/ns/AIGC/1.0/}AIGC"

# 1: the producer states it. 2 and 3 may be a passing platform's opinion.
_STRENGTHS: Final[dict[str, Strength]] = {"1": "declared", "2": "medium", "3": "medium"}

_MAX_JSON: Final = 1 << 16
_MAX_FIELD: Final = 48  # characters; seven of them and their names fit into a quote
_MARK: Final = b"ContentProducer"  # a name that this label alone has
_LABEL: Final = re.compile(r'"Label\\?"\s*:\s*\\?"?\s*(\d{1,3})\b')
# Of a text that is no JSON as it stands: cut off, or escaped once more.
_FIELD: Final = re.compile(rf'"({"|".join(FIELDS)})\\?"\s*:\s*(?:\\?"([^"\\]*)|(\d+))')
_BEFORE, _AFTER, _MAX_LOOSE = 400, 1600, 4

# A producer's code is 0011 and the company's unified social credit code (GB 32100-2015).
_COMPANY: Final = re.compile(r"0011([0-9A-HJ-NP-RTUWXY]{18})")
_COMPANY_DIGITS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def read(metadata: Metadata) -> Iterator[Evidence]:
    found = dict.fromkeys(_declared(metadata))
    for place, text in found or dict.fromkeys(_loose(metadata.data)):
        fields = _fields(text)
        label = fields.get("Label", "")
        if label not in _STRENGTHS:
            yield explain.evidence(
                "aigc_label.unreadable", "weak", place=place, quote=text
            )
            continue
        yield explain.evidence(
            f"aigc_label.{label}.told",
            _STRENGTHS[label],
            place=place,
            who=explain.joined("sentences", _who(fields, label)),
            quote="; ".join(_listed(fields)),
        )


def _declared(metadata: Metadata) -> Iterator[tuple[str, str]]:
    for value in metadata.xmp_values(_XMP_NAME)[:_MAX_LOOSE]:
        yield "xmp", value
    for key in ("AIGC", "aigc", "TC260:AIGC"):
        if key in metadata.texts:
            yield metadata.texts_in, metadata.texts[key]
    comments = (
        ("exif", metadata.exif.get(exif.USER_COMMENT, "")),
        (metadata.texts_in, metadata.texts.get("Comment", "")),
    )
    for place, text in comments:
        comment = text[:_MAX_JSON]
        if comment.startswith("AIGC") or (
            _LABEL.search(comment) and ("AIGC" in comment or _MARK.decode() in comment)
        ):
            yield place, comment


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


def _fields(text: str) -> Mapping[str, str]:
    """Return the label's fields as far as they can be read, without empty ones."""
    text = text[:_MAX_JSON]
    try:
        told = json.loads(text)
        if isinstance(told, dict) and isinstance(told.get("AIGC"), str):
            told = json.loads(told["AIGC"])
    except (ValueError, RecursionError):
        told = {name: quoted or bare for name, quoted, bare in _FIELD.findall(text)}
    if isinstance(told, dict) and isinstance(told.get("AIGC"), dict):
        told = told["AIGC"]
    if not isinstance(told, dict):
        return {}
    values = {name: told.get(name) for name in FIELDS}
    return {
        name: str(value).strip()[:_MAX_JSON]
        for name, value in values.items()
        if isinstance(value, str | int) and str(value).strip()
    }


def _who(fields: Mapping[str, str], label: str) -> Iterator[Phrase]:
    """Yield in words who declares this, by the names that the label gives."""
    producer, propagator = (
        fields.get("ContentProducer"),
        fields.get("ContentPropagator"),
    )
    if producer and propagator:
        code = "statement" if label == "1" else "opinion"
    elif producer or propagator:
        code = "producer" if producer else "propagator"
    else:
        code = "nobody"
    yield explain.phrase(f"declarer.{code}")
    if company := _company(producer or propagator or ""):
        yield explain.phrase("declarer.company", number=company)


def _company(code: str) -> str:
    """Return the company's number in a producer's code, if its check digit is right."""
    match = _COMPANY.match(code)
    if match is None:
        return ""
    digits = [_COMPANY_DIGITS.index(digit) for digit in match[1]]
    weighted = sum(digit * pow(3, i, 31) for i, digit in enumerate(digits[:-1]))
    return match[1] if (weighted + digits[-1]) % 31 == 0 else ""


def _listed(fields: Mapping[str, str]) -> Iterator[str]:
    for name, value in fields.items():
        cut = value if len(value) <= _MAX_FIELD else f"{value[: _MAX_FIELD - 1]}…"
        yield f"{name}: {cut}"
