"""Our index beside raw FAISS and ThreatExchange's PDQ indexes, in one process.

python bench/lookup.py [--n 100000]: median processor time of one lookup, and of one in
a batch of 100. Half of the queries are planted within 31 bits of a banked hash.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import faiss
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table
from threatexchange.signal_type.pdq.pdq_index import PDQFlatIndex, PDQIndex

from tracker import Index

Hashes = npt.NDArray[np.uint8]
Search = Callable[[Hashes], int]  # queries to the number of neighbours found

BATCH = 100
SINGLES = 60
BATCHES = 5


def planted(rng: np.random.Generator, hashes: Hashes) -> Hashes:
    """BATCH queries: every other one is a banked hash with 0 to 31 bits turned."""
    queries = rng.integers(0, 256, (BATCH, 32), np.uint8)
    for i in range(0, BATCH, 2):
        bits = np.zeros(256, np.uint8)
        bits[rng.choice(256, rng.integers(0, 32), replace=False)] = 1
        queries[i] = hashes[rng.integers(len(hashes))] ^ np.packbits(bits)
    return queries


def ours(folder: Path, hashes: Hashes, radius: int) -> Search:
    ids = np.arange(len(hashes), dtype=np.uint64)
    index = Index.build(folder / "index", ids, hashes)
    return lambda queries: len(index.search(queries, radius)[1])


def raw_faiss(hashes: Hashes, radius: int) -> Search:
    index = faiss.IndexBinaryFlat(256)
    index.add(hashes)
    return lambda queries: int(index.range_search(queries, radius + 1)[0][-1])


def threatexchange(kind: type[PDQIndex[int]], hashes: Hashes) -> Search:
    index = kind((row.tobytes().hex(), number) for number, row in enumerate(hashes))
    return lambda queries: sum(len(index.query(q.tobytes().hex())) for q in queries)


def timed(search: Search, queries: Hashes) -> tuple[float, float, int]:
    """Median milliseconds of processor: one query alone, one in a batch; and found."""
    alone, together = [], []
    search(queries[:1])
    for i in range(SINGLES):
        start = time.process_time()
        search(queries[i : i + 1])
        alone.append(time.process_time() - start)
    for _ in range(BATCHES):
        start = time.process_time()
        found = search(queries)
        together.append((time.process_time() - start) / BATCH)
    return float(np.median(alone)) * 1e3, float(np.median(together)) * 1e3, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=100_000, help="hashes in the bank")
    n = parser.parse_args().n
    faiss.omp_set_num_threads(
        1
    )  # for the peers; more made each of their lookups slower
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 256, (n, 32), np.uint8)
    queries = planted(rng, hashes)
    table = Table(
        title=f"{n:,} hashes of 256 bits, milliseconds of processor per lookup"
    )
    for heading in (
        "index",
        "radius",
        "build s",
        "alone",
        "ratio",
        "in batch",
        "ratio",
    ):
        table.add_column(heading, justify="left" if heading == "index" else "right")
    table.add_column("found", justify="right")
    with tempfile.TemporaryDirectory() as folder:
        contenders: dict[str, tuple[int, Callable[[], Search]]] = {
            "ours": (31, lambda: ours(Path(folder), hashes, 31)),
            "ours, wide": (52, lambda: ours(Path(folder), hashes, 52)),
            "FAISS flat": (31, lambda: raw_faiss(hashes, 31)),
            "ThreatExchange PDQIndex": (31, lambda: threatexchange(PDQIndex, hashes)),
            "ThreatExchange flat": (52, lambda: threatexchange(PDQFlatIndex, hashes)),
        }
        base: tuple[float, float] | None = None
        for name, (radius, build) in contenders.items():
            start = time.process_time()
            search = build()
            built = time.process_time() - start
            alone, together, found = timed(search, queries)
            base = base or (alone, together)
            table.add_row(
                name,
                str(radius),
                f"{built:.2f}",
                f"{alone:.3f}",
                f"{alone / base[0]:.2f}",
                f"{together:.3f}",
                f"{together / base[1]:.2f}",
                str(found),
            )
    Console().print(table)


if __name__ == "__main__":
    main()
