"""The forensic report: what was examined, how, what was found, and what was not tested.

The same picture, versions, language and options give the same bytes. It knows no file
names and reads no clock.
"""

from detector.report.compose import compose
from detector.report.document import Document
from detector.report.examined import Examined, Exhibit
from detector.report.page import html
from detector.report.paper import FontError, pdf
from detector.report.signing import KeyFileError, make_key, sign

__all__ = [
    "Document",
    "Examined",
    "Exhibit",
    "FontError",
    "KeyFileError",
    "compose",
    "html",
    "make_key",
    "pdf",
    "sign",
]
