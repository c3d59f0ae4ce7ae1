"""What happens to pictures on their way to us: shrinking, saving, blurring, cutting.

One recipe is drawn without knowing any label and applied to a photograph and its fake
alike, so that no trace of the way can tell them apart.
"""

import io
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

import cv2
import numpy as np
from PIL import Image

from detector.training.pictures import Mask, Pixels

Codec = Literal["JPEG", "WEBP"]
Plane = TypeVar("Plane", Pixels, Mask)

KERNELS: Final = (
    cv2.INTER_AREA,
    cv2.INTER_LINEAR,
    cv2.INTER_CUBIC,
    cv2.INTER_LANCZOS4,
)
_MARGIN: Final = 24  # pixels more than needed, so that the last cut can lie anywhere


@dataclass(frozen=True, slots=True)
class Saving:
    """One lossy saving."""

    codec: Codec
    quality: int
    subsampling: int = 2  # of JPEG's colours, as Pillow counts: 0 is none, 2 is 4:2:0


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way through the world, the same for all pictures that it is applied to.

    Pictures are first reduced to one common shorter side, then a window is cut whose
    place is a share of what is free, then saved, resized, blurred, made noisy, saved
    again, and cut to `side`.
    """

    side: int
    first_side: int  # pixels of the shorter side after the first reduction
    first_kernel: int
    scale: float
    kernel: int
    savings: tuple[Saving, ...]  # the first before the resize, others after it
    blur: float  # pixels of deviation, 0 for none
    noise: float  # grey levels of deviation, 0 for none
    seed: int  # of the noise
    place: tuple[float, float]  # of the window, shares of the free width and height
    cut: tuple[float, float]  # of the last cut, likewise

    @property
    def window(self) -> int:
        """Pixels a side that are needed before the resize."""
        return int(np.ceil((self.side + _MARGIN) / self.scale))


def draw(
    random: np.random.Generator, side: int, shortest: int, *, hard: float = 1.0
) -> Recipe:
    """Draw a recipe that ends in pictures of `side` x `side`.

    Args:
        random: Decides everything.
        side: Pixels a side of what comes out.
        shortest: The least shorter side of the pictures that it will be applied to,
            at least side + 24.
        hard: Share of the lossy steps that are taken, 0 to 1.
    """
    least = side + _MARGIN
    first = 1.0 if random.random() < 0.3 else float(random.uniform(0.6, 1.0))
    first_side = max(least, round(shortest * first))
    scale = 1.0
    if random.random() < 0.5 * hard:
        scale = float(np.exp(random.uniform(np.log(0.4), np.log(1.2))))
        scale = max(scale, least / first_side)
    # The window must fit: rounding up may ask for one pixel more than there is.
    while int(np.ceil(least / scale)) > first_side:
        scale *= 1.01
    return Recipe(
        side=side,
        first_side=first_side,
        first_kernel=int(random.choice(KERNELS)),
        scale=scale,
        kernel=int(random.choice(KERNELS)),
        savings=_savings(random, hard),
        blur=float(random.uniform(0.3, 1.2)) if random.random() < 0.15 * hard else 0.0,
        noise=float(random.uniform(0.5, 4.0)) if random.random() < 0.2 * hard else 0.0,
        seed=int(random.integers(2**32)),
        place=(float(random.random()), float(random.random())),
        cut=(float(random.random()), float(random.random())),
    )


def _savings(random: np.random.Generator, hard: float) -> tuple[Saving, ...]:
    """Draw none, one or two savings, most of them JPEG of quality 40 to 96."""
    count = int(random.choice(3, p=(1 - 0.9 * hard, 0.5 * hard, 0.4 * hard)))
    return tuple(
        Saving(
            codec="WEBP" if random.random() < 0.15 else "JPEG",
            quality=int(random.integers(40, 97)),
            subsampling=2 if random.random() < 0.75 else 0,
        )
        for _ in range(count)
    )


def launder(picture: Pixels, recipe: Recipe) -> Pixels:
    """Send one picture along the recipe: (side, side, 3)."""
    seen = _framed(picture, recipe)
    for saving in recipe.savings[:1]:
        seen = saved(seen, saving)
    if recipe.scale != 1:
        size = max(recipe.side, round(seen.shape[0] * recipe.scale))
        seen = _resized(seen, (size, size), recipe.kernel)
    if recipe.blur:
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), recipe.blur), dtype=np.uint8)
    if recipe.noise:
        seen = _noisy(seen, recipe)
    for saving in recipe.savings[1:]:
        seen = saved(seen, saving)
    return _cut(seen, recipe)


def launder_mask(mask: Mask, recipe: Recipe) -> Mask:
    """Send a mask along the same way, without what changes colours only."""
    seen = _framed(mask, recipe)
    if recipe.scale != 1:
        size = max(recipe.side, round(seen.shape[0] * recipe.scale))
        seen = _resized(seen, (size, size), cv2.INTER_AREA)
    return _cut(seen, recipe)


def saved(picture: Pixels, saving: Saving) -> Pixels:
    """Save and open again."""
    file = io.BytesIO()
    if saving.codec == "JPEG":
        options = {"quality": saving.quality, "subsampling": saving.subsampling}
    else:
        options = {"quality": saving.quality, "method": 2}
    Image.fromarray(picture).save(file, saving.codec, **options)
    return np.asarray(Image.open(file).convert("RGB"))


def _framed(picture: Plane, recipe: Recipe) -> Plane:
    """Reduce to the common shorter side and cut the window that the rest needs."""
    height, width = picture.shape[:2]
    scale = recipe.first_side / min(height, width)
    seen = picture
    if scale != 1:
        size = (
            max(recipe.first_side, round(width * scale)),
            max(recipe.first_side, round(height * scale)),
        )
        seen = _resized(picture, size, recipe.first_kernel)
    return _square(seen, recipe.window, recipe.place)


def _cut(picture: Plane, recipe: Recipe) -> Plane:
    return _square(picture, recipe.side, recipe.cut)


def _square(picture: Plane, side: int, place: tuple[float, float]) -> Plane:
    height, width = picture.shape[:2]
    top = round((height - side) * place[1])
    left = round((width - side) * place[0])
    return picture[top : top + side, left : left + side]


def _resized(picture: Plane, size: tuple[int, int], kernel: int) -> Plane:
    resized = cv2.resize(picture, size, interpolation=kernel)
    return np.asarray(resized, dtype=picture.dtype)


def _noisy(picture: Pixels, recipe: Recipe) -> Pixels:
    noise = np.random.default_rng(recipe.seed).standard_normal(
        picture.shape, dtype=np.float32
    )
    loud = picture + recipe.noise * noise
    return np.clip(np.rint(loud), 0, 255).astype(np.uint8)
