"""Derivation: what was made from an original is proved and shown, what was not is not."""

import threading
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from bench.transforms import frames, shapes
from detector import Derivation, FeaturesError, OriginalFeatures, derive, heatmap
from detector.derivation import evidence
from detector.derivation.features import MOST
from detector.derivation.laying import framed, laid
from detector.derivation.refining import refined
from detector.derivation.regions import MASK_SIDE
from detector.derivation.registering import Mapping
from tests import drawing

SIZE = WIDTH, HEIGHT = (480, 360)
REGION = (150, 130, 330, 280)


@cache
def original() -> Image.Image:
    return textured(2)


@cache
def features() -> OriginalFeatures:
    return OriginalFeatures.of(original())


def textured(seed: int) -> Image.Image:
    """A landscape with grain of several sizes, as no drawing has and every photo."""
    chance = np.random.default_rng(seed)
    grain = np.zeros((HEIGHT, WIDTH))
    for size in (1.5, 4.0, 10.0):
        noise = chance.normal(0, 14 * size, grain.shape)
        grain += cv2.GaussianBlur(noise, (0, 0), size)
    drawn = np.asarray(drawing.landscape(seed, SIZE), np.float64)
    return Image.fromarray(np.uint8(np.clip(drawn + grain[:, :, np.newaxis], 0, 255)))


def region(image: Image.Image, painted: Image.Image) -> Image.Image:
    """The picture with another one's pixels in REGION, its edge feathered."""
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).ellipse(REGION, fill=255)
    return Image.composite(painted, image, mask.filter(ImageFilter.GaussianBlur(4)))


def recoloured() -> Image.Image:
    grey = original().convert("L")
    return region(original(), ImageOps.colorize(grey, "black", "hotpink"))


def inpainted(how: int) -> Image.Image:
    hole = Image.new("L", original().size)
    ImageDraw.Draw(hole).ellipse(REGION, fill=255)
    filled = cv2.inpaint(np.asarray(original()), np.asarray(hole), 3, how)
    return region(original(), Image.fromarray(filled))


def overlap(told: Derivation, true: Image.Image) -> float:
    """Intersection over union of the told replaced region and the true one ("L")."""
    mask = next(r.mask for r in told.regions if r.kind == "replaced")
    wanted = np.asarray(true.resize(mask.shape[::-1])) > 127
    return float((mask & wanted).sum() / (mask | wanted).sum())


def true_region() -> Image.Image:
    mask = Image.new("L", original().size)
    ImageDraw.Draw(mask).ellipse(REGION, fill=255)
    return mask


