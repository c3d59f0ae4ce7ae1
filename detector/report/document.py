"""A report as blocks of plain text and pictures, which HTML and PDF lay out alike.

All text is unescaped, and part of it is a stranger's: whoever lays it out makes it safe.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; `quiet` for what only explains."""

    text: str
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels with their values; a value that is `exact` is one to compare, like a hash."""

    rows: tuple[tuple[str, str], ...]
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of evidence: what it is about, what it showed, how much it bears."""

    about: str
    finding: str
    bears: str
    detail: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of sentences."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with a header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture as PNG, that shows nobody, with its caption."""

    png: bytes
    caption: str


@dataclass(frozen=True, slots=True)
class Code:
    """A command to type."""

    text: str


@dataclass(frozen=True, slots=True)
class Blank:
    """A line to write on, by hand, and what belongs there."""

    text: str


Block = Paragraph | Facts | Item | Bullets | Grid | Figure | Code | Blank


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part; a `lead` one is what a reader in a hurry reads."""

    title: str
    blocks: tuple[Block, ...]
    lead: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report in one language. `page` names {page} and {pages}."""

    locale: str
    title: str
    subtitle: str
    page: str
    sections: tuple[Section, ...]


def texts(document: Document) -> Iterator[str]:
    """Yield every text of a report."""
    yield from (document.title, document.subtitle, document.page)
    for section in document.sections:
        yield section.title
        for block in section.blocks:
            yield from _texts(block)


def _texts(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(text) | Code(text) | Blank(text) | Figure(_, text):
            yield text
        case Facts(rows):
            yield from (text for row in rows for text in row)
        case Item(about, finding, bears, detail):
            yield from (about, finding, bears, detail)
        case Bullets(lines):
            yield from lines
        case Grid(header, rows):
            yield from (*header, *(cell for row in rows for cell in row))
