"""What people do to a picture before they post it again, by name.

They take an RGB picture and give another; what one does by chance, it does by `chance`.
"""

from collections.abc import Callable, Sequence
from functools import partial

from numpy.random import Generator
from PIL import Image

from bench.transforms import chains, frames, levels, shapes

Transform = Callable[[Image.Image], Image.Image]

PLAIN: dict[str, Transform] = {
    transform.__name__: transform
    for transform in (
        levels.jpeg_30,
        levels.grey,
        levels.darker_by_50,
        levels.brighter_by_50,
        levels.contrast_by_60,
        levels.gamma_half,
        levels.gamma_two,
        levels.noise,
        levels.blur_4,
        levels.beauty_filter,
        levels.watermark_tiled,
        levels.caption,
        levels.emoji_5,
        levels.emoji_15,
        levels.pixelated_15,
        shapes.resize_quarter,
        shapes.squeezed_to_80,
        shapes.crop_10,
        shapes.crop_25,
        shapes.crop_50,
        shapes.zoom_2x,
        shapes.crop_right_15,
        shapes.crop_to_square,
        shapes.rotate_5_in_black,
        shapes.rotate_5_inscribed,
        shapes.rotate_15,
        shapes.rotate_90,
        shapes.mirrored,
        shapes.perspective_6,
        frames.meme_bar,
        frames.white_border_8,
        frames.black_border_3,
        frames.letterbox_square,
        frames.letterbox_tall,
        frames.letterbox_blurred,
        frames.screenshot,
        frames.screenshot_dark,
        frames.screenshot_trimmed,
        frames.photo_of_a_screen,
        chains.mirrored_crop_10,
        chains.mirrored_border,
        chains.mirrored_screenshot,
        chains.crop_10_caption_jpeg_40,
        chains.recompressed_socially,
        chains.forwarded_by_messenger,
        chains.shared_as_story,
        chains.screenshot_reposted,
    )
}


def transforms(
    others: Sequence[Image.Image], chance: Generator
) -> dict[str, Transform]:
    """Every transform; `others` are three pictures that share a collage with it."""
    crops: dict[str, Transform] = {
        f"random_crop_keep_{keep}": partial(
            shapes.random_crop, keep=keep / 100, chance=chance
        )
        for keep in (90, 75, 50, 25)
    }
    mirrored: dict[str, Transform] = {
        "mirrored_random_crop_keep_75": partial(
            chains.mirrored_random_crop, keep=0.75, chance=chance
        ),
        "mirrored_collage_2x2": partial(chains.mirrored_collage, others=others),
    }
    collages: dict[str, Transform] = {
        "collage_2x2": partial(frames.collage_2x2, others=others),
        "side_by_side": partial(frames.side_by_side, others=others),
    }
    return PLAIN | crops | collages | mirrored
