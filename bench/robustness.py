"""How many re-posted copies are found, and how many strangers: ours beside other hashes.

python bench/robustness.py [FOLDER] [--most N] [--crop-resistant]: on drawn pictures or on
the JPEG files of a folder, which must all be different. Each is banked as it is, then
asked for as each transform leaves it. Worst first; below it what was found falsely, for
each pair of a copy and another picture. imagehash's crop-resistant hash takes longer than
all others together, so it is asked for by name.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import imagehash
import numpy as np
import numpy.typing as npt
import pdqhash
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.transforms import transforms
from bench.transforms.levels import saved
from tests.drawing import encode, landscape
from tracker import (
    Kind,
    Picture,
    PointBank,
    Signal,
    ask_picture,
    asked_points,
    decode,
    decode_file,
    hash_picture,
    points_of,
    signal_type,
)

LONGEST = 1224  # pixels of a banked picture's longer side
IN_COLLAGE = 3  # the next pictures, which share a collage: neither copies nor strangers

Hashes = dict[str, npt.NDArray[np.float32]]  # by type; (n, bits), a bit being -1 or 1
Maker = Callable[[Image.Image], Hashes]


@dataclass(frozen=True, slots=True)
class Column:
    """One way to bank and to ask, and what it calls found.

    That are distances of at most so many bits, and points that agree at least so well.
    """

    bank: Maker
    ask: Maker
    radii: dict[str, int]
    points: frozenset[Kind] = frozenset()


def peer_pdq(image: Image.Image) -> Hashes:
    """As ThreatExchange does it: at full size, upright."""
    return {"pdq": _hashes([pdqhash.compute(np.asarray(image))[0]])}


def peer_dihedral(image: Image.Image) -> Hashes:
    return {"pdq": _hashes(pdqhash.compute_dihedral(np.asarray(image))[0])}


def peer_phash(image: Image.Image) -> Hashes:
    return {"phash": _hashes([imagehash.phash(image, hash_size=16).hash.ravel()])}


def peer_crop_resistant(image: Image.Image) -> Hashes:
    """One hash of each segment."""
    segments = imagehash.crop_resistant_hash(image).segment_hashes
    return {"segments": _hashes([segment.hash.ravel() for segment in segments])}


def our_bank(image: Image.Image) -> Hashes:
    return _by_type(hash_picture(_picture(image)))


def our_question(image: Image.Image) -> Hashes:
    return _by_type(ask_picture(_picture(image)))


LOOKS = ("pdq", "phash")
NEAR = {name: signal_type(name).near for name in LOOKS}
POSSIBLE = {name: signal_type(name).possible for name in LOOKS}
COLUMNS = {
    "PDQ": Column(peer_pdq, peer_pdq, {"pdq": 31}),
    "dihedral PDQ": Column(peer_pdq, peer_dihedral, {"pdq": 31}),
    "phash": Column(peer_phash, peer_phash, {"phash": 51}),
    "our hashes near": Column(our_bank, our_question, NEAR),
    "or possible": Column(our_bank, our_question, POSSIBLE),
    "with points near": Column(our_bank, our_question, NEAR, frozenset({"near"})),
    "with points near or possible": Column(
        our_bank, our_question, POSSIBLE, frozenset({"near", "possible"})
    ),
}
# One segment at 16 of 64 bits is what its matches() calls a match.
CROP_RESISTANT = Column(peer_crop_resistant, peer_crop_resistant, {"segments": 16})


class Bank:
    """The pictures as one column banks them."""

    def __init__(self, column: Column, kept: Sequence[Hashes]) -> None:
        self.column = column
        self.kept = {
            name: [hashes.get(name) for hashes in kept] for name in column.radii
        }

    def found(self, asked: Hashes, agreed: Mapping[int, Kind]) -> npt.NDArray[np.bool_]:
        """For each banked picture whether it is found."""
        found = [
            self._distances(name, asked.get(name)) <= radius
            for name, radius in self.column.radii.items()
        ]
        hits = np.logical_or.reduce(found)
        for number, kind in agreed.items():
            hits[number] |= kind in self.column.points
        return np.asarray(hits)

    def _distances(
        self, name: str, asked: npt.NDArray[np.float32] | None
    ) -> npt.NDArray[np.float32]:
        """For each banked picture the bits to its nearest hash."""
        return np.array(
            [_nearest(asked, hashes) for hashes in self.kept[name]], np.float32
        )


def _nearest(
    asked: npt.NDArray[np.float32] | None, kept: npt.NDArray[np.float32] | None
) -> float:
    """The least bits between two pictures' hashes; infinite where one has none."""
    if asked is None or kept is None:
        return np.inf
    return float((kept.shape[1] - asked @ kept.T).min()) / 2


