"""What was cut out of a banked picture is found again by its regions."""

import numpy as np
import pdqhash
import pytest
from PIL import Image

from tests.drawing import encode, landscape, recompress
from tests.tracker.test_proposals import asked, found
from tracker import decode, hash_picture, recall_picture
from tracker.regions import regions
from tracker.signals.boxes import Bits, Grey, hash_boxes, hash_whole

SEEDS = range(1, 5)


def cut(image: Image.Image, keep: float, x: float, y: float) -> Image.Image:
    """That share of the area; x and y from 0 at one end to 1 at the other."""
    width, height = (round(side * keep**0.5) for side in image.size)
    left, top = round((image.width - width) * x), round((image.height - height) * y)
    return recompress(image.crop((left, top, left + width, top + height)), 70)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("keep", [0.9, 0.75, 0.5])
@pytest.mark.parametrize("at", [(0.5, 0.5), (0, 0), (1, 0)])
def test_a_crop_is_found(seed: int, keep: float, at: tuple[float, float]) -> None:
    assert found(asked(cut(landscape(seed), keep, *at)), seed) is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_side_cut_off_a_square_and_a_small_turn_are_found(seed: int) -> None:
    image = landscape(seed)
    turned = image.rotate(5, Image.Resampling.BICUBIC)
    for copy in (
        image.crop((0, 0, 544, 480)),
        image.crop((160, 0, 640, 480)),
        turned.crop((35, 27, 605, 453)),
    ):
        assert found(asked(copy), seed) is not None


def test_a_crop_of_one_picture_is_not_found_in_others() -> None:
    values = asked(cut(landscape(1), 0.55, 0.2, 0.8))
    assert not any(found(values, seed) for seed in range(20, 30))


@pytest.mark.parametrize("size", [(512, 341), (512, 512), (100, 512), (512, 48)])
def test_regions_lie_within_the_picture(size: tuple[int, int]) -> None:
    assert regions(size)
    for region in regions(size):
        left, top, right, bottom = region.box
        assert 0 <= left < right <= size[0] + 1e-9
        assert 0 <= top < bottom <= size[1] + 1e-9


@pytest.mark.parametrize("size", [(512, 47), (512, 1), (1, 1)])
def test_a_strip_has_no_regions(size: tuple[int, int]) -> None:
    assert regions(size) == ()


def test_a_bank_keeps_regions_as_plain_pdq_and_a_memory_is_asked_for_both_ways() -> (
    None
):
    picture = decode(encode(landscape(1)))
    whole = hash_picture(picture, whole=True)
    parts = hash_picture(picture)[len(whole) :]
    assert len(parts) > 100
    assert {(part.type, part.version) for part in parts} == {("pdq", "pdq/1")}
    assert all(part.of.startswith("region ") for part in parts)
    assert all(0 <= edge <= 1 for part in parts for edge in part.box)
    assert [*parts[0].box] == [0, 0, 0.5, 1], "the left half"
    recalled = [s for s in recall_picture(picture) if s.of.startswith("region ")]
    assert len(recalled) == 2 * len(parts)
    assert set(parts) <= set(recalled)


def pdq_of_pixels(levels: Grey) -> tuple[Bits, int]:
    """As the reference implementation has it."""
    rgb = np.repeat(levels[:, :, np.newaxis], 3, axis=2)
    bits, quality = pdqhash.compute(rgb)
    return bits.astype(bool), int(quality)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_hash_of_a_box_is_that_of_a_picture_cut_out_and_enlarged(seed: int) -> None:
    small = decode(encode(landscape(seed, (1000, 700)))).small
    box = (100.5, 40, 400, 330.25)
    (made,) = hash_boxes(np.asarray(small), [box])
    size = (512, round(290.25 / 299.5 * 512))
    grey = np.asarray(small.resize(size, Image.Resampling.BILINEAR, box))
    upright, quality = pdq_of_pixels(grey)
    mirrored, _ = pdq_of_pixels(grey[:, ::-1])
    assert (made.upright != upright).sum() <= 4
    assert (made.mirrored != mirrored).sum() <= 4
    assert abs(made.quality - quality) <= 1


@pytest.mark.parametrize(
    "size", [(512, 384), (384, 512), (512, 512), (201, 77), (5, 9)]
)
@pytest.mark.parametrize("seed", SEEDS)
def test_all_eight_forms_are_pdq_of_flipped_pixels_to_the_bit(
    seed: int, size: tuple[int, int]
) -> None:
    levels = np.asarray(landscape(seed, size).convert("L"))
    flips = (levels, levels[:, ::-1], levels[::-1], levels[::-1, ::-1])
    wanted = [pdq_of_pixels(form)[0] for flip in flips for form in (flip, flip.T)]
    made = hash_whole(levels.astype(np.float32), size)
    assert (made.forms != np.array(wanted)).sum(axis=1).max() <= 1
    assert abs(made.quality - pdq_of_pixels(levels)[1]) <= 1
