"""Training on the command line: `python -m detector.training learned|ensemble|defenders|merge`.

The only module here that knows the tracker: pictures are decoded through its one door.
"""

import argparse
import sys
from pathlib import Path

import torch
from PIL import Image

from detector import WeightsError
from detector.merging import merge
from detector.models.defenders import BRANCHES
from detector.training import learned
from detector.training.defenders import Plan, averaged_file, train
from detector.training.examples import ExamplesError, examples
from detector.training.finishing import add_ensemble
from detector.weights import read
from tracker.images import ImageError, decode_file


def main(arguments: list[str] | None = None) -> int:
    """Do what was asked; return 1 and print a sentence where it cannot be done."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["learned"]:
        return learned.main(arguments[1:])
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ExamplesError, WeightsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m detector.training")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("learned", help="train our own model: see `learned --help`")
    add_ensemble(commands.add_parser("ensemble", help="join our models into one"))
    _add_defenders(commands.add_parser("defenders", help="train one of the branches"))
    _add_merge(commands.add_parser("merge", help="make one checkpoint of two branches"))
    return parser


def _add_defenders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("branch", choices=BRANCHES)
    parser.add_argument(
        "pictures", type=Path, help="a folder with real/ and fake/, or a list of both"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--held-out", type=Path, help="pictures to measure on")
    parser.add_argument(
        "--backbone", type=Path, help="weights of ImageNet to begin with"
    )
    defaults = Plan("convnext")
    for name in ("epochs", "batch", "side", "seed", "workers"):
        parser.add_argument(f"--{name}", type=int, default=getattr(defaults, name))
    parser.set_defaults(run=_train)


def _add_merge(parser: argparse.ArgumentParser) -> None:
    for name in BRANCHES:
        parser.add_argument(name, type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    parser.set_defaults(run=_merge)


def _train(options: argparse.Namespace) -> None:
    plan = Plan(
        options.branch,
        epochs=options.epochs,
        batch=options.batch,
        side=options.side,
        seed=options.seed,
        workers=options.workers,
        device="cuda" if torch.cuda.is_available() else "cpu",
    )
    train(
        plan,
        examples(options.pictures),
        _decode,
        options.output,
        held_out=examples(options.held_out) if options.held_out else None,
        backbone=read(options.backbone) if options.backbone else None,
        report=print,
    )
    print(f"The branch is {averaged_file(options.output, plan.branch)}.")


def _merge(options: argparse.Namespace) -> None:
    digest = merge(options.convnext, options.replknet, options.output)
    print(f"DETECTOR_MODEL=defenders:{options.output.absolute()}#sha256={digest}")


def _decode(path: Path) -> Image.Image:
    try:
        return decode_file(path).image
    except ImageError as error:
        raise ExamplesError(f"{path.name}: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
