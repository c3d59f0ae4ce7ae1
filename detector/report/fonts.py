"""The fonts of a printed report: Noto, from a folder laid out as Fontsource packages are."""

from pathlib import Path
from typing import Final

from fpdf import FPDF
from fpdf.fonts import TTFFont

FONTS: Final = Path(__file__).parents[2] / "node_modules" / "@fontsource"
_LATIN: Final = "noto-sans/files/noto-sans-latin-400-normal.woff"
_LATIN_MORE: Final = "noto-sans/files/noto-sans-latin-ext-400-normal.woff"
_CHINESE: Final = "noto-sans-sc/files/noto-sans-sc-chinese-simplified-400-normal.woff"
_KOREAN: Final = "noto-sans-kr/files/noto-sans-kr-korean-400-normal.woff"
_ARABIC: Final = "noto-sans-arabic/files/noto-sans-arabic-arabic-400-normal.woff"
# The first one sets the look of a language; a quote may need any of the others.
_FIRST: Final = {"zh-hans": _CHINESE, "ko": _KOREAN}
_ALL: Final = (_LATIN, _LATIN_MORE, _CHINESE, _KOREAN, _ARABIC)
_ALWAYS: Final = "0123456789?"  # page numbers, and the mark for what no font has


class FontError(Exception):
    """A font that the report's language needs is not there; the text says which."""


def use_fonts(pdf: FPDF, folder: Path, locale: str, text: str) -> frozenset[int]:
    """Add the fonts that `text` needs, the language's first.

    Returns:
        The code points that they can show. What a stranger wrote beyond them is told
        with a mark in its place.

    Raises:
        FontError: The language's own font is not there.
    """
    first = _FIRST.get(locale, _LATIN)
    missing = {ord(sign) for sign in text + _ALWAYS if not sign.isspace()}
    known: set[int] = {ord(" ")}
    families: list[str] = []
    for name in dict.fromkeys([first, *_ALL]):
        if families and not missing:
            break
        path = folder / name
        if not path.is_file():
            if name == first:
                raise FontError(
                    f"A PDF in this language needs the font {Path(name).name} in "
                    f"{folder}: run `make setup`, or name a folder with --fonts. HTML "
                    "needs no font."
                )
            continue
        family = f"font{len(families)}"
        pdf.add_font(family, fname=path)
        font = pdf.fonts[family]
        if not isinstance(font, TTFFont):
            continue
        shows = set(font.cmap)
        if families and not shows & missing:
            font.close()
            del pdf.fonts[family]
            continue
        families.append(family)
        missing -= shows
        known |= shows
    pdf.set_font(families[0])
    pdf.set_fallback_fonts(families[1:], exact_match=False)
    return frozenset(known)
