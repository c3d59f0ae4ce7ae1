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


def read(image: Image.Image, data: bytes | None) -> tuple[Evidence, ...]:
    """Return everything that the file says, or one line that it says nothing."""
    metadata = gather(image, data)
    statements = tuple(_statements(metadata))
    return statements or (explain.evidence("provenance.nothing", "none"),)


def _statements(metadata: Metadata) -> Iterator[Evidence]:
    yield from credentials.read(metadata)
    yield from source_type.read(metadata)
    yield from aigc_label.read(metadata)
    yield from generators.read(metadata)
    yield from software.read(metadata)
    yield from metadata.unreadable
