"""What a forger does to a region of a photograph, with the mask of what was replaced.

Then what is done to the whole before it is posted, to picture and mask alike.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
from numpy.random import Generator
from PIL import Image, ImageOps
from scipy import ndimage

Levels = npt.NDArray[np.float32]  # (h, w, 3)
Share = npt.NDArray[np.float32]  # (h, w), 0 to 1
Edit = Callable[[Image.Image, Image.Image, Generator], "Edited | None"]

SEEN = 6  # levels, smoothed, that an edit changes a pixel by, so that it can be seen
MOSTLY = 0.8  # of a region that must have been: an inpainted clear sky is the same sky
TRIES = 12


@dataclass(frozen=True, slots=True, eq=False)
class Edited:
    """A derived picture, and where it is not a copy (an "L" picture, 255 for replaced)."""

    image: Image.Image
    mask: Image.Image


def blob(size: tuple[int, int], share: float, chance: Generator) -> Share:
    """A round, dented region of about that share of a picture, with a feathered edge."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    radius = np.sqrt(share * width * height / np.pi)
    stretch = float(chance.uniform(0.7, 1.4))
    reach = radius * max(stretch, 1 / stretch)
    middle = [
        chance.uniform(min(reach, side / 2), max(side - reach, side / 2))
        for side in size
    ]
    x, y = (x - middle[0]) / stretch, (y - middle[1]) * stretch
    angle = np.arctan2(y, x)
    outline = sum(
        chance.uniform(0, 0.12) * np.cos(n * angle + chance.uniform(0, 7))
        for n in (2, 3, 4, 5)
    )
    inside = (np.hypot(x, y) < radius * (1 + outline)).astype(np.float32)
    return np.asarray(ndimage.gaussian_filter(inside, 0.01 * max(size)))


def recoloured(
    image: Image.Image, _other: Image.Image, chance: Generator
) -> Edited | None:
    """A garment in another colour: its folds stay."""
    levels = _levels(image)
    inside = blob(image.size, chance.uniform(0.06, 0.3), chance)
    grey = levels @ np.array([0.299, 0.587, 0.114], np.float32)
    tint = chance.uniform(0.2, 1.0, 3)
    tint = tint / (tint @ np.array([0.299, 0.587, 0.114])) * chance.uniform(0.6, 1.2)
    return _blended(levels, grey[:, :, np.newaxis] * tint.astype(np.float32), inside)


def inpainted_telea(
    image: Image.Image, _other: Image.Image, chance: Generator
) -> Edited | None:
    return _inpainted(image, chance, cv2.INPAINT_TELEA)


def inpainted_navier_stokes(
    image: Image.Image, _other: Image.Image, chance: Generator
) -> Edited | None:
    return _inpainted(image, chance, cv2.INPAINT_NS)


