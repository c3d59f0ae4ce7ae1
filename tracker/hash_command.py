"""python -m tracker hash: the signals of pictures and videos, whole folders on every core."""

import argparse
import json
import os
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from tracker.frames import hash_video
from tracker.images import ImageError, Picture, decode_file
from tracker.signals import WHOLE, Signal, hash_picture
from tracker.video import Video, VideoError, decode_video_file, is_video

BATCH = 16  # pictures that a process is given at once
AHEAD = 4  # batches for each process, done or waiting: results are told in order
FEW = 2 * BATCH  # pictures that are hashed before other processes would have started

Hashed = tuple[Path, tuple[Signal, ...] | str]  # or a sentence: why not


def add_parser(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    parser = subparsers.add_parser(
        "hash", help="print the signals of pictures and videos"
    )
    parser.add_argument(
        "photos",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="a picture, a video, or a folder with all that is in it",
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON object per file, one per line"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Hash every picture; a bad one is named, and makes the exit code 1 at the end."""
    paths = list(_files(arguments.photos))
    tell = _tell_json if arguments.json else _tell
    failed = 0
    try:
        with _progress() as progress:
            for path, made in progress.track(hashed(paths), total=len(paths)):
                failed += isinstance(made, str)
                tell(path, made)
    except BrokenProcessPool:
        sys.stderr.write("A process that hashed pictures was ended; nothing follows.\n")
        return 1
    if len(paths) > 1:
        good = len(paths) - failed
        sys.stderr.write(f"Pictures hashed: {good}. Files that are none: {failed}.\n")
    return int(failed > 0)


def hashed(paths: Sequence[Path]) -> Iterator[Hashed]:
    """The signals of each picture as a whole, in the order of `paths`.

    Many are shared out among as many processes as there are cores. Raises
    BrokenProcessPool if one of these is killed.
    """
    cores = len(os.sched_getaffinity(0))
    if len(paths) <= FEW or cores == 1:
        yield from map(_hash, paths)
        return
    pool = ProcessPoolExecutor(cores, mp_context=get_context("spawn"))
    waiting: deque[Future[list[Hashed]]] = deque()
    try:
        for start in range(0, len(paths), BATCH):
            waiting.append(_submit(pool, paths[start : start + BATCH]))
            if len(waiting) > AHEAD * cores:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, paths: Sequence[Path]) -> "Future[list[Hashed]]":
    """Hand over a batch. The first starts the processes, deaf to Ctrl-C: that is ours."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(_hash_all, paths)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _hash_all(paths: Sequence[Path]) -> list[Hashed]:
    return [_hash(path) for path in paths]


def _hash(path: Path) -> Hashed:
    try:
        return path, _signals(opened(path))
    except (ImageError, VideoError) as error:
        return path, str(error)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """The paths; of a folder all files in it and below, by name."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, below, names in os.walk(path):
            below.sort()
            files = (Path(folder, name) for name in sorted(names))
            yield from (file for file in files if file.is_file())


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


def _progress() -> Progress:
    """A bar for people, on the terminal that the errors go to; else nothing."""
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(
        *columns,
        console=console,
        disable=not console.is_terminal,
        transient=True,
        # What is printed meanwhile goes above the bar, if that is the same terminal.
        redirect_stdout=sys.stdout.isatty(),
    )


def _tell(path: Path, made: tuple[Signal, ...] | str) -> None:
    if isinstance(made, str):
        Console().print(Text(f"{shown(path)}: {made}"))
    else:
        Console().print(_table(path, made))


def _tell_json(path: Path, made: tuple[Signal, ...] | str) -> None:
    if isinstance(made, str):
        told: dict[str, object] = {"error": made}
    else:
        told = {"signals": [_told(one) for one in made]}
    sys.stdout.write(json.dumps({"path": str(path)} | told) + "\n")


def _told(made: Signal) -> dict[str, object]:
    """All of a signal; what it is of only where that is not the whole file."""
    of = {} if made.of == WHOLE else {"of": made.of}
    kept = {
        name: getattr(made, name) for name in ("type", "value", "quality", "version")
    }
    return kept | of


def shown(path: Path) -> str:
    """The name as it can be printed: a name may hold what steers a terminal."""
    name = os.fsencode(path).decode(errors="replace")
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in name)


def _table(path: Path, signals: tuple[Signal, ...]) -> Table:
    table = Table(title=Text(shown(path)), title_justify="left")
    table.add_column("of")
    table.add_column("type")
    table.add_column("value", overflow="fold")
    table.add_column("quality", justify="right")
    for made in signals:
        quality = "" if made.quality is None else str(made.quality)
        table.add_row(made.of, made.type, made.value, quality)
    return table
