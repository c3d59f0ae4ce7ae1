"""The codes that a browser makes beside the server's own, and how long a phone waits.

python bench/browser_hashing.py --photos FOLDER... [--limit N]: bits between the two for
each of the eight forms and for the regions, worst row first, and the time for a picture of
12 million pixels with the processor four times slower. Without --photos pictures are drawn.
"""

import argparse
import io
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table

from portal.cases.regions import unpack
from tests.drawing import encode, landscape
from tracker import ImageError, ask_picture, bits_apart, decode, recall_picture
from tracker.signals import signal_type

STATIC = Path(__file__).resolve().parents[1] / "portal" / "static"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
DRAWN = 40
BIG = (4000, 3000)  # 12 million pixels
SLOWER = 4
PAGE = b"""<!doctype html><meta charset=utf-8><title>bench</title><input type=file>
<script type=module>
  import { Hasher } from "/js/hashing/hash.js";
  const hasher = new Hasher("/js/hashing/worker.js");
  window.hash = async () => {
    const start = performance.now();
    let [last, still] = [start, 0]; // the longest time in which the page did nothing else
    const beat = setInterval(() => {
      still = Math.max(still, performance.now() - last);
      last = performance.now();
    });
    try {
      const told = await hasher.hash(document.querySelector("input").files[0]);
      return { ...told, ms: performance.now() - start, still };
    } catch (error) {
      return { problem: String(error) };
    } finally { clearInterval(beat); }
  };
</script>"""


class Files(SimpleHTTPRequestHandler):
    """The portal's scripts, and one page that calls them."""

    def do_GET(self) -> None:
        if self.path != "/":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE)
        return None

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def pages() -> Iterator[Any]:
    """Opens pages in Chromium, with a worker or without."""
    handler = partial(Files, directory=str(STATIC))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)

        def opened(*, workers: bool) -> Page:
            page = browser.new_page()
            if not workers:
                page.add_init_script("delete window.Worker")
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            page.wait_for_function("typeof window.hash === 'function'")
            return page

        yield opened
        browser.close()
    server.shutdown()


def hashed(page: Page, data: bytes) -> dict[str, Any]:
    page.set_input_files(
        "input", {"name": "a", "mimeType": "image/jpeg", "buffer": data}
    )
    told: dict[str, Any] = page.evaluate("hash()")
    return told


def pictures(folders: list[Path], limit: int) -> list[tuple[str, bytes]]:
    if not folders:
        drawn = (landscape(seed, (1600, 1200)) for seed in range(DRAWN))
        return [
            (f"drawn {n}", encode(image, "JPEG", quality=88))
            for n, image in enumerate(drawn)
        ]
    kinds = {".jpg", ".jpeg", ".png", ".webp"}
    paths = [path for folder in folders for path in sorted(folder.rglob("*"))]
    wanted = [path for path in paths if path.suffix.lower() in kinds]
    return [(path.name, path.read_bytes()) for path in wanted[:limit]]


def ours(data: bytes) -> list[str]:
    try:
        asked = ask_picture(decode(data), whole=True)
    except ImageError:
        return []
    return [signal.value for signal in asked if signal.type == "pdq"]


def regions_apart(data: bytes, packed: str) -> tuple[list[int], int]:
    """Bits apart of each region both ways, and how many regions only one side has."""
    made: dict[int, list[str]] = {}
    for signal in recall_picture(decode(data)):
        kind, _, number = signal.of.partition(" ")
        if kind == "region":
            made.setdefault(int(number), []).append(signal.value)
    told = {one.number: [one.upright, one.mirrored] for one in unpack(packed)}
    pairs = [(made[n][at], told[n][at]) for n in made.keys() & told for at in (0, 1)]
    return [bits_apart(a, b) for a, b in pairs], len(made.keys() ^ told)


