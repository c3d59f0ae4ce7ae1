"""What generators hide in the pixels: marks of a known form, found exactly or not at all.

It must not know metadata. Resizing and lossy compression remove all of these marks.
"""

from collections.abc import Iterator

from PIL import Image

from detector import explain
from detector.assessment import Evidence
from detector.marks import hidden_text, watermark


def read(image: Image.Image) -> Iterator[Evidence]:
    """Yield one piece of evidence for each mark; none where there is no mark.

    Args:
        image: Upright RGB; in others nothing is looked for. Its `info` may hold
            "alpha", the transparency that was laid on white, as a picture of mode "L"
            and of the file's size.
    """
    if image.mode != "RGB":
        return
    if tool := watermark.written_by(image):
        yield explain.evidence("generator_marks.watermark", "strong", tool=tool)
    if (found := hidden_text.find(image)) is None:
        return
    if found.text:
        yield explain.evidence("generator_marks.hidden", "strong", quote=found.text)
    else:
        yield explain.evidence("generator_marks.damaged", "medium", quote=found.mark)