EDITS: dict[str, Callable[[], Image.Image]] = {
    "recoloured": recoloured,
    "inpainted by Telea": lambda: inpainted(cv2.INPAINT_TELEA),
    "inpainted by Navier and Stokes": lambda: inpainted(cv2.INPAINT_NS),
    "another texture": lambda: region(original(), textured(9)),
}
BENIGN: dict[str, Callable[[Image.Image], Image.Image]] = {
    "recompressed": lambda image: drawing.recompress(image, 60),
    "half as large": drawing.resize,
    "mirrored": drawing.mirror,
    "cropped": lambda image: drawing.crop(image, 0.4),
    "in a border": drawing.border,
    "turned": lambda image: image.rotate(4, Image.Resampling.BICUBIC),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(1.5)),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.6),
    "pale": lambda image: ImageEnhance.Color(image).enhance(0.3),
    "drowned": lambda image: ImageEnhance.Brightness(image).enhance(0.15),
    "with more contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.4),
    "bent, as no homography can": shapes.perspective_6,
    "aslant": lambda image: image.transform(
        image.size,
        Image.Transform.PERSPECTIVE,
        (1.0, 0.06, -10, 0.02, 1.05, -8, 0.0001, 0.00008),
        Image.Resampling.BICUBIC,
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_region_is_proved_and_shown_where_it_is(name: str) -> None:
    told = derive(drawing.recompress(EDITS[name](), 75), original())

    assert told.proof == "proved"
    assert overlap(told, true_region()) >= 0.6
    assert told.registered > 0.5


@pytest.mark.parametrize("name", BENIGN)
def test_a_benign_copy_is_proved_and_no_part_of_it_is_called_replaced(
    name: str,
) -> None:
    told = derive(BENIGN[name](original()), original())

    assert told.proof == "proved"
    assert told.share("replaced") == 0
    assert told.registered == 1
    assert told.placements[0].mirrored == (name == "mirrored")


def test_an_edit_is_found_under_crop_mirror_turn_and_recompression() -> None:
    edited, true = region(original(), textured(9)), true_region()
    posted, mask = (
        ImageOps.mirror(image.crop((40, 30, 460, 340))).rotate(3).resize((420, 310))
        for image in (edited, true)
    )

    told = derive(drawing.recompress(posted, 65), original())

    assert told.proof == "proved"
    assert told.placements[0].mirrored
    assert overlap(told, mask) >= 0.6


def test_a_region_of_a_very_dark_picture_is_shown_as_well() -> None:
    night = ImageEnhance.Brightness(original()).enhance(0.2)
    edited = region(night, ImageEnhance.Brightness(textured(9)).enhance(0.2))
    assert np.median(np.asarray(night)) < 30

    told = derive(edited, night)

    assert told.proof == "proved"
    assert overlap(told, true_region()) >= 0.6


def test_something_white_at_the_edge_is_replaced_and_no_bar() -> None:
    edited, true = original().copy(), Image.new("L", SIZE)
    for drawn in (edited, true):
        ImageDraw.Draw(drawn).ellipse((-60, 120, 140, 300), fill="white")

    told = derive(edited, original())

    assert overlap(told, true) >= 0.8


def test_the_outline_of_what_was_put_on_a_plain_ground_does_not_swell() -> None:
    ground = Image.new("RGB", SIZE, (170, 180, 190))
    ground.paste(original().crop((0, 180, WIDTH, HEIGHT)), (0, 180))
    edited, true = ground.copy(), Image.new("L", SIZE)
    edited.paste(textured(9).crop((0, 0, 90, 90)), (200, 60))
    true.paste(255, (200, 60, 290, 150))

    told = derive(drawing.recompress(edited, 80), ground)

    assert overlap(told, true) >= 0.75


def test_a_mapping_that_lies_a_little_off_is_set_right_by_pixels() -> None:
    features_ = features()
    off = np.array([[1.02, 0.0, -5.0], [0.01, 0.99, 3.0], [0.0, 0.0, 1.0]])
    none = np.empty((0, 2), np.int64)
    loose = Mapping(off, "affine", mirrored=False, pairs=none, loose=none, spots=9)
    frame = framed(original(), features_.size)

    better = refined(
        loose, *laid(original(), features_.size, loose, None, frame), frame
    )

    corners = np.array([(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)], np.float64)
    assert better is not None
    assert better.places(corners) == pytest.approx(corners, abs=0.5)
    exact = replace(loose, matrix=np.eye(3))
    over = laid(original(), features_.size, exact, None, frame)
    assert refined(exact, *over, frame) is None


def test_of_a_part_moved_to_another_background_the_rest_is_replaced() -> None:
    cut = original().crop(REGION).resize((216, 180))
    moved, rest = textured(31), Image.new("L", SIZE, 255)
    moved.paste(cut, (30, 40))
    rest.paste(0, (30, 40, 246, 220))

    told = derive(drawing.recompress(moved, 80), original())

    assert told.proof == "proved"
    assert overlap(told, rest) >= 0.9
    left, top, right, bottom = told.boxes("copied")[0]
    assert (left * WIDTH, top * HEIGHT) == pytest.approx((30, 40), abs=12)
    assert (right * WIDTH, bottom * HEIGHT) == pytest.approx((246, 220), abs=12)


def test_parts_that_were_put_elsewhere_have_a_mapping_each() -> None:
    swapped = original().copy()
    swapped.paste(original().crop((0, 0, 240, HEIGHT)), (240, 0))
    swapped.paste(original().crop((240, 0, WIDTH, HEIGHT)), (0, 0))

    told = derive(swapped, original())

    assert told.proof == "proved"
    assert len(told.placements) == 2
    assert told.share("replaced") < 0.03  # no more than the seam
    assert evidence(told).strength == "strong"
    assert "moved or repeated" in evidence(told).detail


def test_the_mapping_takes_shares_to_shares() -> None:
    told = derive(drawing.mirror(drawing.resize(original(), 0.7)), original())

    assert told.placements[0].matrix @ (0.25, 0.5, 1) == pytest.approx(
        np.array([0.75, 0.5, 1]), abs=0.01
    )


@pytest.mark.parametrize("seed", range(40, 43))
def test_unrelated_pictures_are_not_shown_to_derive(seed: int) -> None:
    told = derive(textured(seed), original())

    assert told.proof == "not shown"
    assert told.regions == ()
    assert derive(textured(seed), features()).proof == "not shown"


@pytest.mark.parametrize(
    "frame",
    [drawing.caption, frames.screenshot, frames.screenshot_dark, frames.meme_bar],
)
def test_the_letters_that_unrelated_pictures_share_prove_nothing(
    frame: Callable[[Image.Image], Image.Image],
) -> None:
    suspected, other = frame(textured(50)), frame(original())

    assert derive(suspected, other).proof == "not shown"
    assert derive(suspected, OriginalFeatures.of(other)).proof != "proved"


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (20_000, 40), (3, 2), (15, 15)])
def test_hostile_sizes_are_not_shown(size: tuple[int, int]) -> None:
    odd = Image.effect_noise(size, 60).convert("RGB")

    assert derive(odd, original()).proof == "not shown"
    assert derive(original(), odd).proof == "not shown"


