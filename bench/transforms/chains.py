"""Several transforms in a row, as pictures meet them on their way."""

from collections.abc import Sequence

from numpy.random import Generator
from PIL import Image, ImageOps

from bench.transforms.frames import (
    collage_2x2,
    letterbox_blurred,
    screenshot,
    white_border_8,
)
from bench.transforms.levels import caption, saved
from bench.transforms.shapes import crop_10, mirrored, random_crop


def mirrored_crop_10(image: Image.Image) -> Image.Image:
    return mirrored(crop_10(image))


def mirrored_border(image: Image.Image) -> Image.Image:
    return white_border_8(mirrored(image))


def mirrored_screenshot(image: Image.Image) -> Image.Image:
    return screenshot(mirrored(image))


def mirrored_random_crop(
    image: Image.Image, keep: float, chance: Generator
) -> Image.Image:
    return mirrored(random_crop(image, keep, chance))


def mirrored_collage(image: Image.Image, others: Sequence[Image.Image]) -> Image.Image:
    return collage_2x2(mirrored(image), others)


def crop_10_caption_jpeg_40(image: Image.Image) -> Image.Image:
    return saved(caption(crop_10(image)), 40)


def recompressed_socially(image: Image.Image) -> Image.Image:
    """Saved, made smaller, saved again."""
    return saved(ImageOps.contain(saved(image, 85), (1080, 1080)), 60)


def forwarded_by_messenger(image: Image.Image) -> Image.Image:
    """Three people each send on what they received."""
    for longest in (1280, 1024, 800):
        image = saved(ImageOps.contain(image, (longest, longest)), 45)
    return image


def shared_as_story(image: Image.Image) -> Image.Image:
    """Before its own blurred copy, scaled down and saved."""
    return saved(letterbox_blurred(image).resize((720, 1280)), 60)


def screenshot_reposted(image: Image.Image) -> Image.Image:
    """A screenshot of a post, saved by a second network at its own size."""
    return saved(ImageOps.contain(saved(screenshot(image), 80), (1200, 1200)), 60)
