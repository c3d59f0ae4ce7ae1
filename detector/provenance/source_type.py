"""The IPTC digital source type: what kind of source a picture declares.

Vocabulary: http://cv.iptc.org/newscodes/digitalsourcetype/ (C2PA uses the same).
"""

from collections.abc import Iterator
from typing import Final

from detector import explain
from detector.assessment import Evidence
from detector.provenance.metadata import Metadata

MADE_BY_AI: Final = frozenset(
    {
        "trainedalgorithmicmedia",
        "compositewithtrainedalgorithmicmedia",
        "compositesynthetic",  # at least one element was made by generative AI
        "trainedalgorithmicdata",
    }
)
_BY_ALGORITHM: Final = frozenset({"algorithmicmedia", "algorithmicallyenhanced"})

_IPTC_EXTENSION: Final = "{http://iptc.org/std/iptc4xmpext/2008-02-29/}"
_NAME: Final = f"{_IPTC_EXTENSION}digitalsourcetype"


def term(address: str) -> str:
    """Reduce a vocabulary address, or a bare term, to the term in lower case."""
    return address.strip().rstrip("/").rpartition("/")[2].lower()


def read(metadata: Metadata) -> Iterator[Evidence]:
    declared = [value for name, value in metadata.xmp if name.lower() == _NAME]
    for value in dict.fromkeys(declared[:8]):
        if term(value) in MADE_BY_AI:
            yield explain.evidence("digital_source_type.ai", "declared", quote=value)
        elif term(value) in _BY_ALGORITHM:
            yield explain.evidence(
                "digital_source_type.algorithmic", "weak", quote=value
            )
        else:
            yield explain.evidence("digital_source_type.other", "none", quote=value)