def test_a_plain_picture_is_not_shown_to_derive_from_itself() -> None:
    plain = drawing.blank()

    assert derive(plain, plain).proof == "not shown"


def test_a_panorama_shows_what_was_cut_from_it() -> None:
    wide = original().resize((20_000, HEIGHT))

    told = derive(wide.crop((4_000, 0, 12_000, HEIGHT)), wide)

    assert told.share("replaced") == 0


def test_plain_areas_are_not_comparable_rather_than_copied() -> None:
    half = original().copy()
    half.paste((90, 140, 200), (0, 0, WIDTH, 150))

    told = derive(drawing.recompress(half, 80), half)

    plain = next(r.mask for r in told.regions if r.kind == "not comparable")
    assert plain[: int(len(plain) * 0.35)].mean() > 0.95


def test_the_same_two_give_the_same_answer_to_the_byte() -> None:
    suspected = drawing.recompress(recoloured(), 70)

    one, other = derive(suspected, original()), derive(suspected, original())

    assert [r.mask.tobytes() for r in one.regions] == [
        r.mask.tobytes() for r in other.regions
    ]
    assert one.difference is not None
    assert other.difference is not None
    assert one.difference.tobytes() == other.difference.tobytes()
    assert one.placements[0].matrix.tobytes() == other.placements[0].matrix.tobytes()
    assert evidence(one) == evidence(other)


def test_masks_are_small_and_tell_each_pixel_once() -> None:
    told = derive(recoloured().resize((1600, 1200)), original())

    masks = [region.mask for region in told.regions]
    assert all(max(mask.shape) == MASK_SIDE for mask in masks)
    assert (np.sum(masks, axis=0) == 1).all()
    assert sum(region.share for region in told.regions) == pytest.approx(1)


def test_features_alone_prove_and_say_that_they_are_coarse() -> None:
    suspected = drawing.mirror(drawing.recompress(region(original(), textured(9)), 75))

    told = derive(suspected, OriginalFeatures.from_bytes(features().to_bytes()))

    assert told.proof == "proved"
    assert told.by_points
    assert told.difference is None
    assert told.placements[0].mirrored
    assert overlap(told, drawing.mirror(true_region())) >= 0.4
    assert "Only features of the original" in evidence(told).detail


def test_features_are_the_same_after_a_round_trip_and_bounded() -> None:
    noise = Image.effect_noise((1500, 1200), 90).convert("RGB")
    kept = OriginalFeatures.of(noise)

    assert len(kept) == MOST
    assert OriginalFeatures.from_bytes(kept.to_bytes()) == kept
    assert hash(OriginalFeatures.from_bytes(kept.to_bytes())) == hash(kept)
    assert len(kept.to_bytes()) < 170_000
    assert kept != "features"