def compare(page: Page, files: list[tuple[str, bytes]], console: Console) -> None:
    """Distances of all eight forms of all pictures, and the worst pictures by name."""
    of_regions: list[int] = []
    odd = 0
    rows: list[tuple[int, str]] = []
    distances: list[list[int]] = []
    refused = {"both": 0, "browser alone": 0, "server alone": 0}
    for name, data in files:
        server, told = ours(data), hashed(page, data)
        browser = [form["value"] for form in told.get("pdq", [])]
        if not server or not browser:
            who = "both" if not server and not browser else ""
            refused[who or ("server alone" if browser else "browser alone")] += 1
            continue
        apart = [bits_apart(a, b) for a, b in zip(server, browser, strict=True)]
        distances.append(apart)
        regional, missing = regions_apart(data, told["regions"])
        of_regions += regional
        odd += missing
        rows.append((max(apart), name))
    told_apart = np.array(distances)
    table = Table(title=f"{len(distances)} pictures, browser and server, bits apart")
    for heading in ("form", "median", "99 %", "max", "equal"):
        table.add_column(heading, justify="left" if heading == "form" else "right")
    names = ["upright", *signal_type("pdq").forms[1:]]
    order = np.argsort(-told_apart.max(axis=0), kind="stable")
    for at in order:
        bits = told_apart[:, at]
        figures = (np.median(bits), np.percentile(bits, 99), bits.max())
        equal = f"{(bits == 0).mean():.0%}"
        table.add_row(names[at], *(f"{figure:.1f}" for figure in figures), equal)
    bits = np.array(of_regions)
    figures = (np.median(bits), np.percentile(bits, 99), bits.max())
    equal = f"{(bits == 0).mean():.0%}"
    table.add_row("regions", *(f"{figure:.1f}" for figure in figures), equal)
    console.print(table)
    console.print(f"{len(bits)} codes of regions; {odd} regions only one side has.")
    worst = ", ".join(f"{name} {bits}" for bits, name in sorted(rows)[::-1][:3])
    console.print(f"Worst pictures: {worst}. Refused: {json.dumps(refused)}.")


def big(files: list[tuple[str, bytes]]) -> bytes:
    """A photo of 12 million pixels: the largest one, enlarged, with a sensor's noise."""
    _, data = max(files, key=lambda file: len(file[1]))
    image = Image.open(io.BytesIO(data)).convert("RGB").resize(BIG)
    noise = np.random.default_rng(0).normal(0, 6, (BIG[1], BIG[0], 3))
    noisy = np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8)
    return encode(Image.fromarray(noisy), "JPEG", quality=90)


def timed(page: Page, data: bytes) -> tuple[float, float]:
    """Medians of five: until the codes are there, and the page's longest standstill."""
    told = [hashed(page, data) for _ in range(5)]
    took, still = (np.median([one[key] for one in told]) for key in ("ms", "still"))
    return float(took), float(still)


def time_it(opened: Any, data: bytes, console: Console) -> None:
    """Times both ways.

    Chromium slows a page's main thread and nothing else, so the worker's figure is the
    one at full speed times the rate: as if its decoder and all its threads were slower.
    """
    table = Table(title=f"{BIG[0]} x {BIG[1]} JPEG of {len(data) / 1e6:.1f} MB, ms")
    for heading in (
        "where",
        "full speed",
        f"{SLOWER} times slower",
        "page stood still",
    ):
        table.add_column(heading, justify="left" if heading == "where" else "right")
    for workers in (True, False):
        page = opened(workers=workers)
        hashed(page, data)
        quick, _ = timed(page, data)
        throttle = page.context.new_cdp_session(page)
        throttle.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        slow, still = timed(page, data)
        if workers:
            where, slow = "in a worker", quick * SLOWER
        else:
            where = "in the page itself"
        table.add_row(where, f"{quick:.0f}", f"{slow:.0f}", f"{still:.0f}")
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, nargs="+", default=[])
    parser.add_argument("--limit", type=int, default=400)
    told = parser.parse_args()
    files = pictures(told.photos, told.limit)
    console = Console()
    with pages() as opened:
        compare(opened(workers=True), files, console)
        time_it(opened, big(files), console)


if __name__ == "__main__":
    main()