def pictures(folder: Path | None, most: int) -> list[Image.Image]:
    if folder is None:
        return [landscape(seed, (816, 612)) for seed in range(min(most, 8))]
    images = [decode_file(path).image for path in sorted(folder.glob("*.jpg"))[:most]]
    for image in images:
        image.thumbnail((LONGEST, LONGEST))
    return images


def copies(images: Sequence[Image.Image]) -> Iterator[tuple[int, str, Image.Image]]:
    """Every picture after every transform: its number, the transform's name, the copy."""
    chance = np.random.default_rng(1)
    for number, image in enumerate(images):
        others = [images[(number + n) % len(images)] for n in range(1, IN_COLLAGE + 1)]
        for name, transform in transforms(others, chance).items():
            yield number, name, saved(transform(image), 85)


@dataclass(frozen=True, slots=True)
class Counts:
    """What was found: rightly, by transform and column; and falsely, by column."""

    found: dict[str, dict[str, list[bool]]]
    false: dict[str, list[bool]]


def measure(images: Sequence[Image.Image], columns: dict[str, Column]) -> Counts:
    """Ask each bank for every copy of every picture."""
    kept = {
        bank: [bank(image) for image in images]
        for bank in {c.bank for c in columns.values()}
    }
    banks = {name: Bank(c, kept[c.bank]) for name, c in columns.items()}
    points = PointBank()
    for number, image in enumerate(images):
        points.add(number, points_of(_picture(image)))
    counts = Counts({}, {name: [] for name in columns})
    total = len(images) * len(transforms(images, np.random.default_rng(1)))
    for number, transform, copy in track(copies(images), total=total):
        asked = {ask: ask(copy) for ask in {c.ask for c in columns.values()}}
        agreed = {n: a.kind for n, a in points.ask(*asked_points(_picture(copy)))}
        row = counts.found.setdefault(transform, {name: [] for name in columns})
        known = {(number + n) % len(images) for n in range(IN_COLLAGE + 1)}
        for name, bank in banks.items():
            hits = bank.found(asked[bank.column.ask], agreed)
            row[name].append(bool(hits[number]))
            counts.false[name] += [
                bool(hit) for n, hit in enumerate(hits) if n not in known
            ]
    return counts


def table(counts: Counts, title: str) -> Table:
    told = Table(title=title, show_footer=True)
    told.add_column("found, %", "false, per pair", no_wrap=True)
    for name, false in counts.false.items():
        share = f"{sum(false) / len(false):.1e}" if false else "-"
        told.add_column(name, share, justify="right")
    shares = {
        name: [100 * float(np.mean(row[column])) for column in counts.false]
        for name, row in counts.found.items()
    }
    for name in sorted(shares, key=lambda name: shares[name][::-1]):
        told.add_row(name, *(f"{share:.0f}" for share in shares[name]))
    told.add_section()
    means = np.mean(list(shares.values()), axis=0)
    told.add_row("mean", *(f"{mean:.1f}" for mean in means))
    return told


def _picture(image: Image.Image) -> Picture:
    return decode(encode(image, "BMP"))


def _by_type(signals: Sequence[Signal]) -> Hashes:
    values = {name: [s.value for s in signals if s.type == name] for name in LOOKS}
    rows = {
        name: [np.unpackbits(np.frombuffer(bytes.fromhex(v), np.uint8)) for v in many]
        for name, many in values.items()
    }
    return {name: _hashes(many) for name, many in rows.items() if many}


def _hashes(rows: Sequence[npt.NDArray[np.generic]]) -> npt.NDArray[np.float32]:
    return np.array(rows, np.float32) * 2 - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--most", type=int, default=45, metavar="N")
    parser.add_argument("--crop-resistant", action="store_true")
    arguments = parser.parse_args()
    images = pictures(arguments.folder, arguments.most)
    columns = dict(COLUMNS)
    if arguments.crop_resistant:
        columns = {"crop-resistant": CROP_RESISTANT, **columns}
    counts = measure(images, columns)
    pairs = len(counts.false["PDQ"])
    title = f"{len(images)} pictures, {pairs} pairs of a copy and another picture"
    Console().print(table(counts, title))


if __name__ == "__main__":
    main()