def test_features_without_any_are_bytes_as_well() -> None:
    none = OriginalFeatures.of(drawing.blank())

    assert OriginalFeatures.from_bytes(none.to_bytes()) == none
    assert derive(original(), none).proof == "not shown"


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "cut": lambda data: data[:-1],
    "longer": lambda data: data + b"\0",
    "of another kind": lambda data: b"XORI" + data[4:],
    "of another version": lambda data: data[:4] + b"sift/9\0\0" + data[12:],
    "of no size": lambda data: data[:12] + b"\0\0\0\0" + data[16:],
    "outside their picture": lambda data: data[:12] + b"\1\0\1\0" + data[16:],
    "too many": lambda data: data[:16] + b"\xff\xff" + data[18:],
    "without a size": lambda data: data[:22] + b"\0\0" + data[24:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_other_bytes_are_refused_with_a_sentence(damage: str) -> None:
    with pytest.raises(FeaturesError, match=r"\.$"):
        OriginalFeatures.from_bytes(DAMAGES[damage](features().to_bytes()))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600), st.integers(0, 3))
def test_no_bytes_do_harm(noise: bytes, count: int) -> None:
    header = features().to_bytes()[:16] + count.to_bytes(2, "little")
    for data in (
        noise,
        header + noise,
        header + noise[: 136 * count].ljust(136 * count),
    ):
        try:
            read = OriginalFeatures.from_bytes(data)
        except FeaturesError:
            continue
        assert read.to_bytes() == data
        assert derive(drawing.blank(size=(64, 64)), read).proof == "not shown"


def test_hostile_features_take_bounded_time() -> None:
    header = features().to_bytes()[:16] + MOST.to_bytes(2, "little")
    alike = header + b"\x40\x01" * (4 * MOST) + b"\x20" * (128 * MOST)

    begin = time.process_time()
    told = derive(original(), OriginalFeatures.from_bytes(alike))

    assert told.proof == "not shown"
    assert time.process_time() - begin < 3


def test_twelve_megapixels_cost_bounded_time_and_memory() -> None:
    large = original().resize((4000, 3000), Image.Resampling.BICUBIC)
    suspected = region(original(), textured(9)).resize((4000, 3000))

    tracemalloc.start()
    begin = time.process_time()
    told = derive(suspected, large)
    spent = time.process_time() - begin
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert told.proof == "proved"
    assert spent < 2.5  # about 0.4 s on an idle core
    assert peak < 120 << 20


def test_threads_may_derive_at_once() -> None:
    told: list[Derivation] = []
    suspected = recoloured()
    threads = [
        threading.Thread(target=lambda: told.append(derive(suspected, original())))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert evidence(told[0]) == evidence(told[1])


def test_the_heatmap_is_warm_in_the_region_and_shows_nobody() -> None:
    suspected = region(original(), textured(9))

    drawn = heatmap(suspected, derive(suspected, original()))

    seen: npt.NDArray[np.float64] = np.asarray(drawn, np.float64)
    warmth = seen[:, :, 0] - seen[:, :, 2]
    assert drawn.size == SIZE
    assert warmth[195:215, 230:250].mean() > 40
    assert warmth[:60, :60].mean() < 20
    # No edge of the picture is left in what lies under it.
    ground = np.asarray(
        heatmap(suspected, derive(textured(40), original())), np.float64
    )
    assert np.abs(np.diff(ground, axis=1)).max() < 8


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((0, 0, 150, 112), "at the upper left ("),
        ((0, 240, 480, 360), "across the lower third ("),
        ((190, 130, 300, 230), "in the middle ("),
    ],
)
def test_the_words_say_where_the_region_lies(
    box: tuple[int, int, int, int], words: str
) -> None:
    suspected = original().copy()
    suspected.paste(textured(9).crop(box), box[:2])

    said = evidence(derive(suspected, original()))

    assert said.strength == "strong"
    assert words in said.detail
    assert "whether with AI, a comparison cannot tell" in said.detail
