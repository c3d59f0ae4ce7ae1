"""How often a derived picture is proved with the right region, and a stranger's falsely.

python bench/derivation.py PHOTOS... [--pairs N] [--copies N] [--unrelated N] [--first N]
[--seed N] [--half N]: of photographs in these folders, all different. Each pair is an
original and a forgery of it, edited in a region, then posted; right is a told replaced
region that overlaps the true one by an intersection over union of 0.6. Worst first.
--first goes on where another run stopped; another seed draws other edits; --half takes
every other picture, from the first or the second on: develop on one, report on the other.

Then copies without an edit, whose regions called replaced are false, and unrelated pairs.

An edit that nobody can see is drawn anew: a cloudless sky that was inpainted is the same
sky. The bound is the rule of three's: none seen leaves three with 95 % confidence.
"""

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.transforms import PLAIN, edits
from detector import Derivation, OriginalFeatures, derive
from detector.derivation.deriving import told_by_pixels, told_by_points
from detector.derivation.features import shrunk
from detector.derivation.registering import register
from tests.drawing import landscape, mirror
from tracker import decode_file
from tracker.rates import at_most

LONGEST = 1224  # pixels of an original's longer side
RIGHT = 0.6
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
COPIES = (
    *("jpeg_30", "grey", "darker_by_50", "brighter_by_50", "contrast_by_60"),
    *("gamma_half", "gamma_two", "noise", "blur_4", "beauty_filter"),
    *("resize_quarter", "squeezed_to_80", "crop_25", "crop_50", "zoom_2x"),
    *("rotate_5_in_black", "rotate_15", "rotate_90", "mirrored", "perspective_6"),
    *("white_border_8", "letterbox_square", "screenshot", "photo_of_a_screen"),
    *("mirrored_crop_10", "recompressed_socially", "forwarded_by_messenger"),
)  # of bench/transforms: what paints nothing over the picture
TIMES = 5
LARGE = (4000, 3000)


@dataclass(frozen=True, slots=True)
class Result:
    """One derived pair: what was done to it, and what was told of it."""

    edit: str
    posting: str
    name: str
    proof: str
    overlap: float
    by_points: str  # what the original's features alone prove

    @property
    def right(self) -> bool:
        return self.proof == "proved" and self.overlap >= RIGHT


