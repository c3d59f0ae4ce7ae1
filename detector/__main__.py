"""The detector's command line: what is known about how these files were made.

Files are read in detector/reading.py and reports printed in detector/terminal.py.
"""

import os
import pkgutil
import sys
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from detector import (
    Model,
    TrustError,
    TrustList,
    WeightsError,
    models_with,
    parse_trust,
)
from detector.assessing import assessed
from detector.explain import quote
from detector.figures import figures
from detector.options import parsed
from detector.reading import (
    FileError,
    Photo,
    listed,
    opened,
    photo,
    picture,
    walked,
)
from detector.terminal import Printer


def main(arguments: list[str] | None = None) -> int:
    """Assess every file; return 1 if one of them could not be, 2 without models, else 0."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["evaluate"]:
        return _evaluated(arguments[1:])
    if arguments[:1] in (["report"], ["keygen"]):
        command = pkgutil.resolve_name(f"detector.reporting:{arguments[0]}")
        done: int = command(arguments[1:], _models, _trust)
        return done
    options = parsed(arguments)
    printer = Printer(as_json=options.json)
    named = options.original
    try:
        models, trust = _models(), _trust()
        original = picture(named) if named else None
        named = options.list or options.heatmap
        paths = _paths(options)
    except (TrustError, WeightsError) as error:
        print(error, file=sys.stderr)
        return 2
    except FileError as error:
        printer.error(named, str(error))
        return 1
    trouble = False
    for path in printer.each(paths):
        try:
            found = photo(path) if options.heatmap else opened(path)
            assessment = assessed(found, original, models, trust)
            if options.heatmap and isinstance(found, Photo):
                maps = figures(found.image, original, models, assessment.models)
                _write_first(maps, options.heatmap)
        except FileError as error:
            trouble = True
            printer.error(path, str(error))
        else:
            printer.report(path, assessment)
    return int(trouble)


def _evaluated(arguments: list[str]) -> int:
    """Judge a model; a file that is missing or damaged ends it with a sentence."""
    evaluate = pkgutil.resolve_name("detector.evaluating:main")
    try:
        status: int = evaluate(arguments, _named)
    except FileError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        name = quote(os.fsdecode(error.filename or ""))
        print(f"{name}: This cannot be read or written.", file=sys.stderr)
    else:
        return status
    return 1


def _named(path: Path) -> Image.Image:
    """The picture of a set; where there is none, the error says of which file."""
    try:
        return picture(path)
    except FileError as error:
        raise FileError(f"{quote(str(path))}: {error}") from error


def _paths(options: Namespace) -> list[Path]:
    """Name every file; raises FileError."""
    named = listed(options.list) if options.list else []
    paths = list(walked([*options.paths, *named]))
    if options.heatmap and len(paths) > 1:
        raise FileError("A heatmap can only be drawn of one photo.")
    return paths


def _models() -> tuple[Model, ...]:
    """Load what ships and what the environment names, once for all files."""
    return models_with(os.environ.get("DETECTOR_MODEL", ""))


def _trust() -> TrustList | None:
    specification = os.environ.get("DETECTOR_TRUST", "")
    return parse_trust(specification) if specification else None


def _write_first(maps: Iterable[tuple[str, bytes]], path: Path) -> None:
    """Write one map: of what differs from the original, else of where a model looked."""
    _, png = next(iter(maps), ("", b""))
    if not png:
        raise FileError(
            "There is nothing to draw: no model has an opinion on this photo."
        )
    try:
        path.write_bytes(png)
    except (OSError, ValueError) as error:
        raise FileError(
            f"The heatmap cannot be written to {quote(str(path))}."
        ) from error


if __name__ == "__main__":
    sys.exit(main())
