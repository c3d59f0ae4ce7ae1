"""Two pictures side by side, and what of them agrees: drawn, said, and never overwritten."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.drawing import blank, encode, landscape, mirror, recompress
from tracker import Picture, compare, decode
from tracker.explain import AGREES, HEIGHT, JOINS, explain


def a_picture(image: Image.Image) -> Picture:
    return decode(encode(image))


def letterboxed(image: Image.Image) -> Image.Image:
    return recompress(ImageOps.pad(image, (540, 960), color="black"))


def corner(image: Image.Image) -> Image.Image:
    return recompress(image.crop((200, 150, 620, 470)), 70)


def coloured(drawing: Image.Image, colour: tuple[int, int, int]) -> int:
    """How many pixels have just that colour."""
    return int((np.asarray(drawing) == colour).all(axis=2).sum())


def test_a_part_of_a_picture_is_compared_too() -> None:
    found = compare(a_picture(letterboxed(landscape(1))), a_picture(landscape(1)))
    assert found.kind == "near"
    assert "a part of the first picture" in found.why


def test_what_hashes_miss_points_tell() -> None:
    found = compare(a_picture(mirror(corner(landscape(1)))), a_picture(landscape(1)))
    assert (found.kind, found.distance) == ("near", None)
    assert found.why.endswith(
        "points of both pictures agree on one mapping after mirroring"
    )


def test_points_that_agree_are_joined_and_their_region_outlined() -> None:
    a, b = a_picture(corner(landscape(1))), a_picture(landscape(1))
    comparison, drawing = explain(a, b)
    assert comparison == compare(a, b)
    assert drawing.height > HEIGHT
    assert coloured(drawing, AGREES) > 1000
    assert coloured(drawing, JOINS) > 500


def test_parts_that_agree_are_outlined_where_they_lie() -> None:
    first = a_picture(letterboxed(landscape(1)))
    _, drawing = explain(first, a_picture(landscape(1)))
    outlined = (np.asarray(drawing) == AGREES).all(axis=2)
    shown = outlined[:HEIGHT, : HEIGHT * 540 // 960]
    rows = np.flatnonzero(shown.any(axis=1))
    bars = (960 - 405) / 2 / 960 * HEIGHT
    assert rows[0] >= bars - 3
    assert rows[-1] <= HEIGHT - bars + 3


@pytest.mark.parametrize("other", [landscape(2), blank(), blank(size=(1, 3000))])
def test_strangers_are_shown_without_outlines_or_lines(other: Image.Image) -> None:
    comparison, drawing = explain(a_picture(landscape(1)), a_picture(other))
    assert comparison.kind is None
    assert coloured(drawing, AGREES) == coloured(drawing, JOINS) == 0


def test_two_plain_pictures_are_shown_with_a_word_why() -> None:
    comparison, drawing = explain(
        a_picture(blank("white", (3, 2))), a_picture(blank("black", (2, 3)))
    )
    assert "too plain" in comparison.why
    assert drawing.width < 1500
