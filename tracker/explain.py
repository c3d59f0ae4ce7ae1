"""One picture that shows why two are a match: both, what agrees, and a line of words."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tracker.comparing import WHOLE, Corners, Lines, View, best, views
from tracker.images import Picture
from tracker.matching import Comparison

HEIGHT = 480  # pixels that both are shown at
WIDEST = 960  # pixels of one of them
GAP = 16
TEXT = 18  # pixels
MOST_LINES = 60

SHEET, INK = "white", "black"
AGREES, JOINS = (0, 110, 230), (240, 130, 0)  # told apart by all kinds of eyes


def explain(a: Picture, b: Picture) -> tuple[Comparison, Image.Image]:
    """How two pictures are related, as compare() says it, and a picture of the reasons.

    The parts that the words speak of are outlined; points that agree are joined, also
    where the words are about a hash.
    """
    seen = list(views(a, b))
    told = best(seen)
    joined = next((view.lines for view in seen if view.lines is not None), None)
    return told.comparison, _drawn((a.image, b.image), told, joined)


def _drawn(
    images: tuple[Image.Image, Image.Image], told: View, joined: Lines | None
) -> Image.Image:
    shown = [_fitted(image) for image in images]
    width = shown[0].width + GAP + shown[1].width
    words = _lines_of(
        f"{told.comparison.kind or 'different'}: {told.comparison.why}", width - 2 * GAP
    )
    height = HEIGHT + GAP * 2 + len(words) * (TEXT + 6)
    sheet = Image.new("RGB", (width, height), SHEET)
    lefts = (0, shown[0].width + GAP)
    for image, left in zip(shown, lefts, strict=True):
        sheet.paste(image, (left, (HEIGHT - image.height) // 2))
    spans = [
        (left, (HEIGHT - image.height) // 2, image.width, image.height)
        for image, left in zip(shown, lefts, strict=True)
    ]
    pen = ImageDraw.Draw(sheet)
    if joined is not None:
        _join(pen, joined, spans)
    if told.comparison.kind:
        for corners, span in zip((told.first, told.second), spans, strict=True):
            _outline(pen, corners, span)
    for row, line in enumerate(words):
        at = (GAP, HEIGHT + GAP + row * (TEXT + 6))
        pen.text(at, line, INK, ImageFont.load_default(TEXT))
    return sheet


Span = tuple[int, int, int, int]  # left, top, width, height on the sheet


def _fitted(image: Image.Image) -> Image.Image:
    scale = min(HEIGHT / image.height, WIDEST / image.width)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _outline(pen: ImageDraw.ImageDraw, corners: Corners, span: Span) -> None:
    if len(corners) < len(WHOLE) - 1:
        return
    left, top, width, height = span
    places = [(left + x * (width - 1), top + y * (height - 1)) for x, y in corners]
    pen.line([*places, places[0]], AGREES, 4, "curve")


def _join(pen: ImageDraw.ImageDraw, lines: Lines, spans: Sequence[Span]) -> None:
    """A part of the lines, from all over: all of them would hide the pictures."""
    chosen = np.linspace(0, len(lines) - 1, min(MOST_LINES, len(lines)), dtype=np.int64)
    for x, y, u, v in lines[np.unique(chosen)].tolist():
        ends = [
            (left + across * width, top + down * height)
            for (across, down), (left, top, width, height) in zip(
                ((x, y), (u, v)), spans, strict=True
            )
        ]
        pen.line(ends, JOINS, 1)
        for across, down in ends:
            pen.ellipse((across - 3, down - 3, across + 3, down + 3), outline=JOINS)


def _lines_of(words: str, width: int) -> list[str]:
    """The words in lines that are no wider, in pixels; a long word stands alone."""
    font, lines = ImageFont.load_default(TEXT), [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
