"""What looking up one crawled picture costs, at each radius, by the scan and by the tables.

python bench/crawled.py [--pictures 1000 10000]: milliseconds of processor for the eight
forms of a whole picture and for all 32 hashes that one is asked with, in a bank of 150
signals for each picture. Which of the two ways an index takes follows from tables.cost.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from rich.console import Console
from rich.table import Table

from tracker import flat, tables
from tracker.flat import Hashes

REGIONS = 150  # of a picture, banked
RADII = (31, 40, 44, 52)
ASKED = (8, 32)


def banked(pictures: int) -> Hashes:
    """Regions of a picture have a quarter of their bits turned: they are alike, not near."""
    rng = np.random.default_rng(0)
    made = []
    for start in range(0, pictures, 1000):
        shape = (min(1000, pictures - start), REGIONS, 32)
        whole = rng.integers(0, 256, (shape[0], 1, 32), np.uint8)
        turned = rng.integers(0, 256, shape, np.uint8)
        turned &= rng.integers(0, 256, shape, np.uint8)
        made.append((whole ^ turned).reshape(-1, 32))
    return np.concatenate(made)


def milliseconds(search: Callable[[], object]) -> float:
    took = []
    for _ in range(3):
        began = time.process_time()
        search()
        took.append(time.process_time() - began)
    return float(np.median(took)) * 1e3


def measured(hashes: Hashes, made: tables.Tables | None) -> Table:
    table = Table(title=f"{len(hashes):,} signals; ms of processor")
    for heading in ("radius", "hashes asked", "scan", "tables", "cost foreseen"):
        table.add_column(heading, justify="right")
    asked = np.random.default_rng(1).integers(0, 256, (max(ASKED), 32), np.uint8)
    for radius, count in product(RADII, ASKED):
        scan = milliseconds(partial(flat.compare, hashes, asked[:count], radius))
        cells = [str(radius), str(count), f"{scan:.1f}"]
        if made:
            found = milliseconds(partial(made.compare, asked[:count], radius))
            ratio = tables.cost(made.parts, len(hashes), radius) / len(hashes)
            cells += [f"{found:.1f}", f"{ratio:.2f} of a scan"]
        table.add_row(*cells)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, nargs="*", default=[1000, 10_000])
    for pictures in parser.parse_args().pictures:
        hashes = banked(pictures)
        parts = tables.plan(len(hashes), 256)
        made = tables.build(hashes, parts) if parts else None
        Console().print(measured(hashes, made))


if __name__ == "__main__":
    main()
