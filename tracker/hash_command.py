"""python -m tracker hash: the signals of pictures and videos."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tracker.frames import hash_video
from tracker.images import ImageError, Picture, decode_file
from tracker.signals import WHOLE, Signal, hash_picture
from tracker.video import Video, VideoError, decode_video_file, is_video


def add_parser(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    parser = subparsers.add_parser(
        "hash", help="print the signals of pictures and videos"
    )
    parser.add_argument("photos", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object per file, one per line"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Hash every file; a bad one is named, and makes the exit code 1 at the end."""
    failed = False
    console = Console()
    for path in arguments.photos:
        try:
            signals = _signals(opened(path))
        except (ImageError, VideoError) as error:
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


def opened(path: Path) -> Picture | Video:
    """Decode a file, by its first bytes as a video or a picture.

    Raises ImageError or VideoError.
    """
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except (OSError, ValueError):
        return decode_file(path)  # which says what is wrong
    return decode_video_file(path) if is_video(start) else decode_file(path)


def _signals(media: Picture | Video) -> tuple[Signal, ...]:
    if isinstance(media, Video):
        return hash_video(media).all
    return hash_picture(media, whole=True)


def _told(signal: Signal) -> dict[str, object]:
    """All of a signal; what it is of only where that is not the whole file."""
    told = asdict(signal)
    return told if signal.of != WHOLE else {k: v for k, v in told.items() if k != "of"}


def shown(path: Path) -> str:
    """The name as it can be printed: a name may hold what steers a terminal."""
    name = os.fsencode(path).decode(errors="replace")
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in name)


def _print_json(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")


def _table(path: Path, signals: tuple[Signal, ...]) -> Table:
    table = Table(title=Text(shown(path)), title_justify="left")
    table.add_column("of")
    table.add_column("type")
    table.add_column("value", overflow="fold")
    table.add_column("quality", justify="right")
    for signal in signals:
        quality = "" if signal.quality is None else str(signal.quality)
        table.add_row(signal.of, signal.type, signal.value, quality)
    return table
