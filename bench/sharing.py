"""How soon a new process answers from a generation on disk, and what four hold together.

python bench/sharing.py [--n 1000000]: seconds from opening to the first answer, and the
memory of one reader and of four (proportional set size, the interpreter included), each
after a thousand lookups at 31 bits.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from tracker import Index

RADIUS, BATCH = 31, 1000


def read(path: str) -> None:
    """One reader: tells how long its first answer took, then holds what it has."""
    queries = np.random.default_rng(time.monotonic_ns()).integers(
        0, 256, (BATCH, 32), np.uint8
    )
    began = time.monotonic()
    index = Index.open(path)
    index.search(queries[:1], RADIUS)
    took = time.monotonic() - began
    index.search(queries, RADIUS)
    print(took, flush=True)
    sys.stdin.read()


def held(pid: int) -> float:
    """Megabytes, of what is shared with others a fair part."""
    told = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    found = re.search(r"^Pss:\s+(\d+)", told, re.MULTILINE)
    return int(found[1]) / 1024 if found else float("nan")


def readers(count: int, path: Path) -> tuple[list[float], float]:
    """The first answers' seconds, and the megabytes that all hold together."""
    command = [sys.executable, __file__, "--reader", str(path)]
    started = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(count)
    ]
    took = [float(each.stdout.readline()) for each in started if each.stdout]
    together = sum(held(each.pid) for each in started)
    for each in started:
        each.communicate()
    return took, together


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000, help="hashes in the bank")
    parser.add_argument("--reader", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.reader:
        read(asked.reader)
        return
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        hashes = rng.integers(0, 256, (asked.n, 32), np.uint8)
        Index.build(path, np.arange(asked.n, dtype=np.uint64), hashes)
        del hashes
        first, one = readers(1, path)
        _, four = readers(4, path)
    print(f"{asked.n:,} hashes; first answer after {first[0]:.2f} s")
    print(
        f"one reader holds {one:,.0f} MB, four together {four:,.0f} ({four / one:.2f})"
    )


if __name__ == "__main__":
    main()
