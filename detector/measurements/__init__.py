"""Classical forensic measurements of pixels and JPEG tables, reported as what they are.

None of them raises the finding: how often honest photographs show the same is not
known here. All work on one crop of bounded size.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from PIL import Image

from detector import explain
from detector.assessment import Evidence, Phrase
from detector.measurements import blocking, frequency, jpeg, noise
from detector.measurements.crop import Luma, middle

MIN_SIDE: Final = 64  # below this there are too few blocks for any statistic
RELIABLE_SIDE: Final = 400
RELIABLE_QUALITY: Final = 70
_MIN_DEVIATION: Final = 0.5  # grey levels; a flat area has nothing to measure


def is_measurable(image: Image.Image) -> bool:
    return _why_not(image) is None


def measure(image: Image.Image) -> tuple[Evidence, ...]:
    """Take every measurement, after a word on how far they can be relied on."""
    if why_not := _why_not(image):
        return (explain.evidence("reliability.none", "none", reason=why_not),)
    return tuple(_measure(image, middle(image)))


def _measure(image: Image.Image, luma: Luma) -> Iterator[Evidence]:
    tables = jpeg.quantisation(image.info.get("quantization"))
    yield from _reliability(image, tables.quality if tables else None)
    if tables:
        code = "standard" if tables.standard else "own"
        yield _measured(f"jpeg_quantisation.{code}", quality=tables.quality)
    yield _ghosts(luma, tables.quality if tables else 100)
    level = jpeg.error_level(luma)
    yield _measured("error_level.measured", median=level.median, ratio=level.ratio)
    yield _grid(luma)
    levels = noise.noise_map(luma)
    yield _measured("noise_map.measured", median=levels.median, spread=levels.spread)
    yield _resampling(luma)
    radial = frequency.spectrum(luma)
    yield _measured(
        "spectrum.measured", slope=radial.slope, tail=radial.tail, peaks=radial.peaks
    )


def _ghosts(luma: Luma, last: int) -> Evidence:
    ghosts = jpeg.ghosts(luma)
    # A dip at the file's own quality is only its last saving.
    earlier = [quality for quality in ghosts.qualities if quality < last - 3]
    return _measured(
        f"jpeg_ghosts.{'earlier' if earlier else 'none'}",
        qualities=explain.joined("numbers", earlier),
        share=ghosts.share,
    )


def _grid(luma: Luma) -> Evidence:
    grid = blocking.grid(luma)
    if grid is None:
        return _measured("blocking_grid.absent")
    shifted = (grid.x, grid.y) != (0, 0)
    return _measured(
        f"blocking_grid.{'shifted' if shifted else 'aligned'}",
        x=grid.x,
        y=grid.y,
        share=grid.share,
    )


def _resampling(luma: Luma) -> Evidence:
    peak = frequency.resampling(luma)
    code = "periodic" if peak.ratio >= frequency.PERIODIC else "none"
    return _measured(f"resampling.{code}", x=peak.x, y=peak.y, ratio=peak.ratio)


def _measured(code: str, **facts: object) -> Evidence:
    return explain.evidence(code, "measurement", **facts)


def _reliability(image: Image.Image, quality: int | None) -> Iterator[Evidence]:
    reasons = []
    if min(image.size) < RELIABLE_SIDE:
        reasons.append(_small(image))
    if quality is not None and quality < RELIABLE_QUALITY:
        reasons.append(explain.reason("quality", quality=quality))
    if reasons:
        yield explain.evidence(
            "reliability.low", "none", reason=explain.joined("sentences", reasons)
        )


def _why_not(image: Image.Image) -> Phrase | None:
    if min(image.size) < MIN_SIDE:
        return _small(image)
    if np.std(middle(image)) < _MIN_DEVIATION:
        return explain.reason("flat")
    return None


def _small(image: Image.Image) -> Phrase:
    return explain.reason("small", width=image.width, height=image.height)
