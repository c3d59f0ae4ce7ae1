"""What ships of the detector on one photograph of twelve megapixels: seconds and memory.

python bench/detecting.py [PHOTO] [--times N]: from the bytes of a JPEG to
what the file says and our own model's opinion, and to the whole finding, part by part.
The photograph is drawn if none is given. Memory is the peak of this whole process, with
its libraries, from when the file was there. No other program does the same, so none
stands beside it. Exit code 1 where file and model take 0.7 s or more, or 1.5 GB.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from detector import assess, marks, measurements, provenance, shipped_models
from detector.models import opinions
from detector.models.learned import reduced
from tests.drawing import encode, landscape
from tracker.images import decode

LARGE = (4000, 3000)
SECONDS, MEGABYTES = 0.7, 1500
BOTH = "from the bytes to file and model"
STATUS = Path("/proc/self/status")
PEAK = Path("/proc/self/clear_refs")  # 5 written there resets the peak


def drawn() -> bytes:
    """A landscape with the noise of a small sensor, in a file as large as a camera's."""
    clean = np.asarray(landscape(1, LARGE), dtype=np.float32)
    noise = np.random.default_rng(0).standard_normal(clean.shape, dtype=np.float32)
    noisy = np.clip(clean + 9 * noise, 0, 255).astype(np.uint8)
    return encode(Image.fromarray(noisy), "JPEG", quality=92)


def spent(run: Callable[[], object], times: int) -> tuple[float, float]:
    """Wall and processor seconds, the median of a few runs after a first one."""
    run()
    found = []
    for _ in range(times):
        began, busy = time.perf_counter(), time.process_time()
        run()
        found.append((time.perf_counter() - began, time.process_time() - busy))
    return median(wall for wall, _ in found), median(busy for _, busy in found)


def peak() -> float:
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024 / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", nargs="?", type=Path, metavar="PHOTO")
    parser.add_argument("--times", type=int, default=5, metavar="N")
    asked = parser.parse_args()
    data = asked.photo.read_bytes() if asked.photo else drawn()
    PEAK.write_text("5")
    models = shipped_models()
    image = decode(data).image

    def both() -> object:
        seen = decode(data).image
        return provenance.read(seen, data), marks.read(seen), opinions(seen, models)

    parts: dict[str, Callable[[], object]] = {
        "decoding": lambda: decode(data).image,
        "what the file says": lambda: (provenance.read(image, data), marks.read(image)),
        "measurements": lambda: measurements.measure(image),
        "our model: reducing": lambda: reduced(image),
        "our model: all of it": lambda: opinions(image, models),
        BOTH: both,
        "the whole finding": lambda: assess(
            decode(data).image, data=data, models=models
        ),
    }
    size = f"{image.width} x {image.height}, {len(data) / 1e6:.1f} MB"
    table = Table("part", "seconds", "of processor", title=size)
    for column in table.columns[1:]:
        column.justify = "right"
    times = {name: spent(run, asked.times) for name, run in parts.items()}
    for name, (seconds, busy) in times.items():
        table.add_row(name, f"{seconds:.3f}", f"{busy:.3f}")
    console, megabytes = Console(), peak()
    console.print(table)
    console.print(f"At most {megabytes:.0f} MB of memory")
    return int(times[BOTH][0] >= SECONDS or megabytes >= MEGABYTES)


if __name__ == "__main__":
    sys.exit(main())