def pictures(folders: Sequence[Path], half: int | None) -> list[Path]:
    """Their files, the folders taking turns, so that any number is of all of them."""
    listed = [
        [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES]
        for folder in folders
    ]
    if half is not None:
        listed = [paths[half::2] for paths in listed]
    longest = max((len(paths) for paths in listed), default=0)
    return [
        paths[turn % len(paths)]
        for turn in range(longest)
        for paths in listed
        if paths and (turn < len(paths) or len(paths) < longest // 4)
    ]


def opened(path: Path) -> Image.Image:
    image = decode_file(path).image
    image.thumbnail((LONGEST, LONGEST))
    return image


def derived(paths: Sequence[Path], numbers: range, seed: int) -> Iterator[Result]:
    """The pair of each number: every edit in turn, and each with every posting."""
    kinds, postings = list(edits.EDITS), list(edits.POSTINGS)
    for number in track(numbers, "derived"):
        chance = np.random.default_rng((number, seed))
        path = paths[number % len(paths)]
        other = opened(paths[(number * 7 + 3) % len(paths)])
        original = opened(path)
        kind = kinds[number % len(kinds)]
        posting = postings[number // len(kinds) % len(postings)]
        made = edits.edited(kind, original, other, chance)
        if made is None:
            continue
        made = edits.posted(posting, made, chance)
        ours, theirs = OriginalFeatures.of(original), OriginalFeatures.of(made.image)
        told = told_by_pixels(shrunk(made.image), original, theirs, ours)
        proof = told_by_points(theirs, ours).proof
        yield Result(kind, posting, path.name, told.proof, overlap(told, made), proof)


def overlap(told: Derivation, made: edits.Edited) -> float:
    """Intersection over union of the told replaced region and the true one."""
    mask = next((r.mask for r in told.regions if r.kind == "replaced"), None)
    if mask is None:
        return 0.0
    size = (mask.shape[1], mask.shape[0])
    true = np.asarray(made.mask.resize(size, Image.Resampling.NEAREST)) > 127
    return float((mask & true).sum() / max(1, (mask | true).sum()))


def copied(paths: Sequence[Path], numbers: range) -> Iterator[Result]:
    """Copies of each picture, in turn: of `overlap` is told the share called replaced."""
    for number in track(numbers, "copies"):
        path, name = paths[number % len(paths)], COPIES[number % len(COPIES)]
        original = opened(path)
        told = derive(PLAIN[name](original), original)
        yield Result("", name, path.name, told.proof, told.share("replaced"), "")


def copies_table(results: Sequence[Result]) -> Table:
    told = Table("copy", "pairs", "proved", "with a region called replaced", "largest")
    groups = {n: [r for r in results if r.posting == n] for n in COPIES}
    rows = [(name, group) for name, group in groups.items() if group]
    rows.sort(key=lambda row: -np.mean([r.overlap > 0 for r in row[1]]))
    for name, group in [*rows, ("all", list(results))]:
        told.add_row(
            name,
            str(len(group)),
            f"{np.mean([r.proof == 'proved' for r in group]):.1%}",
            f"{np.mean([r.overlap > 0 for r in group]):.1%}",
            f"{max(r.overlap for r in group):.1%}",
        )
    return told


def strangers(paths: Sequence[Path], numbers: range) -> tuple[int, list[str]]:
    """How many pairs of different photographs were judged, and those not "not shown"."""
    count = int(np.ceil(np.sqrt(2 * numbers.stop))) + 1
    chosen = list(dict.fromkeys(paths))[:count]
    known = [OriginalFeatures.of(opened(path)) for path in track(chosen, "features")]
    pairs = [(a, b) for a in range(len(chosen)) for b in range(a)]
    pairs = pairs[numbers.start : numbers.stop]
    found = []
    for a, b in track(pairs, "unrelated"):
        points = told_by_points(known[a], known[b]).proof
        pixels = "not shown"
        if points != "not shown" or register(known[b], known[a]):
            one, other = opened(chosen[a]), opened(chosen[b])
            pixels = told_by_pixels(shrunk(one), other, known[a], known[b]).proof
        if {points, pixels} != {"not shown"}:
            names = f"{chosen[a].name} {chosen[b].name}"
            found.append(f"{pixels}; by points {points}: {names}")
    return len(pairs), found


def table(results: Sequence[Result], what: str) -> Table:
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[getattr(result, what)].append(result)
    told = Table(what, "pairs", "right", "proved", "median overlap", "by points")
    rows = sorted(groups.items(), key=lambda g: np.mean([r.right for r in g[1]]))
    for name, group in [*rows, ("all", list(results))]:
        told.add_row(
            name,
            str(len(group)),
            f"{np.mean([r.right for r in group]):.1%}",
            f"{np.mean([r.proof == 'proved' for r in group]):.1%}",
            f"{np.median([r.overlap for r in group]):.2f}",
            f"{np.mean([r.by_points == 'proved' for r in group]):.1%}",
        )
    return told


def timed() -> tuple[float, float]:
    """Wall and processor seconds of the median pair of twelve megapixels."""
    original = landscape(1, LARGE)
    suspected = mirror(original)
    spent = []
    for _ in range(TIMES):
        begin, used = time.perf_counter(), time.process_time()
        derive(suspected, original)
        spent.append((time.perf_counter() - begin, time.process_time() - used))
    wall, cpu = np.median(np.array(spent), axis=0)
    return float(wall), float(cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="PHOTOS")
    parser.add_argument("--pairs", type=int, default=300, metavar="N")
    parser.add_argument("--copies", type=int, default=270, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--unrelated", type=int, default=5_000, metavar="N")
    arguments = parser.parse_args()
    paths, console = pictures(arguments.folders, arguments.half), Console()
    last = arguments.first + arguments.pairs
    if results := list(derived(paths, range(arguments.first, last), arguments.seed)):
        console.print(table(results, "edit"))
        console.print(table(results, "posting"))
        for result in sorted(results, key=lambda r: r.overlap)[:15]:
            if not result.right:
                console.print(result)
    last = arguments.first + arguments.copies
    if results := list(copied(paths, range(arguments.first, last))):
        console.print(copies_table(results))
    if arguments.unrelated:
        last = arguments.first + arguments.unrelated
        pairs, found = strangers(paths, range(arguments.first, last))
        proved = sum(line.startswith("proved") for line in found)
        bound = at_most(proved) / max(1, pairs)
        console.print(f"{pairs} unrelated pairs, {proved} proved: at most {bound:.2e}")
        console.print("\n".join(found))
    wall, cpu = timed()
    console.print(f"12 megapixels: {wall:.2f} s, of processor {cpu:.2f} s")


if __name__ == "__main__":
    main()
