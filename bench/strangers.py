"""How often signals of different pictures meet: what tracker/measured.py holds.

python bench/strangers.py PHOTOS... [--most N] [--write]: of each picture in these folders,
doubles left out, what a bank keeps and what a lookup asks with, as it is and in a frame.
Counted are pairs of an asked and a banked signal of pictures that have nothing in common,
by distance, and pairs of pictures by their nearest signals. Worst first.

The bound is the highest rate that leaves a chance of 5 % to see no more than was seen (Poisson;
three in all where nothing was seen). Signals of one picture are alike, so that it is a
bound on signals; that on pairs of pictures is the safe one.
"""

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # as many processes as cores as it is

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.transforms import frames, levels
from tests.drawing import encode
from tracker import (
    WHOLE,
    ImageError,
    Picture,
    Signal,
    ask_picture,
    decode,
    decode_file,
    hash_picture,
)
from tracker.flat import compare
from tracker.rates import WIDEST, at_most
from tracker.regions import regions, turned
from tracker.signals import Reading

LONGEST = 1224  # pixels of a picture's longer side
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
SAME = 31  # bits between wholes, mirrored or turned: one picture twice
EACH = 3  # region is hashed with phash, too
IN_FRAMES = 160  # of the pictures are banked in a frame, too
FRAMES = ("screenshot", "caption", "meme_bar", "collage")
IN_COLLAGE = 3  # the next pictures, which share a collage
TYPES = ("pdq", "phash")
ROLES = (
    ("asked", "banked"),
    ("asked in a frame", "banked"),
    ("asked in a frame", "banked in a frame"),
)
TABLE = Path(__file__).resolve().parents[1] / "tracker" / "measured.py"
HEAD = '''"""False pairs of signals of different pictures, counted by bench/strangers.py.

It writes this file anew: nothing here is edited by hand.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """Pairs of an asked and a banked signal that were compared, and how many were so near.

    `false` counts pairs by their distance in bits; `asked` is how many signals one picture
    asks with, in the mean.
    """

    pairs: int
    asked: float
    false: dict[int, int]


MEASURED_ON = "{day}"
PICTURES = {pictures}
MEASURED = {{
'''
BANDS = (50, 70, 90, 100)  # the lower quality of the two, from this on
SHOWN = (31, 44, 52, 60, 68, 76, 80)

Counted = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Signals:
    """Signals of one type: hash, whether of a part, band of quality, whose picture."""

    hashes: npt.NDArray[np.uint8]
    part: npt.NDArray[np.int64]
    band: npt.NDArray[np.int64]
    picture: npt.NDArray[np.int64]

    def of_each(self, part: int, band: int, pictures: int) -> Counted:
        """How many signals of that kind each picture has."""
        mine = self.picture[(self.part == part) & (self.band == band)]
        return np.bincount(mine, minlength=pictures)


@dataclass(slots=True)
class Row:
    """False pairs at each distance, among so many."""

    pairs: int = 0
    false: Counted = field(default_factory=lambda: np.zeros(WIDEST + 1, np.int64))

    def add(self, other: "Row") -> None:
        self.pairs += other.pairs
        self.false = self.false + other.false

    def rate(self, distance: int) -> float:
        return float(self.false[: distance + 1].sum()) / self.pairs

    def bound(self, distance: int) -> float:
        return at_most(int(self.false[: distance + 1].sum())) / self.pairs


def pictures(folders: Sequence[Path], most: int) -> list[Path]:
    """The files of different pictures: of doubles the first one."""
    paths = [
        path
        for folder in folders
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in SUFFIXES
    ]
    with ProcessPoolExecutor() as pool:
        forms = list(track(pool.map(wholes, paths, chunksize=8), "same?", len(paths)))
    kept: list[Path] = []
    seen = np.empty((0, 32), np.uint8)
    for path, mine in zip(paths, forms, strict=True):
        if len(mine) and not len(compare(seen, mine, SAME)[0]):
            kept.append(path)
            seen = np.concatenate([seen, mine[:1]])
    return kept[:most]


def wholes(path: Path) -> npt.NDArray[np.uint8]:
    """PDQ of a picture in all its forms, none of one that is too plain or cannot be read."""
    try:
        made = ask_picture(decode_file(path), whole=True)
    except ImageError:
        made = ()
    return _hashes([signal for signal in made if signal.type == "pdq"])


def opened(path: Path) -> Image.Image:
    image = decode_file(path).image
    image.thumbnail((LONGEST, LONGEST))
    return image


def framed(paths: Sequence[Path], number: int) -> Image.Image:
    """The picture in the frame whose turn it is."""
    image, frame = opened(paths[number]), FRAMES[number % len(FRAMES)]
    if frame == "caption":
        return levels.caption(image)
    if frame == "collage":
        beside = [(number + n) % len(paths) for n in range(1, IN_COLLAGE + 1)]
        return frames.collage_2x2(image, [opened(paths[n]) for n in beside])
    return {"screenshot": frames.screenshot, "meme_bar": frames.meme_bar}[frame](image)


