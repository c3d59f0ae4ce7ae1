"""From the bytes of a file to its signals: ours beside ThreatExchange and imagehash.

python bench/hashing.py [FOLDER]: median processor time per picture, in one process, on
drawn pictures or on the JPEG files of a folder; and how far our PDQ is from the peer's.
"""

import argparse
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import imagehash
import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

from tests.drawing import encode, landscape
from tracker import ask_picture, bits_apart, decode, hash_picture

LIMIT = 45


def pictures(folder: Path | None) -> list[bytes]:
    if folder:
        return [path.read_bytes() for path in sorted(folder.glob("*.jpg"))[:LIMIT]]
    drawn = (landscape(seed, (1224, 816)) for seed in range(20))
    return [encode(image, "JPEG", quality=90) for image in drawn]


def peer_phash(data: bytes) -> str:
    return str(imagehash.phash(Image.open(io.BytesIO(data)), hash_size=16))


def median_ms(make: Callable[[bytes], object], files: list[bytes]) -> float:
    make(files[0])
    times = []
    for data in files:
        start = time.process_time()
        make(data)
        times.append(time.process_time() - start)
    return float(np.median(times)) * 1e3


def our_pdq(data: bytes) -> str | None:
    signals = hash_picture(decode(data))
    return next((signal.value for signal in signals if signal.type == "pdq"), None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    files = pictures(parser.parse_args().folder)
    contenders: dict[str, Callable[[bytes], object]] = {
        "ours: sha256, pdq, phash": lambda data: hash_picture(decode(data), whole=True),
        "ours, asking: pdq in eight forms": lambda data: ask_picture(
            decode(data), whole=True
        ),
        "ours, asking with proposals too": lambda data: ask_picture(decode(data)),
        "ours, banking with regions too": lambda data: hash_picture(decode(data)),
        "ours, decoding alone": decode,
        "ThreatExchange: pdq": pdq_from_bytes,
        "imagehash: phash": peer_phash,
    }
    table = Table(title=f"{len(files)} pictures, milliseconds of processor each")
    for heading in ("program", "median", "ratio"):
        table.add_column(heading, justify="left" if heading == "program" else "right")
    base: float | None = None
    for name, make in contenders.items():
        median = median_ms(make, files)
        base = base or median
        table.add_row(name, f"{median:.1f}", f"{median / base:.2f}")
    pairs = ((our_pdq(data), pdq_from_bytes(data)[0]) for data in files)
    drift = [bits_apart(a, b) for a, b in pairs if a]
    console = Console()
    console.print(table)
    console.print(
        f"PDQ of {len(drift)} pictures, ours and ThreatExchange's: "
        f"{np.median(drift):.0f} bits apart in the median, {max(drift)} at most; "
        f"{len(files) - len(drift)} pictures too plain for us."
    )


if __name__ == "__main__":
    main()
