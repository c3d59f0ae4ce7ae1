"""python -m tracker compare: what two pictures are to each other."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tracker.comparing import compare
from tracker.hash_command import shown
from tracker.images import ImageError, decode_file


def add_parser(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    parser = subparsers.add_parser("compare", help="tell how two pictures are related")
    parser.add_argument("a", type=Path, metavar="A")
    parser.add_argument("b", type=Path, metavar="B")
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the comparison; exit code 1 if one of the files is no picture."""
    pictures = []
    for path in (arguments.a, arguments.b):
        try:
            pictures.append(decode_file(path))
        except ImageError as error:
            if arguments.json:
                line = json.dumps({"path": str(path), "error": str(error)})
                sys.stdout.write(line + "\n")
            else:
                Console().print(Text(f"{shown(path)}: {error}"))
            return 1
    comparison = compare(*pictures)
    if arguments.json:
        sys.stdout.write(json.dumps(asdict(comparison)) + "\n")
    else:
        Console().print(f"{comparison.kind or 'different'}: {comparison.why}")
    return 0
