"""python -m tracker hash: the signals of pictures."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tracker.images import ImageError, decode_file
from tracker.signals import Signal, hash_picture


def add_parser(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    parser = subparsers.add_parser("hash", help="print the signals of pictures")
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object per picture, one per line"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Hash every picture; a bad one is named, and makes the exit code 1 at the end."""
    failed = False
    console = Console()
    for path in arguments.photos:
        try:
            signals = hash_picture(decode_file(path), whole=True)
        except ImageError as error:
            failed = True
            if arguments.json:
                _print_json({"path": str(path), "error": str(error)})
            else:
                console.print(Text(f"{shown(path)}: {error}"))
            continue
        if arguments.json:
            rows = [_told(signal) for signal in signals]
            _print_json({"path": str(path), "signals": rows})
        else:
            console.print(_table(path, signals))
    return int(failed)


def _told(signal: Signal) -> dict[str, object]:
    """All of a signal but what it is of: that is always the whole here."""
    return {name: told for name, told in asdict(signal).items() if name != "of"}


def shown(path: Path) -> str:
    """The name as it can be printed: a name may hold what steers a terminal."""
    name = os.fsencode(path).decode(errors="replace")
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in name)


def _print_json(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


def _table(path: Path, signals: tuple[Signal, ...]) -> Table:
    table = Table(title=Text(shown(path)), title_justify="left")
    table.add_column("type")
    table.add_column("value", overflow="fold")
    table.add_column("quality", justify="right")
    for signal in signals:
        quality = "" if signal.quality is None else str(signal.quality)
        table.add_row(signal.type, signal.value, quality)
    return table
