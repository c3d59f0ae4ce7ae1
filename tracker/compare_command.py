"""python -m tracker compare: what two pictures or videos are to each other, and why."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.text import Text

from tracker.descriptors import POSSIBLE, Descriptor, DescriptorError
from tracker.explain import explain
from tracker.frames import compare_media, pictures_of
from tracker.hash_command import opened, shown
from tracker.images import ImageError, Picture
from tracker.matching import Comparison
from tracker.video import Video, VideoError

Media = Picture | Video


class _RefusedError(Exception):
    """What cannot be read, used or written; args are its name and a sentence."""

    def __init__(self, what: str, name: object, why: object) -> None:
        super().__init__(str(why))
        self.what = what
        self.name = str(name)


def add_parser(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    parser = subparsers.add_parser(
        "compare", help="tell how two pictures or videos are related"
    )
    parser.add_argument("a", type=Path, metavar="A")
    parser.add_argument("b", type=Path, metavar="B")
    parser.add_argument(
        "--descriptor",
        metavar="URL",
        help="ask a learned descriptor, too: onnx:/path/to/file#sha256=...",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object")
    parser.add_argument(
        "--explain",
        type=Path,
        metavar="OUT.png",
        help="draw both pictures and what of them agrees, into a new file",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the comparison; exit code 1 if something cannot be read, used or written."""
    try:
        told, lines = _told(arguments)
    except _RefusedError as error:
        if arguments.json:
            _print_json({error.what: error.name, "error": str(error)})
        else:
            Console().print(Text(f"{shown(Path(error.name))}: {error}"))
        return 1
    if arguments.json:
        _print_json(told)
    else:
        Console().print(Text("\n".join(lines)))
    return 0


def _told(arguments: argparse.Namespace) -> tuple[dict[str, object], list[str]]:
    """The comparison for a program, and in lines for people."""
    descriptor = _descriptor(arguments.descriptor)
    out: Path | None = arguments.explain
    if out and out.suffix.lower() != ".png":
        raise _RefusedError("path", out, "The drawing is a PNG file: name it so.")
    first, second = _opened(arguments.a), _opened(arguments.b)
    comparison = _explained(first, second, out) if out else compare_media(first, second)
    told = asdict(comparison)
    lines = [f"{comparison.kind or 'different'}: {comparison.why}"]
    if descriptor:
        seen = _described(descriptor, first, second)
        told["descriptor"] = seen
        lines.append(_in_words(seen))
    return told, lines


def _opened(path: Path) -> Media:
    try:
        return opened(path)
    except (ImageError, VideoError) as error:
        raise _RefusedError("path", path, error) from error


def _explained(first: Media, second: Media, out: Path) -> Comparison:
    if isinstance(first, Video) or isinstance(second, Video):
        raise _RefusedError("path", out, "A drawing is made of two pictures.")
    comparison, drawing = explain(first, second)
    _save(drawing, out)
    return comparison


def _save(drawing: Image.Image, path: Path) -> None:
    """Write a new file, never over one that is there, and none by half."""
    try:
        file = path.open("xb")
    except FileExistsError as error:
        why = "A file of this name is there already; choose another."
        raise _RefusedError("path", path, why) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _RefusedError("path", path, "This file cannot be written.") from error
    try:
        with file:
            drawing.save(file, "PNG")
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _RefusedError("path", path, "This file cannot be written.") from error


def _descriptor(url: str | None) -> Descriptor | None:
    try:
        return Descriptor(url) if url else None
    except DescriptorError as error:
        raise _RefusedError("descriptor", url, error) from error


def _described(descriptor: Descriptor, a: Media, b: Media) -> dict[str, object]:
    try:
        cosine = max(_cosines(descriptor, a, b), default=None)
    except DescriptorError as error:
        raise _RefusedError("descriptor", descriptor.version, error) from error
    kind = "possible" if cosine is not None and cosine >= POSSIBLE else None
    return {"version": descriptor.version, "cosine": cosine, "kind": kind}


def _cosines(descriptor: Descriptor, a: Media, b: Media) -> Iterator[float]:
    """Of each two pictures of the files; none where a video has plain frames only."""
    first, second = (
        [descriptor.describe(picture) for picture in pictures_of(media)]
        for media in (a, b)
    )
    return (float(one @ other) for one in first for other in second)


def _in_words(seen: dict[str, object]) -> str:
    if seen["cosine"] is None:
        return "descriptor: the frames are too plain to compare"
    return (
        f"descriptor: {seen['kind'] or 'different'}, {seen['cosine']:.3f} alike; {POSSIBLE} "
        "and more may be a copy, by what its authors say: we have not measured it"
    )


def _print_json(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
