"""Text into lines that fit, where fpdf2 alone would break Chinese at spaces only.

Latin and Korean break between words, Chinese between signs; no line begins with closing
punctuation or ends with opening one (GB/T 15834-2011, 5.1).
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

_OPENING: Final = "（《「『【〈“‘(["
_CLOSING: Final = "，。、；：？！）》」』】〉”’%％…·,.;:?!)]"
_HAN: Final = "\u2e80-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"
_TOKEN: Final = re.compile(rf"[{_HAN}]|[^\s{_HAN}]+|\s+")

Measure = Callable[[str], float]


def broken(text: str, width: float, measure: Measure) -> str:
    """Break a paragraph into lines, separated by line feeds.

    Args:
        text: One paragraph.
        width: What a line may measure.
        measure: From a string to its width.
    """
    lines, line, taken = [], "", 0.0
    for piece in _pieces(text, width, measure):
        if line and taken + measure(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line, taken = "", 0.0
        line += piece
        taken += measure(piece)
    return "\n".join([*lines, line.rstrip()])


def _pieces(text: str, width: float, measure: Measure) -> Iterator[str]:
    """Yield what is never broken: a word or a sign, with the punctuation at it."""
    pieces: list[str] = []
    for token in _TOKEN.findall(text):
        before = pieces[-1][-1] if pieces else " "
        clings = token.isspace() or token[0] in _CLOSING or before in _OPENING
        if pieces and clings and not before.isspace():
            pieces[-1] += token
        else:
            pieces.append(token)
    for piece in pieces:
        if measure(piece.rstrip()) <= width:
            yield piece
        else:
            yield from _cut(piece, width, measure)


def _cut(piece: str, width: float, measure: Measure) -> Iterator[str]:
    """Cut a word that no line holds, such as a hash or an address."""
    part = ""
    for sign in piece:
        if part and measure(part + sign) > width:
            yield part
            part = ""
        part += sign
    yield part
