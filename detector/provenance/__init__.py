"""What the file itself says about how it was made, read as hostile text.

It must not know pixels: every reader here looks at metadata only.
"""

from collections.abc import Iterator

from PIL import Image

from detector import explain
from detector.assessment import Evidence
from detector.provenance import (
    aigc_label,
    credentials,
    generators,
    software,
    source_type,
)
from detector.provenance.metadata import Metadata, gather
from detector.provenance.trust import TrustList


def read(
    image: Image.Image, data: bytes | None, trust: TrustList | None = None
) -> tuple[Evidence, ...]:
    """Return everything that the file says, or one line that it says nothing.

    Args:
        image: Its `info` is looked at, and no pixel of it.
        data: The bytes of its file, or of a video's.
        trust: Whose signatures are trusted; nobody's if None.
    """
    metadata = gather(image, data)
    statements = tuple(_statements(metadata, trust.pem if trust else ""))
    return statements or (explain.evidence("provenance.nothing", "none"),)


def _statements(metadata: Metadata, trust_anchors: str) -> Iterator[Evidence]:
    yield from credentials.read(metadata, trust_anchors=trust_anchors)
    yield from source_type.read(metadata)
    yield from aigc_label.read(metadata)
    yield from generators.read(metadata)
    yield from software.read(metadata)
    yield from metadata.unreadable
