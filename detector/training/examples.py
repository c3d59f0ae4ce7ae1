"""Pictures to learn from: where they lie, and what is done to each before it is seen.

It decodes nothing: it is handed a function that does. What is done to a picture must
not depend on its class, or the class is learned from that.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

REAL, FAKE = 0, 1
FOLDERS: Final = {"real": REAL, "fake": FAKE}

Decode = Callable[[Path], Image.Image]  # to upright RGB

_AREA: Final = (0.08, 1.0)  # of the picture, that a crop takes
_RATIO: Final = (3 / 4, 4 / 3)  # of a crop's width to its height
_TRIES: Final = 10
_JPEG_SHARE: Final = 0.3
_JPEG_QUALITY: Final = (30, 96)


class ExamplesError(Exception):
    """There is nothing to learn from; the text says why, for whoever trains."""


@dataclass(frozen=True, slots=True)
class Example:
    path: Path
    label: int


def examples(source: Path) -> list[Example]:
    """Find the pictures of a folder with `real/` and `fake/`, or of a list.

    Args:
        source: Such a folder, searched to its depths; or a UTF-8 text file with a path
            and 0 (real) or 1 (fake) on each line. Paths are relative to that file.

    Raises:
        ExamplesError: A class has no pictures, or a line is not of that form.
    """
    try:
        found = _of_list(source) if source.is_file() else _of_folder(source)
    except (OSError, UnicodeDecodeError) as error:
        raise ExamplesError(f"{source.name} cannot be read.") from error
    if {one.label for one in found} != {REAL, FAKE}:
        raise ExamplesError(f"{source.name} needs real pictures and fake ones.")
    return found


def _of_folder(folder: Path) -> list[Example]:
    return [
        Example(path, label)
        for name, label in FOLDERS.items()
        for path in sorted((folder / name).rglob("*"))
        if path.is_file()
    ]


def _of_list(file: Path) -> list[Example]:
    found = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        name, _, label = line.strip().rpartition(" ")
        if not line.strip():
            continue
        if not name.strip() or label not in {"0", "1"}:
            raise ExamplesError(f"{file.name}, line {number}: not a path and 0 or 1.")
        found.append(Example(file.parent / name.strip(), int(label)))
    return found


def augmented(
    image: Image.Image, side: int, random: np.random.Generator
) -> Image.Image:
    """Crop, resize, mirror and recompress by chance, to `side` pixels a side."""
    box = _crop(image.size, random)
    changed = image.resize((side, side), Image.Resampling.BILINEAR, box)
    for flip in (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM):
        if random.random() < 0.5:
            changed = changed.transpose(flip)
    if random.random() < _JPEG_SHARE:
        file = io.BytesIO()
        changed.save(file, "JPEG", quality=int(random.integers(*_JPEG_QUALITY)))
        changed = Image.open(file).convert("RGB")
    return changed


def _crop(
    size: tuple[int, int], random: np.random.Generator
) -> tuple[int, int, int, int]:
    """Draw a box as Szegedy et al. do ("Going deeper with convolutions", 2015)."""
    width, height = size
    for _ in range(_TRIES):
        area = width * height * random.uniform(*_AREA)
        ratio = np.exp(random.uniform(*np.log(_RATIO)))
        w, h = round(np.sqrt(area * ratio)), round(np.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            x = int(random.integers(width - w + 1))
            y = int(random.integers(height - h + 1))
            return x, y, x + w, y + h
    return 0, 0, width, height
