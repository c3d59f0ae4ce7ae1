"""A letter as a PDF file: the same letter, the same bytes. It knows no case and no picture.

The fonts are Noto (SIL Open Font License), from the front-end packages; nothing is fetched.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from pathlib import Path

from django.conf import settings
from django.utils.translation import get_language, get_language_bidi
from fpdf import FPDF, XPos, YPos
from fpdf.fonts import TTFFont

from portal.intake.letters import Letter, Section, dated, sections_of

NAME = "letter.pdf"
MARGIN = 25  # millimetres
TITLE, HEADING, BODY = 18, 13, 11  # points
LATIN = "noto-sans/files/noto-sans-latin-400-normal.woff"
LATIN_MORE = "noto-sans/files/noto-sans-latin-ext-400-normal.woff"
CHINESE = "noto-sans-sc/files/noto-sans-sc-chinese-simplified-400-normal.woff"
KOREAN = "noto-sans-kr/files/noto-sans-kr-korean-400-normal.woff"
ARABIC = "noto-sans-arabic/files/noto-sans-arabic-arabic-400-normal.woff"
# The first one sets the look of a language; names in a letter may need any of the others.
FIRST = {"zh-hans": CHINESE, "ko": KOREAN, "ar": ARABIC, "fa": ARABIC}
ALL = (LATIN, LATIN_MORE, CHINESE, KOREAN, ARABIC)


class NoFontError(Exception):
    """The fonts that this letter needs are not installed here."""


def printed(letter: Letter, title: str) -> bytes:
    """The letter as a PDF file, in the language that is active. Raises NoFontError."""
    sections = sections_of(letter)
    pdf = FPDF()
    # Of the file's own dates none tells more than the letter does.
    pdf.set_creation_date(datetime.combine(letter.written_on, time(), UTC))
    pdf.set_title(title)
    pdf.set_lang(get_language() or "en")
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(auto=True, margin=MARGIN)
    pdf.add_page()
    known = _use_fonts(pdf, "".join(_texts(letter, title, sections)))
    lines = _lines(letter, title, sections)
    for size, text in lines:
        pdf.set_font(size=size)
        shown = "".join(sign if ord(sign) in known else "?" for sign in text)
        pdf.multi_cell(
            w=0,
            h=size * 0.55,
            text=shown,
            align="R" if get_language_bidi() else "L",
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )
        pdf.ln(size * 0.18)
    return bytes(pdf.output())


def _lines(
    letter: Letter, title: str, sections: Sequence[Section]
) -> Iterator[tuple[int, str]]:
    """Each paragraph with its size in points."""
    yield TITLE, title
    yield BODY, dated(letter)
    for section in sections:
        yield HEADING, section.title
        for line in section.lines:
            yield BODY, line


def _texts(letter: Letter, title: str, sections: Sequence[Section]) -> Iterator[str]:
    return (text for _, text in _lines(letter, title, sections))


def _use_fonts(pdf: FPDF, text: str) -> set[int]:
    """Add the fonts that `text` needs, the language's first; returns what they can show."""
    first = FIRST.get(get_language() or "en", LATIN)
    missing = {ord(sign) for sign in text}
    known: set[int] = set()
    used: dict[str, str] = {}  # file: name in the document
    for number, name in enumerate(dict.fromkeys([first, LATIN, *ALL])):
        if number and not missing:
            break
        path = Path(settings.FONTS) / name
        if not path.is_file():
            if number == 0:
                raise NoFontError(name)
            continue
        family = f"font{number}"
        pdf.add_font(family, fname=path)
        font = pdf.fonts[family]
        shows = set(font.cmap) if isinstance(font, TTFFont) else set()
        if number == 0 or shows & missing:
            used[name] = family
        missing -= shows
        known |= shows
    families = list(used.values())
    pdf.set_font(families[0], size=BODY)
    pdf.set_fallback_fonts(families[1:], exact_match=False)
    if (
        ARABIC in used
    ):  # joined letters, from right to left; other scripts need no shaper
        pdf.set_text_shaping(use_shaping_engine=True)
    return known
