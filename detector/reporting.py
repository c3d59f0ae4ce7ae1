"""`python -m detector report FILE -o OUT.pdf` and `keygen KEYFILE`."""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

from detector.assessing import assessed
from detector.figures import figures
from detector.models import Model
from detector.provenance.trust import TrustError, TrustList
from detector.reading import FileError, Moving, Photo, opened, photo
from detector.report import (
    Examined,
    Exhibit,
    FontError,
    KeyFileError,
    compose,
    html,
    make_key,
    pdf,
    sign,
)
from detector.report.fonts import FONTS
from detector.report.signing import SUFFIX, read_key
from detector.weights import WeightsError
from detector.words import LOCALES

Loaded = Callable[[], tuple[Model, ...]]
Trusted = Callable[[], TrustList | None]

_LONGEST: Final = 200  # characters of what an examiner states
# Sixty frames at most take a minute. Where time is over first, the same bytes are not
# certain, and the report says that it was.
_SECONDS: Final = 600.0


def report(arguments: Sequence[str], models: Loaded, trust: Trusted) -> int:
    """Write a report; return 0, 1 if that cannot be done, 2 without models or trust list.

    Args:
        arguments: What was typed after `report`.
        models: Loads the models to ask.
        trust: Reads the list of signers that are trusted, if one was named.
    """
    options = _parser().parse_args(arguments)
    try:
        key = read_key(options.sign) if options.sign else None
        examined = _examined(options, models(), trust())
        document = compose(examined, options.locale)
        files = {options.output: pdf(document, options.fonts)}
        if options.html:
            files[options.html] = html(document).encode()
        _write(files, key)
    except (TrustError, WeightsError) as error:
        return _refuse(error, 2)
    except (FileError, FontError, KeyFileError, _WriteError) as error:
        return _refuse(error, 1)
    return 0


def keygen(arguments: Sequence[str], *_: object) -> int:
    """Make a key to sign reports with; print the public key, or return 1."""
    parser = argparse.ArgumentParser(
        prog="python -m detector keygen",
        description="Make a secret key that signs reports. The public key is printed: "
        "publish it where those who check your reports will trust it.",
    )
    parser.add_argument("keyfile", type=Path, metavar="KEYFILE")
    options = parser.parse_args(arguments)
    try:
        sys.stdout.write(make_key(options.keyfile) + "\n")
    except KeyFileError as error:
        return _refuse(error, 1)
    return 0


class _WriteError(Exception):
    """A file cannot be written; the text is for the person at the terminal."""


def _examined(
    options: argparse.Namespace, models: tuple[Model, ...], trust: TrustList | None
) -> Examined:
    found = photo(options.file) if options.heatmap else opened(options.file)
    original = photo(options.original) if options.original else None
    compared = original.image if original else None
    assessment = assessed(found, compared, models, trust, _SECONDS)
    drawn: Iterable[tuple[str, bytes]] = ()
    if options.heatmap and isinstance(found, Photo):
        drawn = figures(found.image, compared, models, assessment.models)
    return Examined(
        exhibit=_exhibit(found),
        assessment=assessment,
        original=_exhibit(original) if original else None,
        figures=tuple(drawn),
        trust=trust.sha256 if trust else "",
        examined_at=options.examined_at or "",
        reference=options.reference,
        examiner=options.examiner,
    )


def _exhibit(found: Photo | Moving) -> Exhibit:
    if isinstance(found, Photo):
        return Exhibit.of(found.image, found.data)
    return Exhibit.of_file(found.data, found.width, found.height, found.format)


def _write(files: dict[Path, bytes], key: SigningKey | None) -> None:
    for path, content in files.items():
        try:
            path.write_bytes(content)
            if key:
                beside = path.with_name(path.name + SUFFIX)
                beside.write_text(sign(content, key), "utf-8")
        except (OSError, ValueError) as error:
            raise _WriteError("The report cannot be written there.") from error


def _refuse(error: Exception, status: int) -> int:
    sys.stderr.write(f"{error}\n")
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m detector report",
        description="Write what is known of a picture or a video as a report for experts "
        "and courts. The same file, versions and options give the same bytes.",
        epilog="deploy/verify_report.py checks a signature without a network.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a picture or a video")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="OUT.pdf", help="the report"
    )
    parser.add_argument(
        "--html", type=Path, metavar="OUT.html", help="the same as HTML"
    )
    parser.add_argument("--locale", choices=LOCALES, default="en", help="its language")
    parser.add_argument(
        "--original",
        type=Path,
        metavar="ORIGINAL",
        help="a harmless picture that FILE may have been made from",
    )
    parser.add_argument(
        "--heatmap",
        action="store_true",
        help="show where, over a blurred grey copy of a picture; without it none is inside",
    )
    parser.add_argument(
        "--examined-at",
        type=_moment,
        metavar="ISO",
        help="when, as 2026-03-01T10:00:00+00:00: the program reads no clock",
    )
    for name, what in (("reference", "your case number"), ("examiner", "your name")):
        parser.add_argument(f"--{name}", type=_stated, default="", help=what)
    parser.add_argument(
        "--sign", type=Path, metavar="KEYFILE", help="write a signature beside it"
    )
    parser.add_argument(
        "--fonts", type=Path, default=FONTS, help="a folder of Fontsource packages"
    )
    return parser


def _moment(text: str) -> str:
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            "A moment is given as 2026-03-01T10:00:00+00:00."
        ) from error


def _stated(text: str) -> str:
    if len(text) > _LONGEST or not text.isprintable():
        raise argparse.ArgumentTypeError(
            f"At most {_LONGEST} printable characters can be stated."
        )
    return text
