"""An original's features made by a browser, beside the server's own, and what they prove.

python bench/browser_features.py --photos FOLDER... [--limit N]: of each photo the share of
the server's features that the page makes, too, and whether fakes made from it (a part of
another photo put in, recompressed) are shown to derive from it by either. Worst rows first.
"""

import argparse
import base64
import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PIL import Image
from playwright.sync_api import Page
from rich.console import Console
from rich.table import Table

from bench import browser_hashing as beside
from detector import OriginalFeatures, derive
from tests.drawing import landscape
from tracker import ImageError, decode

PAGE = b"""<!doctype html><meta charset=utf-8><title>bench</title><input type=file>
<script type=module>
  import { Hasher } from "/js/hashing/hash.js";
  const hasher = new Hasher("/js/hashing/worker.js");
  window.hash = async () => {
    const start = performance.now();
    const told = await hasher.describe(document.querySelector("input").files[0]);
    const text = Array.from(told.features, (byte) => String.fromCharCode(byte)).join("");
    return { features: btoa(text), ms: performance.now() - start };
  };
</script>"""


@dataclass(frozen=True)
class Row:
    """One photo: shares are of the server's features."""

    found: float  # at the same place, within half a pixel
    same: float  # with the very same 128 numbers
    count: int
    proof: str  # of a fake, by the page's features
    own_proof: str  # and by the server's
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", nargs="*", type=Path, default=[])
    parser.add_argument("--limit", type=int, default=40)
    options = parser.parse_args()
    beside.PAGE = PAGE
    photos = evenly(beside.pictures(options.photos, sys.maxsize), options.limit)
    other = landscape(99, (900, 700))
    with beside.pages() as opened:
        page = opened(workers=True)
        rows = [row for data in photos if (row := compared(page, data, other))]
    show(sorted(rows, key=lambda row: row.found))


def evenly(photos: list[tuple[str, bytes]], most: int) -> list[bytes]:
    step = max(1, len(photos) // most)
    return [data for _name, data in photos[::step]][:most]


def compared(page: Page, data: bytes, other: Image.Image) -> Row | None:
    try:
        image = decode(data).image
    except ImageError:
        return None
    told = beside.hashed(page, data)
    theirs = OriginalFeatures.from_bytes(base64.b64decode(told["features"]))
    ours = OriginalFeatures.of(image)
    if not len(ours) or not len(theirs):
        return None
    apart = np.abs(ours.places[:, None, :2] - theirs.places[None, :, :2]).max(2)
    same = (ours.descriptors[:, None] == theirs.descriptors[None]).all(2)
    fake = faked(image, other)
    return Row(
        found=float((apart < 0.5).any(1).mean()),
        same=float(((apart < 0.5) & same).any(1).mean()),
        count=len(ours),
        proof=derive(fake, theirs).proof,
        own_proof=derive(fake, ours).proof,
        seconds=told["ms"] / 1000,
    )


def faked(image: Image.Image, other: Image.Image) -> Image.Image:
    """With a third of its width and height from another photo, saved as JPEG 70."""
    fake = image.copy()
    size = (max(1, image.width // 3), max(1, image.height // 3))
    fake.paste(other.resize(size), (image.width - size[0], image.height - size[1]))
    file = io.BytesIO()
    fake.save(file, "JPEG", quality=70)
    return Image.open(file).convert("RGB")


def show(rows: list[Row]) -> None:
    table = Table("features", "same place", "same numbers", "proof", "server's", "s")
    for row in rows[:8]:
        cells = (row.count, f"{row.found:.3f}", f"{row.same:.3f}", row.proof)
        table.add_row(*map(str, cells), row.own_proof, f"{row.seconds:.2f}")
    console = Console()
    console.print(table)
    agree = sum(row.proof == row.own_proof for row in rows)
    proved = sum(row.proof == "proved" for row in rows)
    own = sum(row.own_proof == "proved" for row in rows)
    print(
        json.dumps(
            {
                "photos": len(rows),
                "least_found": min(row.found for row in rows),
                "median_found": float(np.median([row.found for row in rows])),
                "median_same": float(np.median([row.same for row in rows])),
                "proved": proved,
                "proved_by_servers": own,
                "agree": agree,
                "median_seconds": float(np.median([row.seconds for row in rows])),
                "cores": os.cpu_count(),
            }
        )
    )


if __name__ == "__main__":
    main()