def made(paths: Sequence[Path], number: int) -> dict[str, tuple[Signal, ...]]:
    """What is asked and banked of one picture, as it is and in a frame."""
    plain = decode(encode(opened(paths[number]), "BMP"))
    other = decode(encode(levels.saved(framed(paths, number), 80), "BMP"))
    crops = tuple(cut_out(plain))
    return {
        "banked": (*hash_picture(plain), *crops),
        "asked": (*ask_picture(plain), *crops),
        "asked in a frame": ask_picture(other),
        "banked in a frame": hash_picture(other) if number < IN_FRAMES else (),
    }


def cut_out(picture: Picture) -> Iterator[Signal]:
    """Phash of some regions. Nobody banks those: with the wholes alone there are too few."""
    if Reading(picture).plain:
        return
    for region in regions(picture.small.size)[::EACH]:
        left, top, right, bottom = (round(edge) for edge in region.box)
        crop = turned(picture.small, region.angle).crop((left, top, right, bottom))
        made = imagehash.phash(crop, hash_size=16)
        value = np.packbits(made.hash.ravel()).tobytes().hex()
        yield Signal("phash", value, None, "", "crop")


def gathered(
    all_made: Sequence[dict[str, tuple[Signal, ...]]],
) -> dict[tuple[str, str], Signals]:
    """All signals by role and type."""
    found = {}
    for role in all_made[0]:
        for type_ in TYPES:
            signals = [
                (number, signal)
                for number, each in enumerate(all_made)
                for signal in each[role]
                if signal.type == type_
            ]
            found[role, type_] = Signals(
                _hashes([signal for _, signal in signals]),
                np.array([signal.of != WHOLE for _, signal in signals], np.int64),
                np.array([_band(signal.quality) for _, signal in signals], np.int64),
                np.array([number for number, _ in signals], np.int64),
            )
    return found


def related(count: int, asked: str, banked: str) -> npt.NDArray[np.bool_]:
    """For each asked picture and each banked one whether they show a picture in common."""
    shown = {role: _shown(count, role) for role in (asked, banked)}
    return np.asarray(shown[asked] @ shown[banked].T > 0)


def _shown(count: int, role: str) -> Counted:
    """For each copy which pictures it shows: in a collage, the next ones too."""
    shows = np.eye(count, dtype=np.int64)
    if role.endswith("in a frame"):
        for number in range(FRAMES.index("collage"), count, len(FRAMES)):
            for n in range(1, IN_COLLAGE + 1):
                shows[number, (number + n) % count] = 1
    return shows


@dataclass(slots=True)
class Count:
    """Pairs of signals by what they are of, and pairs of pictures."""

    rows: dict[tuple[str, str, str, int], Row] = field(
        default_factory=lambda: defaultdict(Row)
    )  # by type, roles, parts, band
    pictures: dict[tuple[str, str], Row] = field(default_factory=dict)
    nearest: list[tuple[int, int, int, str]] = field(default_factory=list)

    def add(self, type_: str, roles: str, asked: Signals, banked: Signals) -> None:
        count = int(max(asked.picture.max(), banked.picture.max())) + 1
        strangers = ~related(count, *roles.split(" / "))
        best = np.full((count, count), 256, np.int64)
        for hit, row, distance in _near(asked, banked):
            a, b = asked.picture[hit], banked.picture[row]
            strange = strangers[a, b]
            hit, row, distance = hit[strange], row[strange], distance[strange]  # noqa: PLW2901 (a block)
            np.minimum.at(best, (a[strange], b[strange]), distance)
            self._count(type_, roles, (asked, hit), (banked, row), distance)
        self._total(type_, roles, asked, banked, strangers)
        has = [np.bincount(s.picture, minlength=count) > 0 for s in (asked, banked)]
        pairs = int((strangers & has[0][:, None] & has[1]).sum())
        found = np.bincount(best[best <= WIDEST], minlength=WIDEST + 1)
        self.pictures[type_, roles] = Row(pairs, found)
        for a, b in zip(*np.nonzero(best <= SHOWN[2]), strict=True):
            self.nearest.append((int(best[a, b]), int(a), int(b), f"{type_} {roles}"))

    def _count(
        self,
        type_: str,
        roles: str,
        asked: tuple[Signals, Counted],
        banked: tuple[Signals, Counted],
        distance: npt.NDArray[np.int32],
    ) -> None:
        parts = 2 * asked[0].part[asked[1]] + banked[0].part[banked[1]]
        band = np.minimum(asked[0].band[asked[1]], banked[0].band[banked[1]])
        for key in set(zip(parts.tolist(), band.tolist(), strict=True)):
            mine = (parts == key[0]) & (band == key[1])
            row = self.rows[type_, roles, _parts(key[0]), BANDS[key[1]]]
            row.false += np.bincount(distance[mine], minlength=WIDEST + 1)

    def _total(
        self,
        type_: str,
        roles: str,
        asked: Signals,
        banked: Signals,
        strangers: npt.NDArray[np.bool_],
    ) -> None:
        count, bands = len(strangers), range(len(BANDS))
        kept = {(p, q): banked.of_each(p, q, count) for p in (0, 1) for q in bands}
        for part in (0, 1):
            for quality in bands:
                reached = asked.of_each(part, quality, count) @ strangers
                for (other, its), each in kept.items():
                    band = BANDS[min(quality, its)]
                    if pairs := int(reached @ each):
                        row = self.rows[type_, roles, _parts(2 * part + other), band]
                        row.pairs += pairs


