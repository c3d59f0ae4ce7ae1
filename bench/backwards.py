"""How long a report takes to look back over everything crawled, and what memory that takes.

Ours (shard files, each checked against its SHA-256 on the way), ClickHouse within this
process (chDB), and plain numpy, each in a process of its own over the same hashes, at the
radius that a report looks back with. Seconds of the wall, then of all processors: the
faster of two tries, so that files are in the page cache.

    python bench/backwards.py [--observations 100000000] [--folder DIR]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from tracker.clickhouse import ClickHouse
from tracker.matching import radius_of
from tracker.memory import Memory, Pipeline, Span, chain
from tracker.shards import Shards

Hashes = npt.NDArray[np.uint8]

ROWS = 2**20  # of one span, as portal/sightings/packing.py makes them
QUERIES = 100
RADIUS = radius_of("pdq")
PDQ = Pipeline("pdq", "pdq/1")
SEEN = datetime(2026, 1, 1, tzinfo=UTC)
CONTENDERS = ("ours", "chDB", "numpy")


def span_of(number: int, total: int) -> Span:
    upto = min(total, (number + 1) * ROWS)
    return Span(number * ROWS, upto, SEEN, SEEN, bytes(32))


def hashes_of(span: Span, first: int = ROWS) -> Hashes:
    """The span's hashes, or the first so many of them."""
    rng = np.random.default_rng(span.after)
    return rng.integers(0, 256, (min(first, span.upto - span.after), 32), np.uint8)


def spans_of(total: int) -> list[Span]:
    return [span_of(number, total) for number in range(-(-total // ROWS))]


def planted(total: int) -> Hashes:
    """Copies of hashes that are there, with up to RADIUS bits turned."""
    spans, rng = spans_of(total), np.random.default_rng(7)
    queries = []
    for number in range(QUERIES):
        row = hashes_of(spans[number % len(spans)], number + 1)[number]
        bits = np.unpackbits(row)
        bits[rng.choice(256, rng.integers(RADIUS + 1), replace=False)] ^= 1
        queries.append(np.packbits(bits))
    return np.stack(queries)


class Numpy:
    """What twenty lines without a library would do."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, span: Span) -> Path:
        return self._folder / f"{span.after}.npy"

    def ask(self, span: Span, queries: Hashes) -> int:
        rows = np.load(self.path(span), mmap_mode="r").view(np.uint64)
        return sum(
            int((np.bitwise_count(rows ^ query).sum(1, np.uint16) <= RADIUS).sum())
            for query in queries.view(np.uint64)
        )


def opened(name: str, folder: Path) -> Memory:
    if name == "ours":
        return Shards(folder, "bench")
    return ClickHouse(f"chdb://{folder}", "bench")


def build(name: str, folder: Path, total: int) -> None:
    if name == "numpy":
        for span in spans_of(total):
            np.save(Numpy(folder).path(span), hashes_of(span))
        return
    memory = opened(name, folder)
    for span in spans_of(total):
        ids = np.arange(span.after + 1, span.upto + 1, dtype=np.uint64)
        memory.pack(span, {PDQ: (ids, hashes_of(span))})


def look(name: str, folder: Path, total: int, queries: Hashes) -> int:
    """All neighbours of all queries among everything; how many there are."""
    if name == "numpy":
        return sum(Numpy(folder).ask(span, queries) for span in spans_of(total))
    memory = opened_once(name, folder)
    return sum(
        len(memory.radius(span, PDQ, queries, RADIUS)[1])
        for span in chain(memory.spans())
    )


_OPEN: dict[str, Memory] = {}


def opened_once(name: str, folder: Path) -> Memory:
    if name not in _OPEN:
        _OPEN[name] = opened(name, folder)
    return _OPEN[name]


def anonymous() -> int:
    """Bytes of this process that are no pages of files."""
    status = Path("/proc/self/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024


@contextmanager
def watched(most: list[int]) -> Iterator[None]:
    """Note the most memory held meanwhile, above what was held before."""
    before, over = anonymous(), threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            most.append(anonymous() - before)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def measure(name: str, folder: Path, total: int, most: int) -> dict[str, float]:
    queries, held = planted(total), [0]
    told: dict[str, float] = {}
    with watched(held):
        for count in [count for count in (1, QUERIES) if count <= most]:
            tries = [timed(name, folder, total, queries[:count]) for _ in range(2)]
            wall, processor, found = min(tries)
            told |= {
                f"seconds {count}": wall,
                f"processor {count}": processor,
                f"found {count}": found,
            }
    return told | {"megabytes": max(held) / 2**20}


def timed(
    name: str, folder: Path, total: int, queries: Hashes
) -> tuple[float, float, int]:
    """Seconds of the wall and of the processors, and how many were found."""
    began, burned = time.perf_counter(), time.process_time()
    found = look(name, folder, total, queries)
    return time.perf_counter() - began, time.process_time() - burned, found


def in_turn(name: str, total: int, most: int, root: Path | None) -> dict[str, float]:
    """Built in one process, asked in another: nothing is held over."""
    with tempfile.TemporaryDirectory(dir=root) as folder:
        words = [sys.executable, __file__, "--contender", name]
        words += ["--observations", str(total), "--folder", folder]
        words += ["--most", str(most)]
        subprocess.run([*words, "--build"], check=True)
        ended = subprocess.run(words, capture_output=True, text=True, check=True)
        told: dict[str, float] = json.loads(ended.stdout)
        return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--observations", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="where there is room for them")
    parser.add_argument("--contenders", nargs="+", default=CONTENDERS)
    parser.add_argument("--most", type=int, default=QUERIES, help="queries at once")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--build", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.contender and asked.build:
        build(asked.contender, asked.folder, asked.observations)
        return
    if asked.contender:
        told = measure(asked.contender, asked.folder, asked.observations, asked.most)
        print(json.dumps(told))
        return
    table = Table(
        title=f"{asked.observations:,} observations, {RADIUS} bits; ratios to the first"
    )
    asks = [f"{count}, {of} s" for of in ("wall", "CPU") for count in (1, QUERIES)]
    for heading in ("", *asks, "MB", "found"):
        table.add_column(heading, justify="right" if heading else "left")
    first: dict[str, float] = {}
    for name in asked.contenders:
        told = in_turn(name, asked.observations, asked.most, asked.folder)
        first = first or told
        cells = [
            f"{told[key]:.2f} ({told[key] / first[key]:.1f})" if key in told else "-"
            for what in ("seconds", "processor")
            for key in (f"{what} 1", f"{what} {QUERIES}")
        ]
        found = told.get(f"found {QUERIES}", told["found 1"])
        table.add_row(name, *cells, f"{told['megabytes']:.0f}", f"{found:.0f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
