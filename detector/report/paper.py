"""A report as a PDF file: the same report, the same bytes."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from fpdf import FPDF, XPos, YPos
from fpdf.fonts import FontFace
from PIL import Image

from detector.report.document import (
    Blank,
    Block,
    Bullets,
    Code,
    Document,
    Facts,
    Figure,
    Grid,
    Item,
    Paragraph,
    Section,
    texts,
)
from detector.report.fonts import FONTS, FontError, use_fonts
from detector.report.lines import broken

__all__ = ["FontError", "pdf"]

Colour = tuple[int, int, int]

MARGIN: Final = 24.0  # millimetres
TITLE, HEADING, LEAD, BODY, SMALL, TINY = 21.0, 13.5, 14.0, 10.0, 8.8, 7.2  # points
LEADING: Final = 0.56  # millimetres of a line for each point
AFTER: Final = 1.5  # millimetres below a paragraph
INK: Final = (31, 42, 48)
QUIET: Final = (90, 104, 112)
CALM: Final = (15, 92, 102)
LINE: Final = (216, 223, 226)
TINT: Final = (239, 245, 245)
_FIGURE: Final = 92.0  # millimetres, the longer side
_LABELS: Final = 0.36  # of the width, for the labels of facts
_PAGES: Final = "\ue000"  # stands for their number; a private sign that no quote holds
# A PDF must carry a date. The program reads no clock, so that it is always this one.
_DATE: Final = datetime(2000, 1, 1, tzinfo=UTC)


def pdf(document: Document, fonts: Path = FONTS) -> bytes:
    """Lay a report out on A4.

    Args:
        document: The report.
        fonts: A folder as `@fontsource` in node_modules.

    Raises:
        FontError: The font of the report's language is not there.
    """
    paper = _Paper(document)
    paper.known = use_fonts(paper, fonts, document.locale, "".join(texts(document)))
    paper.add_page()
    paper.say(document.title, TITLE, CALM)
    paper.say(document.subtitle, BODY, QUIET, after=3)
    for section in document.sections:
        _section(paper, section)
    return bytes(paper.output())


class _Paper(FPDF):
    """Pages with a foot that tells which report and which page this is."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.known: frozenset[int] = frozenset()
        self._foot = document.page.replace("{pages}", _PAGES)
        self.alias_nb_pages(_PAGES)
        self.set_creation_date(_DATE)
        self.set_title(document.title)
        self.set_lang(document.locale)
        self.set_margin(MARGIN)
        self.set_auto_page_break(auto=True, margin=MARGIN)

    def footer(self) -> None:
        self.set_y(-MARGIN + 8)
        self.set_font(size=TINY)
        self.set_text_color(QUIET)
        foot = self._foot.replace("{page}", str(self.page_no()))
        self.cell(text=foot)

    def say(
        self,
        text: str,
        size: float = BODY,
        colour: Colour = INK,
        *,
        width: float = 0,
        after: float = AFTER,
    ) -> None:
        """Print a paragraph where the cursor is, and move below it."""
        room = width or self.epw - (self.x - self.l_margin)
        self.set_text_color(colour)
        self.multi_cell(
            w=room,
            h=size * LEADING,
            text=self.fitted(text, size, room),
            align="L",
            new_x=XPos.LEFT,
            new_y=YPos.NEXT,
        )
        self.ln(after)

    def fitted(self, text: str, size: float, width: float) -> str:
        """Return a text as it can be shown, broken into lines of that width."""
        self.set_font(size=size)
        return broken(self.shown(text), width - 2 * self.c_margin, self.measure)

    def shown(self, text: str) -> str:
        return "".join(sign if ord(sign) in self.known else "?" for sign in text)

    def measure(self, text: str) -> float:
        return self.get_string_width(text)

    def room_for(self, height: float) -> None:
        """Begin a new page unless so many millimetres are left on this one."""
        if self.will_page_break(height):
            self.add_page()

    def rule(self) -> None:
        self.set_draw_color(LINE)
        self.set_line_width(0.2)
        self.line(self.l_margin + 1, self.y, self.l_margin + self.epw - 1, self.y)
        self.ln(1.5)


def _section(paper: _Paper, section: Section) -> None:
    paper.room_for(_beginning(section))
    if section.lead:
        _lead(paper, section)
        return
    paper.ln(4)
    paper.say(section.title, HEADING, CALM, after=1)
    for block in section.blocks:
        _block(paper, block)


def _beginning(section: Section) -> float:
    """Return the millimetres of a title and of what must not be parted from it."""
    first = section.blocks[:2]
    if any(isinstance(block, Figure) for block in first):
        return _FIGURE + 36
    if any(isinstance(block, Item) for block in first):
        return 62
    return 34


