"""Our index beside raw FAISS and ThreatExchange's PDQ index, each in a process of its own.

python bench/lookup.py [--n 1000000] [--real FOLDER]: milliseconds of processor for one
lookup at 31 bits, seconds on the wall for a thousand at once on every core, seconds of
processor to build, megabytes held. Half of the queries are planted within 31 bits of a
banked hash; how many neighbours each finds stands beside. The peer runs twice: with the
allocator that pip leaves it, and with jemalloc preloaded, as its own image does.

--real derives the hashes from the pictures in a folder: random crops in all eight
dihedral forms, as real hashes are less evenly spread than random ones.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

Hashes = npt.NDArray[np.uint8]
Search = Callable[[Hashes], int]  # queries to the number of neighbours found

RADIUS = 31
SINGLES, BATCH = 400, 1000
FEW = 1000  # hashes of an index that is not measured
SHARE = 25_000  # crops that a process makes at once
SMALL = 160  # pixels: a crop of it holds more than the 64 x 64 that PDQ keeps of one
JEMALLOC = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"  # Debian: libjemalloc2


def uniform(n: int) -> Hashes:
    return np.random.default_rng(0).integers(0, 256, (n, 32), np.uint8)


def real(n: int, folder: Path) -> Hashes:
    """N hashes of random crops of real pictures, in all eight dihedral forms."""
    files = [
        f for f in sorted(folder.rglob("*")) if f.suffix in {".jpg", ".webp", ".png"}
    ]
    crops = -(-n // 8)
    shares = [
        (files, start, min(SHARE, crops - start)) for start in range(0, crops, SHARE)
    ]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return np.concatenate(list(pool.map(cropped, *zip(*shares, strict=True))))[:n]


@cache
def small(file: Path) -> npt.NDArray[np.uint8]:
    import tracker  # noqa: PLC0415 (the others need it not)

    image = tracker.decode(file.read_bytes()).image.convert("RGB")
    image.thumbnail((SMALL, SMALL))
    return np.asarray(image)


def cropped(files: list[Path], seed: int, count: int) -> Hashes:
    """Eight hashes of each of so many crops, a picture after the other."""
    import pdqhash  # noqa: PLC0415

    rng = np.random.default_rng(seed)
    made: list[Hashes] = []
    for number in range(count):
        whole = small(files[number % len(files)])
        high, wide = (int(side * rng.uniform(0.4, 1)) for side in whole.shape[:2])
        top, left = (
            int(rng.integers(0, whole.shape[i] - side + 1))
            for i, side in enumerate((high, wide))
        )
        crop = np.ascontiguousarray(whole[top : top + high, left : left + wide])
        forms, _ = pdqhash.compute_dihedral(crop)
        made.append(np.packbits(np.array(forms, np.uint8), axis=1))
    return np.concatenate(made)


def planted(hashes: Hashes, count: int) -> Hashes:
    """Every other one is a banked hash with 0 to 31 bits turned."""
    rng = np.random.default_rng(1)
    queries = rng.integers(0, 256, (count, 32), np.uint8)
    for i in range(0, count, 2):
        bits = np.zeros(256, np.uint8)
        bits[rng.choice(256, rng.integers(0, RADIUS + 1), replace=False)] = 1
        queries[i] = hashes[rng.integers(len(hashes))] ^ np.packbits(bits)
    return queries


def ours(hashes: Hashes, folder: Path) -> Search:
    from tracker import Index  # noqa: PLC0415

    path = folder / "index"
    Index.build(path, np.arange(len(hashes), dtype=np.uint64), hashes)
    index = Index.open(path)
    return lambda queries: len(index.search(queries, RADIUS)[1])


def flat(hashes: Hashes, folder: Path) -> Search:
    del folder
    import faiss  # noqa: PLC0415

    faiss.omp_set_num_threads(1)  # as for the others, a thread costs more than it does
    index = faiss.IndexBinaryFlat(256)
    index.add(hashes)
    return lambda queries: int(index.range_search(queries, RADIUS + 1)[0][-1])


def threatexchange(hashes: Hashes, folder: Path) -> Search:
    del folder
    import faiss  # noqa: PLC0415
    from threatexchange.signal_type.pdq.pdq_index import PDQIndex  # noqa: PLC0415

    faiss.omp_set_num_threads(1)  # more made each of its lookups slower
    index = PDQIndex((row.tobytes().hex(), place) for place, row in enumerate(hashes))
    return lambda queries: sum(len(index.query(q.tobytes().hex())) for q in queries)


CONTENDERS: dict[str, Callable[[Hashes, Path], Search]] = {
    "ours": ours,
    "FAISS flat": flat,
    "ThreatExchange": threatexchange,
    "ThreatExchange, jemalloc": threatexchange,
}


def held() -> int:
    """Bytes of this process that are in memory now."""
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * resource.getpagesize()


def measure(name: str, hashes: Hashes) -> dict[str, float]:
    queries = planted(hashes, BATCH)
    # The second run of this folder's file would be read from the cache: a folder each.
    with (
        tempfile.TemporaryDirectory() as other,
        tempfile.TemporaryDirectory() as folder,
    ):
        CONTENDERS[name](hashes[:FEW], Path(other))  # reads its libraries
        before, began = held(), time.process_time()
        search = CONTENDERS[name](hashes, Path(folder))
        built = time.process_time() - began
        search(queries[:2])
        alone = []
        for place in range(SINGLES):
            began = time.process_time()
            search(queries[place : place + 1])
            alone.append(time.process_time() - began)
        together = []
        for _ in range(3):
            began = time.perf_counter()
            found = search(queries)
            together.append(time.perf_counter() - began)
        return {
            "build": built,
            "memory": (held() - before) / 2**20,
            "alone": float(np.median(alone)) * 1e3,
            "p99": float(np.percentile(alone, 99)) * 1e3,
            "together": float(np.median(together)),
            "found": found,
        }


def in_turn(name: str, file: Path) -> dict[str, float] | None:
    """Measured in a process of its own; None where this machine lacks the allocator."""
    environment = dict(os.environ)
    if name.endswith("jemalloc"):
        if not Path(JEMALLOC).exists():
            return None
        environment["LD_PRELOAD"] = JEMALLOC
    command = [sys.executable, __file__, "--contender", name, "--file", str(file)]
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    )
    told: dict[str, float] = json.loads(ended.stdout)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000, help="hashes in the bank")
    parser.add_argument("--real", type=Path, help="a folder of pictures")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.contender:
        hashes = np.load(asked.file)
        print(json.dumps(measure(asked.contender, hashes)))
        return
    hashes = real(asked.n, asked.real) if asked.real else uniform(asked.n)
    kind = "derived from real pictures" if asked.real else "uniform"
    table = Table(title=f"{asked.n:,} hashes of 256 bits, {kind}; ratios to ours")
    for heading in (
        "index",
        "build s",
        "MB",
        "alone ms",
        "p99",
        "1,000 at once s",
        "found",
    ):
        table.add_column(heading, justify="left" if heading == "index" else "right")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hashes.npy"
        np.save(file, hashes)
        del hashes
        first: dict[str, float] = {}
        for name in CONTENDERS:
            told = in_turn(name, file)
            if told is None:
                table.add_row(name, "not installed here")
                continue
            first = first or told
            cells = [
                f"{told[key]:.{digits}f} ({told[key] / first[key]:.2f})"
                for key, digits in (
                    ("build", 1),
                    ("memory", 0),
                    ("alone", 3),
                    ("p99", 3),
                    ("together", 3),
                )
            ]
            table.add_row(name, *cells, str(int(told["found"])))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
