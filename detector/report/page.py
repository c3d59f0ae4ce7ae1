"""A report as one HTML file that asks for nothing: no script, no font, no address.

Everything is escaped here, in one place; the file's own policy forbids what it has not.
"""

import base64
from html import escape
from pathlib import Path
from string import Template
from typing import Final

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
)

_FOLDER: Final = Path(__file__).parent
_LANGUAGES: Final = {"zh-hans": "zh-Hans"}  # as HTML names them


def html(document: Document) -> str:
    """Lay a report out as HTML."""
    template = Template((_FOLDER / "page.html").read_text("utf-8"))
    return template.substitute(
        language=escape(_LANGUAGES.get(document.locale, document.locale)),
        style=(_FOLDER / "page.css").read_text("utf-8"),
        title=escape(document.title),
        subtitle=escape(document.subtitle),
        sections="\n".join(map(_section, document.sections)),
    )


def _section(section: Section) -> str:
    blocks = "\n".join(map(_block, section.blocks))
    kind = ' class="lead"' if section.lead else ""
    return f"<section{kind}>\n<h2>{escape(section.title)}</h2>\n{blocks}\n</section>"


def _block(block: Block) -> str:  # noqa: PLR0911 (one for each kind of block)
    match block:
        case Paragraph(text, quiet):
            return f"<p{' class=quiet' if quiet else ''}>{escape(text)}</p>"
        case Facts(rows, exact):
            return _facts(rows, exact=exact)
        case Item():
            return _item(block)
        case Bullets(lines):
            return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
        case Grid(header, rows):
            return _grid(header, rows)
        case Figure(png, caption):
            return _figure(png, caption)
        case Code(text):
            return f"<pre><code>{escape(text)}</code></pre>"
        case Blank(text):
            return f"<p class=blank>{escape(text)}</p>"


def _facts(rows: tuple[tuple[str, str], ...], *, exact: bool) -> str:
    kind = ' class="exact"' if exact else ""
    pairs = (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    return f"<dl{kind}>{''.join(pairs)}</dl>"


def _item(item: Item) -> str:
    tag = f'<span class="tag">{escape(item.bears)}</span>' if item.bears else ""
    return (
        f'<article><p class="about">{escape(item.about)}{tag}</p>'
        f"<h3>{escape(item.finding)}</h3><p>{escape(item.detail)}</p></article>"
    )


def _grid(header: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _figure(png: bytes, caption: str) -> str:
    data = base64.b64encode(png).decode("ascii")
    return (
        f'<figure><img alt="" src="data:image/png;base64,{data}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