def _inpainted(image: Image.Image, chance: Generator, how: int) -> Edited | None:
    """At half size where it is large: it takes time, and what it makes is smooth."""
    levels = _levels(image)
    inside = blob(image.size, chance.uniform(0.05, 0.15), chance)
    small = image.resize((image.width // 3, image.height // 3), Image.Resampling.BOX)
    hole = cv2.resize(inside, small.size) > 0.05
    filled = cv2.inpaint(np.asarray(small), hole.astype(np.uint8), 3, how)
    return _blended(levels, cv2.resize(filled, image.size).astype(np.float32), inside)


def retextured(
    image: Image.Image, other: Image.Image, chance: Generator
) -> Edited | None:
    """Another photograph's pixels in a region."""
    inside = blob(image.size, chance.uniform(0.06, 0.35), chance)
    return _blended(_levels(image), _levels(ImageOps.fit(other, image.size)), inside)


def toned(image: Image.Image, other: Image.Image, chance: Generator) -> Edited | None:
    """Another photograph's pixels in the region's own light, as a generator would."""
    levels = _levels(image)
    inside = blob(image.size, chance.uniform(0.06, 0.35), chance)
    theirs = _levels(ImageOps.fit(other, image.size))
    chosen = inside > 0.5
    mine, its = (x[chosen].mean(axis=0) for x in (levels, theirs))
    spread = levels[chosen].std() / max(float(theirs[chosen].std()), 1.0)
    return _blended(levels, (theirs - its) * min(spread, 2.0) + mine, inside)


def moved(image: Image.Image, other: Image.Image, chance: Generator) -> Edited | None:
    """A part of the original on another background, larger or smaller; the rest is new."""
    inside = blob(image.size, chance.uniform(0.1, 0.35), chance)
    back = _levels(ImageOps.fit(other, image.size))
    scale = chance.uniform(0.7, 1.2)
    y, x = ndimage.center_of_mass(inside)
    width, height = image.size
    matrix = np.array(
        [
            [scale, 0, chance.uniform(0.35, 0.65) * width - scale * x],
            [0, scale, chance.uniform(0.35, 0.65) * height - scale * y],
        ]
    )
    part, share = (
        cv2.warpAffine(levels, matrix, image.size, flags=cv2.INTER_AREA)
        for levels in (_levels(image), inside)
    )
    share = share[:, :, np.newaxis]
    return Edited(
        _image(part * share + back * (1 - share)),
        Image.fromarray(np.uint8(255 * (share[:, :, 0] < 0.5))),
    )


EDITS: dict[str, Edit] = {
    edit.__name__: edit
    for edit in (
        recoloured,
        inpainted_telea,
        inpainted_navier_stokes,
        retextured,
        toned,
        moved,
    )
}


def edited(
    name: str, image: Image.Image, other: Image.Image, chance: Generator
) -> Edited | None:
    """The picture after that edit, None where none of a few changes what can be seen."""
    for _ in range(TRIES):
        made = EDITS[name](image, other, chance)
        if made is not None:
            return made
    return None


def _blended(levels: Levels, painted: Levels, inside: Share) -> Edited | None:
    share = inside[:, :, np.newaxis]
    made = np.clip(levels * (1 - share) + painted * share, 0, 255)
    change = ndimage.gaussian_filter(made - levels, (2, 2, 0))
    change = np.abs(change).max(axis=2)
    region = inside > 0.5
    if (change[region] > SEEN).mean() < MOSTLY:
        return None
    return Edited(_image(made), Image.fromarray(np.uint8(255 * region)))


def cropped(made: Edited, chance: Generator) -> Edited:
    """Keeps 60 to 90 % of each side."""
    width, height = made.image.size
    w, h = (round(side * chance.uniform(0.6, 0.9)) for side in (width, height))
    left, top = (
        int(chance.integers(0, width - w + 1)),
        int(chance.integers(0, height - h + 1)),
    )
    box = (left, top, left + w, top + h)
    return Edited(made.image.crop(box), made.mask.crop(box))


def mirrored(made: Edited, _chance: Generator) -> Edited:
    return Edited(ImageOps.mirror(made.image), ImageOps.mirror(made.mask))


def turned(made: Edited, chance: Generator) -> Edited:
    """By up to 5 degrees, black in the corners."""
    angle = float(chance.uniform(1, 5) * chance.choice([-1, 1]))
    return Edited(
        made.image.rotate(angle, Image.Resampling.BICUBIC),
        made.mask.rotate(angle, Image.Resampling.NEAREST),
    )


def shrunk(made: Edited, _chance: Generator) -> Edited:
    """To 640 pixels."""
    scale = min(1.0, 640 / max(made.image.size))
    size = (round(made.image.width * scale), round(made.image.height * scale))
    return Edited(
        made.image.resize(size, Image.Resampling.LANCZOS),
        made.mask.resize(size, Image.Resampling.NEAREST),
    )


def saved(made: Edited, chance: Generator) -> Edited:
    """As JPEG of quality 60 to 90."""
    held = io.BytesIO()
    made.image.save(held, "JPEG", quality=int(chance.integers(60, 91)))
    with Image.open(held) as opened:
        return replace(made, image=opened.convert("RGB"))


Posting = Callable[[Edited, Generator], Edited]

POSTINGS: dict[str, tuple[Posting, ...]] = {
    "as it is": (),
    "JPEG": (saved,),
    "cropped": (cropped, saved),
    "mirrored": (mirrored, saved),
    "turned": (turned, saved),
    "640 px": (shrunk, saved),
    "all": (cropped, mirrored, turned, shrunk, saved, saved),
}


def posted(name: str, made: Edited, chance: Generator) -> Edited:
    for step in POSTINGS[name]:
        made = step(made, chance)
    return made


def _levels(image: Image.Image) -> Levels:
    return np.asarray(image, np.float32)


def _image(levels: Levels) -> Image.Image:
    return Image.fromarray(np.clip(np.round(levels), 0, 255).astype(np.uint8))
