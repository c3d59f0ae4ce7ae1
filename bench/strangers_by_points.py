"""How often points of different pictures agree: what "near" may claim of them.

python bench/strangers_by_points.py PHOTOS... [--most N] [--crops 20]: every picture of these
folders, doubles left out, is banked; each is asked whole and as random crops that keep 25
to 90 %, as it is and mirrored, of the bank of all. Counted are pairs of an asked and a
banked set of points of pictures that have nothing in common. As in strangers.py, sets of
one picture are alike, so that it is a bound on sets.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.strangers import opened, pictures
from tests.drawing import encode
from tracker import Picture, PointBank, Points, asked_points, decode, points_of
from tracker.rates import at_most

KEPT = (0.25, 0.5, 0.75, 0.9)  # of the area
FORMS = 2  # as it is, and mirrored
KINDS = ("near", "possible")

Found = tuple[str, int, int, int]  # kind, spots, asked picture, banked picture


def cuts(image: Image.Image, number: int, crops: int) -> Iterator[Image.Image]:
    """The whole, then crops from anywhere."""
    yield image
    rng = np.random.default_rng(number)
    for n in range(1, crops):
        side = KEPT[n % len(KEPT)] ** 0.5
        width, height = round(image.width * side), round(image.height * side)
        left = int(rng.integers(image.width - width + 1))
        top = int(rng.integers(image.height - height + 1))
        yield image.crop((left, top, left + width, top + height))


def read(image: Image.Image) -> Picture:
    return decode(encode(image, "BMP"))


_bank = PointBank()  # filled before processes are forked, so that each has it


def fill(paths: Sequence[Path]) -> None:
    with ProcessPoolExecutor() as pool:
        made = pool.map(_banked, paths, chunksize=8)
        for number, points in enumerate(track(made, "banking", len(paths))):
            _bank.add(number, points)
    _bank.ask(points)


def _banked(path: Path) -> Points:
    return points_of(read(opened(path)))


def asked(crops: int, numbered: tuple[int, Path]) -> tuple[int, list[Found]]:
    """How many times the bank was asked about one picture, and which strangers it told."""
    number, path = numbered
    found: list[Found] = []
    some = list(cuts(opened(path), number, crops))
    for cut in some:
        for other, told in _bank.ask(*asked_points(read(cut))):
            if other != number:
                found.append((told.kind, told.inliers, number, other))
    return len(some), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="PHOTOS")
    parser.add_argument("--most", type=int, default=2_000, metavar="N")
    parser.add_argument("--crops", type=int, default=20)
    arguments = parser.parse_args()
    paths = pictures(arguments.folders, arguments.most)
    fill(paths)
    times, found = 0, Counter[str]()
    told: list[Found] = []
    with ProcessPoolExecutor(mp_context=get_context("fork")) as pool:
        work = pool.map(partial(asked, arguments.crops), enumerate(paths))
        for count, strangers in track(work, "asking", len(paths)):
            times += count
            told += strangers
            found.update(kind for kind, *_ in strangers)
    pairs = times * FORMS * (len(paths) - 1)
    table = Table(title=f"{len(paths)} different pictures, asked {times:,} times")
    for name in ("told as", "pairs", "found", "rate", "at most (95 %)"):
        table.add_column(name, justify="right")
    for n, kind in enumerate(KINDS):
        wrong = sum(found[k] for k in KINDS[: n + 1])
        row = (f"{pairs:,}", f"{wrong}", f"{wrong / pairs:.1e}")
        table.add_row(kind, *row, f"{at_most(wrong) / pairs:.1e}")
    Console().print(table)
    for kind, spots, one, other in sorted(told)[:20]:
        Console().print(f"{kind}, {spots} spots: {paths[one].name} {paths[other].name}")


if __name__ == "__main__":
    main()
