from collections.abc import Callable

import pytest
from PIL import Image

from tests.drawing import (
    blank,
    caption,
    crop,
    encode,
    landscape,
    mirror,
    recompress,
    resize,
)
from tracker import Picture, compare, decode, kind_of, radius_of


def a_picture(image: Image.Image) -> Picture:
    return decode(encode(image))


@pytest.mark.parametrize(
    ("type_name", "distance", "kind"),
    [
        ("sha256", 0, "exact"),
        ("sha256", 1, None),
        ("pdq", 0, "near"),
        ("pdq", 31, "near"),
        ("pdq", 32, "possible"),
        ("pdq", 52, "possible"),
        ("pdq", 53, None),
        ("phash", 31, "near"),
        ("phash", 51, "possible"),
        ("phash", 52, None),
    ],
)
def test_a_distance_has_a_kind(type_name: str, distance: int, kind: str | None) -> None:
    assert kind_of(type_name, distance) == kind


@pytest.mark.parametrize(
    ("type_name", "radius"), [("sha256", 0), ("pdq", 52), ("phash", 51)]
)
def test_the_radius_is_the_last_that_has_a_kind(type_name: str, radius: int) -> None:
    assert radius_of(type_name) == radius
    assert kind_of(type_name, radius) is not None
    assert kind_of(type_name, radius + 1) is None


def test_the_same_bytes_are_exact() -> None:
    found = compare(a_picture(landscape(1)), a_picture(landscape(1)))
    assert (found.kind, found.distance, found.why) == ("exact", 0, "same bytes")


def shrunken_mirror(image: Image.Image) -> Image.Image:
    return recompress(mirror(resize(image)))


def quarter_turn(image: Image.Image) -> Image.Image:
    return image.rotate(90, expand=True)


@pytest.mark.parametrize(
    "edit", [recompress, resize, caption, crop, shrunken_mirror, quarter_turn]
)
@pytest.mark.parametrize("seed", range(4))
def test_an_edited_copy_is_near(
    seed: int, edit: Callable[[Image.Image], Image.Image]
) -> None:
    found = compare(a_picture(edit(landscape(seed))), a_picture(landscape(seed)))
    assert found.kind == "near"


def test_the_words_name_the_form_that_matched() -> None:
    found = compare(a_picture(mirror(landscape(1))), a_picture(landscape(1)))
    assert found.why == f"PDQ {found.distance} of 256 bits apart after mirroring"
    upright = compare(a_picture(recompress(landscape(1))), a_picture(landscape(1)))
    assert upright.why == f"PDQ {upright.distance} of 256 bits apart"


def test_different_pictures_are_strangers_and_the_words_say_how_far() -> None:
    found = compare(a_picture(landscape(1)), a_picture(landscape(2)))
    assert found.kind is None
    assert found.distance is not None
    assert found.distance > radius_of("pdq")
    assert "more than 52 is another picture" in found.why


def test_plain_pictures_are_told_apart_by_bytes_alone() -> None:
    found = compare(a_picture(blank("white")), a_picture(blank("black")))
    assert (found.kind, found.distance) == (None, None)
    assert "too plain" in found.why
    assert compare(a_picture(blank()), a_picture(blank())).kind == "exact"
    assert compare(a_picture(blank()), a_picture(landscape(1))).kind is None
