"""What may be cut out of a picture: the parts that a bank keeps beside the whole.

The hash of the whole finds crops that lose a few percent and no others, for a crop can
only be asked for as it is. How many parts, and which, rests on docs/adr/0021.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from tracker.proposals import LEAST_SIDE, centre, halves, quarters

Box = tuple[float, float, float, float]  # left, top, right, bottom; in pixels

# Crops about the middle, as shares of each side.
CENTRED = (0.95, 0.90, 0.866, 0.75, 0.707, 0.60, 0.50)

# Crops from anywhere, as shares of each side and how many stand in a row: the smaller
# the crop, the more places it may come from. The one in the middle is above.
SCATTERED = ((0.95, 2), (0.866, 5), (0.78, 6), (0.707, 8))

ONE_SIDE = 0.15  # of the width or height, lost at one side alone
TURNED = 5  # degrees, each way


@dataclass(frozen=True, slots=True)
class Region:
    """A box of a picture that was turned counter-clockwise by `angle` degrees first."""

    box: Box
    angle: float = 0


def turned(grey: Image.Image, angle: float) -> Image.Image:
    """The picture, turned counter-clockwise in its own frame."""
    return grey.rotate(angle, Image.Resampling.BILINEAR) if angle else grey


@lru_cache(maxsize=64)
def regions(size: tuple[int, int]) -> tuple[Region, ...]:
    """The regions of a picture of that width and height; none of a mere strip."""
    width, height = size
    if min(size) < LEAST_SIDE:
        return ()
    whole = (0, 0, width, height)
    # As the asking side cuts its own: a sticker seldom covers two quarters.
    alike: list[Box] = [*halves(whole), *quarters(whole), centre(whole)]
    parts = [*_centred(), *_scattered(), *_sides(), *_squares(width / height)]
    shares = [
        Region((x * width, y * height, u * width, v * height)) for x, y, u, v in parts
    ]
    turned = [_turned(width, height, angle) for angle in (-TURNED, TURNED)]
    return (*(Region(box) for box in alike), *shares, *turned)


def _centred() -> Iterator[Box]:
    for side in CENTRED:
        yield _placed(side, side, 0.5, 0.5)


def _scattered() -> Iterator[Box]:
    for side, count in SCATTERED:
        for place in range(count * count):
            x, y = place % count / (count - 1), place // count / (count - 1)
            if (x, y) != (0.5, 0.5):
                yield _placed(side, side, x, y)


def _sides() -> Iterator[Box]:
    kept = 1 - ONE_SIDE
    for end in (0, 1):
        yield _placed(kept, 1, end, 0)
        yield _placed(1, kept, 0, end)


def _squares(aspect: float) -> Iterator[Box]:
    """The first, middle and last square: what profile pictures and posts are cut to."""
    for end in (0.0, 0.5, 1.0):
        yield _placed(min(1, 1 / aspect), min(1, aspect), end, end)


def _turned(width: int, height: int, angle: float) -> Region:
    """The largest box of the picture's shape that shows no corner once it is turned."""
    sine, cosine = (abs(f(math.radians(angle))) for f in (math.sin, math.cos))
    share = min(
        width / (width * cosine + height * sine),
        height / (width * sine + height * cosine),
    )
    x, y, u, v = _placed(share, share, 0.5, 0.5)
    return Region((x * width, y * height, u * width, v * height), angle)


def _placed(width: float, height: float, x: float, y: float) -> Box:
    """A box of that size, as shares; x and y are 0 at one end and 1 at the other."""
    left, top = (1 - width) * x, (1 - height) * y
    return left, top, left + width, top + height
