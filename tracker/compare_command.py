"""python -m tracker compare: what two pictures are to each other, and why."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.text import Text

from tracker.comparing import compare
from tracker.explain import explain
from tracker.hash_command import shown
from tracker.images import ImageError, Picture, decode_file
from tracker.matching import Comparison


class _RefusedError(Exception):
    """A file that cannot be read or written; args are its path and a sentence."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(why)
        self.path = path


def add_parser(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    parser = subparsers.add_parser("compare", help="tell how two pictures are related")
    parser.add_argument("a", type=Path, metavar="A")
    parser.add_argument("b", type=Path, metavar="B")
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    parser.add_argument(
        "--explain",
        type=Path,
        metavar="OUT.png",
        help="draw both pictures and what of them agrees, into a new file",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the comparison; exit code 1 if a file is no picture or cannot be written."""
    try:
        comparison = _compared(arguments)
    except _RefusedError as error:
        if arguments.json:
            line = json.dumps({"path": str(error.path), "error": str(error)})
            sys.stdout.write(line + "\n")
        else:
            Console().print(Text(f"{shown(error.path)}: {error}"))
        return 1
    if arguments.json:
        sys.stdout.write(json.dumps(asdict(comparison)) + "\n")
    else:
        Console().print(Text(f"{comparison.kind or 'different'}: {comparison.why}"))
    return 0


def _compared(arguments: argparse.Namespace) -> Comparison:
    out: Path | None = arguments.explain
    if out and out.suffix.lower() != ".png":
        raise _RefusedError(out, "The drawing is a PNG file: its name ends in .png.")
    first, second = _opened(arguments.a), _opened(arguments.b)
    if not out:
        return compare(first, second)
    comparison, drawing = explain(first, second)
    _save(drawing, out)
    return comparison


def _opened(path: Path) -> Picture:
    try:
        return decode_file(path)
    except ImageError as error:
        raise _RefusedError(path, str(error)) from error


def _save(drawing: Image.Image, path: Path) -> None:
    """Write a new file, never over one that is there, and none by half."""
    try:
        file = path.open("xb")
    except FileExistsError as error:
        raise _RefusedError(
            path, "A file of this name is there already; choose another."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _RefusedError(path, "This file cannot be written.") from error
    try:
        with file:
            drawing.save(file, "PNG")
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _RefusedError(path, "This file cannot be written.") from error
