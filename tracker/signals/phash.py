"""The 256-bit DCT hash of imagehash: a second opinion, on other terms than PDQ."""

from functools import lru_cache

import numpy as np

from tracker.signals.base import Reading, Signal, to_hex
from tracker.signals.boxes import Floats, resizing

SAMPLES = 64  # a side, that the picture is shrunk to
WAVES = 16  # a side, of the cosine transform
LOBES = 3  # of Lanczos' filter
ALONE = 2**18  # multiplications: for more BLAS wakes threads, which cost more


class Phash:
    """imagehash.phash(hash_size=16) of the one small grey picture of a `Reading`.

    Shrinking and transform are one product of matrices, without imagehash's rounding to
    whole levels in between: docs/adr/0026 tells how far the two are apart.

    Possible reaches to 51 bits, a fifth of them, at which it still finds 83 % of crops
    by a tenth; none of 1,124,250 pairs of different photos came nearer than 84.
    """

    name = "phash"
    label = "phash"
    bits = 256
    version = "phash/1 imagehash/4.3.2"  # whose values these are
    near = 31
    possible = 51
    forms = ("",)

    def hash(self, reading: Reading) -> Signal | None:
        if reading.plain:
            return None
        height, width = reading.levels.shape
        across, down = map(_waves, (width, height), reading.picture.small_size)
        waves = _product(down, reading.levels) @ across.T
        return Signal(self.name, to_hex(waves > np.median(waves)), None, self.version)

    def ask(self, reading: Reading) -> tuple[Signal, ...]:
        signal = self.hash(reading)
        return (signal,) if signal else ()

    def examples(self) -> tuple[str, ...]:
        return (
            "86dde436f5889d095b3782f6e69615c928c96a7396c65b12b1bcad335b62218e",
            "cd0abf31f2fd32ddcdc2b902a87d18fd4f02c0ed3b81e05e3721d8f81383c60d",
        )


def _product(waves: Floats, levels: Floats) -> Floats:
    """A product of matrices, of strips that are narrow enough for one thread."""
    height, width = levels.shape
    wide = min(width, max(1, ALONE // (len(waves) * height)))
    made = np.empty((len(waves), width), np.float32)
    for left in range(0, width, wide):
        strip = slice(left, left + wide)
        np.matmul(waves, levels[:, strip], out=made[:, strip])
    return made


@lru_cache(maxsize=1024)
def _waves(length: int, size: int) -> Floats:
    """What takes a line of pixels to its 16 lowest waves, of shape (16, length).

    It is brought to `size` pixels, then to 64 samples by Lanczos' filter, as Pillow does
    both; of these the cosine transform (DCT-II).
    """
    scale = size / SAMPLES
    middle = (np.arange(SAMPLES) + 0.5) * scale
    offset = (np.arange(size) + 0.5 - middle[:, np.newaxis]) / max(scale, 1)
    lanczos = np.sinc(offset) * np.sinc(offset / LOBES) * (np.abs(offset) < LOBES)
    lanczos /= lanczos.sum(axis=1, keepdims=True)
    wave, place = np.arange(WAVES)[:, np.newaxis], np.arange(SAMPLES) + 0.5
    waves = np.cos(np.pi / SAMPLES * wave * place) @ lanczos
    return np.asarray(waves @ resizing(length, 0, length, size), np.float32)