def _near(
    asked: Signals, banked: Signals
) -> Iterator[tuple[Counted, Counted, npt.NDArray[np.int32]]]:
    step = 4096
    for start in range(0, len(asked.hashes), step):
        hit, row, distance = compare(
            banked.hashes, asked.hashes[start : start + step], WIDEST
        )
        yield hit + start, row, distance


def hashed(paths: Sequence[Path]) -> list[dict[str, tuple[Signal, ...]]]:
    with ProcessPoolExecutor() as pool:
        work = pool.map(partial(made, paths), range(len(paths)), chunksize=4)
        return list(track(work, "hashing", len(paths)))


def counted(signals: dict[tuple[str, str], Signals]) -> Count:
    count = Count()
    for type_ in TYPES:
        for asked, banked in ROLES:
            if len(signals[asked, type_].hashes) and len(signals[banked, type_].hashes):
                count.add(
                    type_,
                    f"{asked} / {banked}",
                    signals[asked, type_],
                    signals[banked, type_],
                )
    return count


def measured(
    count: Count, signals: dict[tuple[str, str], Signals], pictures: int
) -> str:
    """The source of tracker/measured.py. Of phash the wholes alone: nobody asks with crops."""
    lines = [HEAD.format(day=datetime.now(UTC).date(), pictures=pictures)]
    for type_ in TYPES:
        total = Row()
        for key, row in count.rows.items():
            if key[0] == type_ and (type_ == "pdq" or key[2] == _parts(0)):
                total.add(row)
        asked = signals[
            "asked in a frame", type_
        ]  # the most: nobody crops that for phash
        false = "".join(
            f"            {d}: {total.false[d]},\n" for d in np.flatnonzero(total.false)
        )
        lines.append(
            f'    "{type_}": Measured(\n        pairs={total.pairs:_},\n'
            f"        asked={len(asked.hashes) / pictures:.1f},\n"
            f"        false={{\n{false}        }},\n    ),\n"
        )
    return "".join([*lines, "}\n"])


def folded(count: Count, *keys: int) -> dict[tuple[object, ...], Row]:
    """The rows summed over all but these columns of their key, the worst first."""
    rows: dict[tuple[object, ...], Row] = defaultdict(Row)
    for key, row in count.rows.items():
        rows[tuple(key[n] for n in keys)].add(row)
    return dict(sorted(rows.items(), key=lambda pair: -pair[1].rate(WIDEST)))


def table(title: str, rows: Mapping[Any, Row]) -> Table:
    told = Table(title=title)
    told.add_column("what")
    for name in ("pairs", "nearest", *(f"<= {d}" for d in SHOWN)):
        told.add_column(name, justify="right", no_wrap=True)
    for key, row in rows.items():
        seen = np.flatnonzero(row.false)
        nearest = str(seen[0]) if len(seen) else f"> {WIDEST}"
        shown = (f"{row.rate(d):.0e} ({row.bound(d):.0e})" for d in SHOWN)
        told.add_row(
            ", ".join(str(k) for k in key), f"{row.pairs:.2e}", nearest, *shown
        )
    return told


def _hashes(signals: Sequence[Signal]) -> npt.NDArray[np.uint8]:
    joined = bytes.fromhex("".join(signal.value for signal in signals))
    return np.frombuffer(joined, np.uint8).reshape(-1, 32)


def _band(quality: int | None) -> int:
    """Its place among BANDS; the best where a type does not measure it."""
    return int(np.searchsorted(BANDS, 100 if quality is None else quality, "right")) - 1


def _parts(code: int) -> str:
    return f"{('whole', 'part')[code // 2]} asked, {('whole', 'part')[code % 2]} banked"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="PHOTOS")
    parser.add_argument("--most", type=int, default=1_000, metavar="N")
    parser.add_argument("--write", action="store_true", help=f"write {TABLE.name}")
    arguments = parser.parse_args()
    paths = pictures(arguments.folders, arguments.most)
    signals = gathered(hashed(paths))
    count = counted(signals)
    report(count, paths)
    if arguments.write:
        TABLE.write_text(measured(count, signals, len(paths)), encoding="utf-8")


def report(count: Count, paths: Sequence[Path]) -> None:
    console = Console()
    console.print(table("pairs of signals, by type", folded(count, 0)))
    console.print(table("by what they are of", folded(count, 0, 2, 1)))
    console.print(table("by the lower quality of the two", folded(count, 0, 3)))
    told = {(type_, roles): row for (type_, roles), row in count.pictures.items()}
    console.print(table("pairs of pictures, by their nearest signals", told))
    for bits, asked, banked, roles in sorted(count.nearest)[:20]:
        console.print(f"{bits} bits: {paths[asked]} {paths[banked]} ({roles})")


if __name__ == "__main__":
    main()
