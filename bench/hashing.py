"""From the bytes of a JPEG to its signals: ours beside ThreatExchange, pdqhash and imagehash.

python bench/hashing.py [FOLDER] [--most N]: milliseconds of processor per picture, in one
process, on drawn pictures or on the JPEG files of a folder, cut to a million pixels. They
take turns at each picture, so that a busy machine is equally busy for all, and of ROUNDS
turns each has its best; the slowest stands first. Drift is in bits from PDQ at full size.
"""

import argparse
import io
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import imagehash
import numpy as np
import numpy.typing as npt
import pdqhash
from PIL import Image
from rich.console import Console
from rich.table import Table
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

from tests.drawing import encode, landscape
from tracker import Signal, ask_picture, bits_apart, decode, decode_file, hash_picture

SIZE = (1224, 816)  # a million pixels
BIG = (4000, 3000)  # twelve
BIGS = 4
ROUNDS = 3

Program = Callable[[bytes], object]
PEER = "ThreatExchange: pdq_from_bytes"


def pictures(folder: Path | None, most: int) -> list[Image.Image]:
    """Different pictures, large enough to be cut to SIZE."""
    if folder is None:
        return [landscape(seed, SIZE) for seed in range(min(most, 20))]
    found = (decode_file(path).image for path in sorted(folder.glob("*.jpg")))
    large = (one for one in found if one.width >= SIZE[0] and one.height >= SIZE[1])
    return [image for image, _ in zip(large, range(most), strict=False)]


def cut(image: Image.Image) -> bytes:
    left, top = (image.width - SIZE[0]) // 2, (image.height - SIZE[1]) // 2
    box = (left, top, left + SIZE[0], top + SIZE[1])
    return encode(image.crop(box), "JPEG", quality=90)


def decoded(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def raw_pdq(data: bytes) -> object:
    return pdqhash.compute(np.asarray(decoded(data).convert("RGB")))


def peer_phash(data: bytes) -> str:
    return str(imagehash.phash(Image.open(io.BytesIO(data)), hash_size=16))


def whole(data: bytes) -> tuple[Signal, ...]:
    """SHA-256, PDQ in its eight forms, phash."""
    return ask_picture(decode(data), whole=True)


SMALL_ONES: dict[str, Program] = {
    PEER: pdq_from_bytes,
    "pdqhash: decode and compute": raw_pdq,
    "imagehash: phash": peer_phash,
    "ours: sha256, pdq in eight forms, phash": whole,
    "ours, asking with proposals too": lambda data: ask_picture(decode(data)),
    "ours, banking with regions too": lambda data: hash_picture(decode(data)),
    "ours, decoding alone": decode,
    "Pillow: decoding alone": decoded,
}
BIG_ONES: dict[str, Program] = {
    "Pillow: decoding alone": decoded,
    "ours: sha256, pdq in eight forms, phash": whole,
}


def best_of_turns(
    programs: Mapping[str, Program], files: Sequence[bytes]
) -> dict[str, npt.NDArray[np.float64]]:
    """Milliseconds of processor: for each program one figure per file."""
    for make in programs.values():
        make(files[0])
    took = {name: np.full((len(files), ROUNDS), np.inf) for name in programs}
    for turn in range(ROUNDS):
        for at, data in enumerate(files):
            for name, make in programs.items():
                began = time.process_time()
                make(data)
                took[name][at, turn] = (time.process_time() - began) * 1e3
    return {name: np.asarray(times.min(axis=1)) for name, times in took.items()}


def show(
    title: str, took: dict[str, npt.NDArray[np.float64]], against: str, ratio: str
) -> Table:
    """The slowest first; ratios are medians of the ratios for each picture."""
    table = Table(title=title)
    for heading in ("program", "median ms", ratio):
        table.add_column(heading, justify="left" if heading == "program" else "right")
    for name in sorted(took, key=lambda name: -np.median(took[name])):
        share = np.median(took[against] / took[name])
        table.add_row(name, f"{np.median(took[name]):.2f}", f"{share:.2f}")
    return table


def drifts(files: Sequence[bytes]) -> Table:
    table = Table(title=f"{len(files)} pictures, bits apart")
    for heading in ("ours and", "median", "max", "too plain for us"):
        table.add_column(heading, justify="left" if heading == "ours and" else "right")
    made = [
        {s.type: s.value for s in hash_picture(decode(d), whole=True)} for d in files
    ]
    peers: dict[str, tuple[str, Callable[[bytes], str]]] = {
        PEER: ("pdq", lambda data: pdq_from_bytes(data)[0]),
        "imagehash: phash": ("phash", peer_phash),
    }
    for name, (kind, peer) in peers.items():
        pairs = [(ours, data) for ours, data in zip(made, files, strict=True)]
        apart = [bits_apart(o[kind], peer(data)) for o, data in pairs if kind in o]
        plain = str(len(files) - len(apart))
        table.add_row(name, f"{np.median(apart):.0f}", str(max(apart)), plain)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--most", type=int, default=45, metavar="N")
    asked = parser.parse_args()
    images = pictures(asked.folder, asked.most)
    files = [cut(image) for image in images]
    big = [encode(one.resize(BIG), "JPEG", quality=90) for one in images[:BIGS]]
    console = Console()
    title = f"{len(files)} JPEG files of {SIZE[0]} x {SIZE[1]}, processor time"
    took = best_of_turns(SMALL_ONES, files)
    console.print(show(title, took, PEER, "times as fast as ThreatExchange"))
    console.print(drifts(files))
    title = f"{len(big)} JPEG files of {BIG[0]} x {BIG[1]}, processor time"
    took = best_of_turns(BIG_ONES, big)
    console.print(
        show(title, took, "Pillow: decoding alone", "times as fast as decoding")
    )


if __name__ == "__main__":
    main()
