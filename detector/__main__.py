"""The detector's command line: what is known about how these pictures were made.

The only module here that knows the tracker: pictures are decoded through its one door.
"""

import argparse
import json
import os
import pkgutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

from PIL import Image
from rich.console import Console
from rich.table import Table
from rich.text import Text

from detector import (
    Assessment,
    Model,
    WeightsError,
    assess,
    derive,
    heatmap,
    load_model,
    parse_checkpoint,
    shipped_models,
)
from detector.explain import opinion, quote, summary
from tracker.images import ImageError, decode

# Far above what the door lets in, so that its own sentence is the one that is read.
_MAX_READ: Final = 64 << 20


class FileError(Exception):
    """A path that gives no picture; the text is for the person at the terminal."""


def main(arguments: list[str] | None = None) -> int:
    """Assess every photo; return 1 if one of them could not be, 2 without models, else 0."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["evaluate"]:
        evaluate = pkgutil.resolve_name("detector.evaluating:main")
        status: int = evaluate(arguments[1:], lambda path: decode(_read(path)).image)
        return status
    if arguments[:1] in (["report"], ["keygen"]):
        command = pkgutil.resolve_name(f"detector.reporting:{arguments[0]}")
        done: int = command(arguments[1:], _decoded, _models, (FileError, ImageError))
        return done
    options = _options(arguments)
    report = _report_json if options.json else _report_table
    try:
        models = _models()
        original = _decoded(options.original)[0] if options.original else None
    except WeightsError as error:
        print(error, file=sys.stderr)
        return 2
    except (FileError, ImageError) as error:
        _report_error(options.original, str(error), as_json=options.json)
        return 1
    trouble = False
    for path in options.photos:
        try:
            assessment = _assess(path, models, original, options.heatmap)
        except (FileError, ImageError) as error:
            trouble = True
            _report_error(path, str(error), as_json=options.json)
        else:
            report(path, assessment)
    return int(trouble)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.heatmap and (len(options.photos) > 1 or not options.original):
        parser.error("--heatmap draws one PHOTO's difference from its --original")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m detector",
        description="Look for signs that a picture was made or altered by AI.",
        epilog="Finding no sign is no proof that a picture is authentic. The environment's "
        "DETECTOR_MODEL=NAME:PATH#sha256=DIGEST adds a trained model of yours. "
        "`evaluate DATASET` tells how often a model is right, `report PHOTO` writes a "
        "report that can be signed: see `evaluate --help` and `report --help`.",
    )
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object per file and line"
    )
    parser.add_argument(
        "--original",
        type=Path,
        metavar="ORIGINAL",
        help="a harmless picture that PHOTO may have been made from",
    )
    parser.add_argument(
        "--heatmap",
        type=Path,
        metavar="OUT.png",
        help="where PHOTO differs from its original, over a blurred PHOTO",
    )
    return parser


def _models() -> tuple[Model, ...]:
    """Load what ships and what the environment names, once for all photos."""
    specification = os.environ.get("DETECTOR_MODEL", "")
    if not specification:
        return shipped_models()
    return (*shipped_models(), load_model(parse_checkpoint(specification)))


def _assess(
    path: Path,
    models: tuple[Model, ...],
    original: Image.Image | None,
    drawn: Path | None,
) -> Assessment:
    image, data = _decoded(path)
    if original and drawn:
        _draw(heatmap(image, derive(image, original)), drawn)
    return assess(image, data=data, original=original, models=models)


def _decoded(path: Path) -> tuple[Image.Image, bytes]:
    data = _read(path)
    return decode(data).image, data


def _draw(drawing: Image.Image, path: Path) -> None:
    try:
        drawing.save(path, "PNG")
    except (OSError, ValueError) as error:
        raise FileError(
            f"The heatmap cannot be written to {_printable(path)}."
        ) from error


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise FileError("There is no such file.")
        with path.open("rb") as file:
            return file.read(_MAX_READ)
    except (OSError, ValueError) as error:  # ValueError: a name no system can hold
        raise FileError("This file cannot be read.") from error


def _report_error(path: Path, error: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"path": str(path), "error": error}))
    else:
        print(f"{_printable(path)}: {error}", file=sys.stderr)


def _report_json(path: Path, assessment: Assessment) -> None:
    print(json.dumps({"path": str(path), **asdict(assessment)}))


def _report_table(path: Path, assessment: Assessment) -> None:
    console = Console()
    table = Table("Looked at", "Found, and what it means", "Strength", show_lines=True)
    for piece in assessment.evidence:
        kind = piece.kind.replace("_", " ")
        table.add_row(kind, _found(piece.finding, piece.detail), piece.strength)
    for given in assessment.models:
        table.add_row(given.name, _found(*opinion(given)), "model")
    console.print(Text(_printable(path), style="bold"))
    console.print(Text(summary(assessment)))
    console.print(table)
    console.print("Not tested:")
    for line in assessment.not_tested:
        console.print(Text(f"  - {line}"))


def _found(finding: str, detail: str) -> Text:
    # Folded: a quote is shown whole.
    return Text.assemble((finding, "bold"), "\n", detail, overflow="fold")


def _printable(path: Path) -> str:
    return quote(str(path))


if __name__ == "__main__":
    sys.exit(main())