def _lead(paper: _Paper, section: Section) -> None:
    """The finding, on a tinted ground."""
    said = [block.text for block in section.blocks if isinstance(block, Paragraph)]
    texts = [(section.title, SMALL, CALM)]
    texts += [(text, LEAD, INK) for text in said[:1]]
    texts += [(text, SMALL, QUIET) for text in said[1:]]
    inset, width = paper.l_margin + 5, paper.epw - 9
    height = 6 + sum(
        paper.fitted(text, size, width).count("\n") * size * LEADING
        + size * LEADING
        + AFTER
        for text, size, _ in texts
    )
    paper.set_fill_color(TINT)
    paper.rect(paper.l_margin, paper.y, paper.epw, height, style="F")
    paper.set_fill_color(CALM)
    paper.rect(paper.l_margin, paper.y, 1.2, height, style="F")
    paper.ln(4)
    for text, size, colour in texts:
        paper.set_x(inset)
        paper.say(text, size, colour, width=width)
    paper.set_x(paper.l_margin)
    paper.ln(3)


def _block(paper: _Paper, block: Block) -> None:
    match block:
        case Paragraph(text, quiet):
            paper.say(text, SMALL if quiet else BODY, QUIET if quiet else INK)
        case Facts(rows, exact):
            _facts(paper, rows, exact=exact)
        case Item():
            _item(paper, block)
        case Bullets(lines):
            _bullets(paper, lines)
        case Grid(header, rows):
            _grid(paper, header, rows)
        case Figure(png, caption):
            _figure(paper, png, caption)
        case Code(text):
            _code(paper, text)
        case Blank(text):
            _blank(paper, text)


def _facts(paper: _Paper, rows: Sequence[tuple[str, str]], *, exact: bool) -> None:
    for label, value in rows:
        paper.room_for(14)
        if exact:
            paper.say(label, SMALL, QUIET, after=0)
            paper.say(value, SMALL, after=1)
            continue
        top, indent = paper.y, paper.epw * _LABELS
        paper.say(label, SMALL, QUIET, width=indent, after=0)
        bottom = paper.y
        paper.set_xy(paper.l_margin + indent, top)
        paper.say(value, BODY, after=0)
        paper.set_xy(paper.l_margin, max(bottom, paper.y) + 0.8)
    paper.ln(1)


def _item(paper: _Paper, item: Item) -> None:
    paper.room_for(30)
    paper.rule()
    top = paper.y
    paper.say(item.about, SMALL, QUIET, width=paper.epw * 0.7, after=0)
    bottom = paper.y
    if item.bears:
        paper.set_xy(paper.l_margin, top)
        paper.cell(
            w=paper.epw, h=SMALL * LEADING, text=paper.shown(item.bears), align="R"
        )
    paper.set_xy(paper.l_margin, bottom)
    paper.say(item.finding, BODY + 1, after=0.5)
    paper.say(item.detail, SMALL + 0.4, after=2.5)


def _bullets(paper: _Paper, lines: Sequence[str]) -> None:
    for line in lines:
        paper.room_for(10)
        paper.set_fill_color(CALM)
        paper.circle(paper.l_margin + 2.2, paper.y + 2.6, 0.55, style="F")
        paper.set_x(paper.l_margin + 5)
        paper.say(line, after=0.8)
        paper.set_x(paper.l_margin)
    paper.ln(1.5)


def _grid(paper: _Paper, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    paper.set_font(size=TINY)
    paper.set_text_color(INK)
    paper.set_draw_color(LINE)
    paper.set_fill_color(255)
    with paper.table(
        borders_layout="HORIZONTAL_LINES",
        headings_style=FontFace(color=QUIET),
        line_height=TINY * 0.55,
        text_align="LEFT",
        col_widths=(26, 16, 12, 20, 8, 12, 10, 11)[: len(header)],
        padding=0.8,
    ) as table:
        for cells in (header, *rows):
            row = table.row()
            for cell in cells:
                row.cell(paper.shown(cell))
    paper.ln(3)


def _figure(paper: _Paper, png: bytes, caption: str) -> None:
    with Image.open(io.BytesIO(png)) as image:
        scale = _FIGURE / max(image.size)
        width, height = image.width * scale, image.height * scale
        paper.room_for(height + 16)
        paper.image(image.convert("RGB"), x=paper.l_margin + 1, w=width, h=height)
    paper.ln(2)
    paper.set_x(paper.l_margin)
    paper.say(caption, SMALL, QUIET, after=4)


def _code(paper: _Paper, text: str) -> None:
    room = paper.epw - 8
    lines = paper.fitted(text, SMALL, room)
    height = (lines.count("\n") + 1) * SMALL * LEADING + 5
    paper.room_for(height)
    paper.set_fill_color(TINT)
    paper.rect(paper.l_margin + 1, paper.y, paper.epw - 2, height, style="F")
    paper.set_xy(paper.l_margin + 4, paper.y + 2.5)
    paper.say(text, SMALL, width=room, after=4)
    paper.set_x(paper.l_margin)


def _blank(paper: _Paper, text: str) -> None:
    paper.room_for(34)
    paper.ln(18)
    paper.set_draw_color(INK)
    paper.set_line_width(0.2)
    paper.line(paper.l_margin + 1, paper.y, paper.l_margin + paper.epw * 0.6, paper.y)
    paper.ln(1)
    paper.say(text, SMALL, QUIET, after=3)
