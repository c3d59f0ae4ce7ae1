"""How many re-posted copies are found, and how many strangers: ours beside PDQ and phash.

python bench/robustness.py [FOLDER] [--most N]: on drawn pictures or on the JPEG files of
a folder, which must all be different. Each is banked as it is, then asked for as each
transform leaves it. Worst first; below it what was found falsely, for each pair of a
copy and another picture.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
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
from tracker import Signal, ask_picture, decode, decode_file, hash_picture, signal_type

LONGEST = 1224  # pixels of a banked picture's longer side
IN_COLLAGE = 3  # the next pictures, which share a collage: neither copies nor strangers

Hashes = dict[str, npt.NDArray[np.float32]]  # by type; (n, 256), a bit being -1 or 1
Maker = Callable[[Image.Image], Hashes]


@dataclass(frozen=True, slots=True)
class Column:
    """One way to bank and to ask, and the widest distances, in bits, that it calls found."""

    bank: Maker
    ask: Maker
    radii: dict[str, int]


def peer_pdq(image: Image.Image) -> Hashes:
    """As ThreatExchange does it: at full size, upright."""
    return {"pdq": _hashes([pdqhash.compute(np.asarray(image))[0]])}


def peer_dihedral(image: Image.Image) -> Hashes:
    return {"pdq": _hashes(pdqhash.compute_dihedral(np.asarray(image))[0])}


def peer_phash(image: Image.Image) -> Hashes:
    return {"phash": _hashes([imagehash.phash(image, hash_size=16).hash.ravel()])}


def our_bank(image: Image.Image) -> Hashes:
    return _by_type(hash_picture(decode(encode(image, "BMP"))))


def our_question(image: Image.Image) -> Hashes:
    return _by_type(ask_picture(decode(encode(image, "BMP"))))


LOOKS = ("pdq", "phash")
_NONE = np.empty((0, 256), np.float32)
COLUMNS = {
    "PDQ": Column(peer_pdq, peer_pdq, {"pdq": 31}),
    "dihedral PDQ": Column(peer_pdq, peer_dihedral, {"pdq": 31}),
    "phash": Column(peer_phash, peer_phash, {"phash": 51}),
    "ours near": Column(
        our_bank, our_question, {name: signal_type(name).near for name in LOOKS}
    ),
    "ours near or possible": Column(
        our_bank, our_question, {name: signal_type(name).possible for name in LOOKS}
    ),
}


class Bank:
    """The pictures as one column banks them."""

    def __init__(self, column: Column, kept: Sequence[Hashes]) -> None:
        self.column = column
        self.kept = {
            name: [np.atleast_2d(hashes.get(name, _NONE)) for hashes in kept]
            for name in column.radii
        }

    def found(self, asked: Hashes) -> npt.NDArray[np.bool_]:
        """For each banked picture whether it is found."""
        found = [
            self._distances(name, asked.get(name, _NONE)) <= radius
            for name, radius in self.column.radii.items()
        ]
        return np.asarray(np.logical_or.reduce(found))

    def _distances(
        self, name: str, asked: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """For each banked picture the bits to its nearest hash; 256 where there is none."""
        return np.array(
            [
                (128 - asked @ hashes.T / 2).min(initial=256)
                for hashes in self.kept[name]
            ],
            np.float32,
        )


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


def measure(images: Sequence[Image.Image]) -> Counts:
    """Ask each bank for every copy of every picture."""
    kept = {c.bank: [c.bank(image) for image in images] for c in COLUMNS.values()}
    banks = {name: Bank(c, kept[c.bank]) for name, c in COLUMNS.items()}
    counts = Counts({}, {name: [] for name in COLUMNS})
    total = len(images) * len(transforms(images, np.random.default_rng(1)))
    for number, transform, copy in track(copies(images), total=total):
        asked = {ask: ask(copy) for ask in {c.ask for c in COLUMNS.values()}}
        row = counts.found.setdefault(transform, {name: [] for name in COLUMNS})
        known = {(number + n) % len(images) for n in range(IN_COLLAGE + 1)}
        for name, bank in banks.items():
            hits = bank.found(asked[bank.column.ask])
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
        name: [100 * float(np.mean(row[column])) for column in COLUMNS]
        for name, row in counts.found.items()
    }
    for name in sorted(shares, key=lambda name: shares[name][::-1]):
        told.add_row(name, *(f"{share:.0f}" for share in shares[name]))
    told.add_section()
    means = np.mean(list(shares.values()), axis=0)
    told.add_row("mean", *(f"{mean:.1f}" for mean in means))
    return told


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
    arguments = parser.parse_args()
    images = pictures(arguments.folder, arguments.most)
    counts = measure(images)
    pairs = len(counts.false["PDQ"])
    title = f"{len(images)} pictures, {pairs} pairs of a copy and another picture"
    Console().print(table(counts, title))


if __name__ == "__main__":
    main()
