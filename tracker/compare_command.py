"""python -m tracker compare: what two pictures or videos are to each other."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tracker.descriptors import POSSIBLE, Descriptor, DescriptorError
from tracker.frames import compare_media, pictures_of
from tracker.hash_command import opened, shown
from tracker.images import ImageError, Picture
from tracker.video import Video, VideoError


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
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the comparison; exit code 1 if one of the files is neither.

    And if the descriptor cannot be used: then nothing is compared.
    """
    try:
        descriptor = Descriptor(arguments.descriptor) if arguments.descriptor else None
    except DescriptorError as error:
        return _refused(arguments, {"descriptor": arguments.descriptor}, error)
    files = []
    for path in (arguments.a, arguments.b):
        try:
            files.append(opened(path))
        except (ImageError, VideoError) as error:
            return _refused(arguments, {"path": str(path)}, error)
    comparison = compare_media(files[0], files[1])
    told = asdict(comparison)
    lines = [f"{comparison.kind or 'different'}: {comparison.why}"]
    if descriptor is not None:
        try:
            cosine = _cosine(descriptor, files[0], files[1])
        except DescriptorError as error:
            return _refused(arguments, {"descriptor": arguments.descriptor}, error)
        kind = "possible" if cosine is not None and cosine >= POSSIBLE else None
        told["descriptor"] = {
            "version": descriptor.version,
            "cosine": cosine,
            "kind": kind,
        }
        lines.append(_in_words(cosine, kind))
    if arguments.json:
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        Console().print("\n".join(lines))
    return 0


def _refused(
    arguments: argparse.Namespace, what: dict[str, str], error: Exception
) -> int:
    if arguments.json:
        sys.stdout.write(json.dumps(what | {"error": str(error)}) + "\n")
    else:
        name = shown(Path(next(iter(what.values()))))
        Console().print(Text(f"{name}: {error}"))
    return 1


def _cosine(
    descriptor: Descriptor, a: Picture | Video, b: Picture | Video
) -> float | None:
    """Of the nearest two pictures of the files; None where a video has plain frames only."""
    first, second = (
        [descriptor.describe(picture) for picture in pictures_of(media)]
        for media in (a, b)
    )
    pairs = [float(one @ other) for one in first for other in second]
    return max(pairs, default=None)


def _in_words(cosine: float | None, kind: str | None) -> str:
    if cosine is None:
        return "descriptor: the frames are too plain to compare"
    return (
        f"descriptor: {kind or 'different'}, {cosine:.3f} alike; {POSSIBLE} and more may be "
        "a copy, by what its authors say: we have not measured it"
    )
