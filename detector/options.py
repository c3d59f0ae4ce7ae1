"""What may be asked for on the command line."""

import argparse
from collections.abc import Sequence
from pathlib import Path


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the arguments; ends the process with a sentence where they make no sense."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not (options.paths or options.list):
        parser.error("name at least one PATH, or a --list of them")
    many = options.list or len(options.paths) > 1
    if options.heatmap and many:
        parser.error("--heatmap draws the map of one photo")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m detector",
        description="Look for signs that a picture or a video was made or altered by AI.",
        epilog="Finding no sign is no proof that a picture is authentic. The environment's "
        "DETECTOR_MODEL=NAME:PATH#sha256=DIGEST adds a trained model of yours, and `none` "
        "leaves out ours; its "
        "DETECTOR_TRUST=PATH#sha256=DIGEST a PEM file with the signers that you trust. "
        "`evaluate DATASET` tells how often a model is right, `report FILE` writes a "
        "report that can be signed: see `evaluate --help` and `report --help`.",
    )
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="a file, or a folder of files",
    )
    parser.add_argument(
        "--list",
        type=Path,
        metavar="FILE",
        help="a file of paths, one a line; - is stdin",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object per file and line"
    )
    parser.add_argument(
        "--original",
        type=Path,
        metavar="ORIGINAL",
        help="a harmless picture that the files may have been made from",
    )
    parser.add_argument(
        "--heatmap",
        type=Path,
        metavar="OUT.png",
        help="where a photo differs from its original or, without one, where a model "
        "looked, over the blurred photo",
    )
    return parser
