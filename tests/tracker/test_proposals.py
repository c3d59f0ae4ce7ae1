"""What a frame hides is found again, and nothing is found where nothing is."""

import itertools
from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from tests.drawing import blank, border, encode, landscape, mirror, recompress
from tracker import ask_picture, bits_apart, decode, hash_picture, kind_of
from tracker.proposals import LEAST_SIDE, MOST, Box, Grey, propose

Frame = Callable[[Image.Image], Image.Image]

SEEDS = range(1, 5)
STRANGERS = range(20, 30)


@cache
def banked(seed: int) -> frozenset[str]:
    """Every PDQ value that a bank keeps of a landscape."""
    signals = hash_picture(decode(encode(landscape(seed))))
    return frozenset(signal.value for signal in signals if signal.type == "pdq")


def asked(copy: Image.Image) -> set[str]:
    signals = ask_picture(decode(encode(copy)))
    return {signal.value for signal in signals if signal.type == "pdq"}


def found(values: Iterable[str], seed: int) -> str | None:
    """The best kind of match between what is asked and a banked landscape."""
    pairs = itertools.product(values, banked(seed))
    return kind_of("pdq", min(bits_apart(a, b) for a, b in pairs))


def framed(image: Image.Image) -> Image.Image:
    return recompress(border(image, 0.15, "teal"))


def letterboxed(image: Image.Image) -> Image.Image:
    return recompress(ImageOps.pad(image, (540, 960), color="black"))


def letterboxed_with_itself(image: Image.Image) -> Image.Image:
    sheet = ImageOps.fit(image, (540, 960)).filter(ImageFilter.GaussianBlur(20))
    shown = ImageOps.contain(image, (540, 960))
    sheet.paste(shown, (0, (960 - shown.height) // 2))
    return recompress(sheet, 70)


def under_a_text(image: Image.Image) -> Image.Image:
    sheet = Image.new("RGB", (image.width, image.height + 130), "white")
    sheet.paste(image, (0, 130))
    pen = ImageDraw.Draw(sheet)
    pen.text((20, 20), "When she thinks that nobody", "black", font_size=36)
    pen.text((20, 70), "will ever find out", "black", font_size=36)
    return recompress(sheet)


def screenshot(image: Image.Image, sheet: str = "white") -> Image.Image:
    ink = "black" if sheet == "white" else "white"
    phone = Image.new("RGB", (540, 1170), sheet)
    pen = ImageDraw.Draw(phone)
    pen.text((20, 12), "09:41", ink, font_size=22)
    pen.text((90, 75), "somebody_42", ink, font_size=24)
    pen.ellipse((20, 65, 70, 115), "tomato")
    phone.paste(ImageOps.contain(image, (540, 700)), (0, 140))
    for line, text in enumerate(("1,204 likes", "look at her", "view 88 comments")):
        pen.text((20, 620 + 40 * line), text, ink, font_size=22)
    for x in range(40, 540, 110):
        pen.ellipse((x, 1110, x + 30, 1140), "dimgrey")
    return recompress(phone, 70)


def dark_screenshot(image: Image.Image) -> Image.Image:
    return screenshot(image, "black")


def collaged(image: Image.Image, gutter: int = 0) -> Image.Image:
    width, height = 320, 240
    sheet = Image.new("RGB", (2 * width + gutter, 2 * height + gutter), "white")
    others = [landscape(seed) for seed in range(50, 53)]
    for place, cell in enumerate((others[0], image, *others[1:])):
        at = ((width + gutter) * (place % 2), (height + gutter) * (place // 2))
        sheet.paste(cell.resize((width, height)), at)
    return recompress(sheet, 70)


def collaged_with_gutters(image: Image.Image) -> Image.Image:
    return collaged(image, 12)


def beside_a_narrower_one(image: Image.Image) -> Image.Image:
    sheet = Image.new("RGB", (900, 480), "white")
    sheet.paste(landscape(50).resize((254, 480)), (0, 0))
    sheet.paste(image.resize((640, 480)), (260, 0))
    return recompress(sheet, 70)


FRAMES = [
    framed,
    letterboxed,
    letterboxed_with_itself,
    under_a_text,
    screenshot,
    dark_screenshot,
    collaged,
    collaged_with_gutters,
    beside_a_narrower_one,
]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_picture_is_found_within_a_frame(seed: int, frame: Frame) -> None:
    assert found(asked(frame(landscape(seed))), seed) is not None


@pytest.mark.parametrize("frame", [framed, screenshot, collaged])
def test_a_mirrored_picture_is_found_within_a_frame(frame: Frame) -> None:
    assert found(asked(frame(mirror(landscape(1)))), 1) is not None


@pytest.mark.parametrize("frame", FRAMES)
def test_other_pictures_are_not_found_within_the_same_frame(frame: Frame) -> None:
    values = asked(frame(landscape(1)))
    assert not any(found(values, seed) for seed in STRANGERS)


def test_each_proposal_says_what_it_is_of() -> None:
    signals = ask_picture(decode(encode(framed(landscape(1)))))
    names = {signal.of for signal in signals}
    assert {"whole", "trimmed", "centre", "quarter 1"} <= names
    assert {signal.version for signal in signals if signal.of != "whole"} == {"pdq/1"}


def grey_of(image: Image.Image) -> Grey:
    return np.asarray(image.convert("L"))


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 20_000), (20_000, 1), (2, 512), (47, 512), (512, 512)]
)
def test_what_is_tiny_thin_or_even_has_few_or_no_proposals(
    size: tuple[int, int],
) -> None:
    picture = decode(encode(blank(size=size)))
    assert [signal.type for signal in ask_picture(picture)] == ["sha256"]
    assert [signal.type for signal in hash_picture(picture)] == ["sha256"]


def test_a_thin_strip_of_noise_is_no_error() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1, 20_000), np.uint8)
    picture = decode(encode(Image.fromarray(noise)))
    assert ask_picture(picture)[0].type == hash_picture(picture)[0].type == "sha256"


def within(box: Box, grey: Grey) -> bool:
    left, top, right, bottom = box
    height, width = map(int, grey.shape)
    return 0 <= left < right <= width and 0 <= top < bottom <= height


@settings(max_examples=60, deadline=None)
@given(
    width=st.integers(1, 512),
    height=st.integers(1, 512),
    seed=st.integers(0, 99),
    coarse=st.integers(1, 128),
    frame=st.integers(0, 200),
)
def test_whatever_the_picture_proposals_are_few_and_lie_within_it(
    *, width: int, height: int, seed: int, coarse: int, frame: int
) -> None:
    chance = np.random.default_rng(seed)
    few = chance.integers(0, 256, (-(-height // coarse), -(-width // coarse)), np.uint8)
    grey = np.kron(few, np.ones((coarse, coarse), np.uint8))[:height, :width].copy()
    grey[: min(frame, height)] = 255
    proposals = propose(grey)
    assert len(proposals) <= MOST
    for proposal in proposals:
        left, top, right, bottom = proposal.box
        assert within(proposal.box, grey)
        assert min(right - left, bottom - top) >= LEAST_SIDE


def test_a_picture_is_trimmed_to_the_pixel() -> None:
    grey = np.pad(grey_of(landscape(1))[:300, :400], ((40, 60), (50, 50)))
    trimmed = next(p for p in propose(grey) if p.of == "trimmed")
    assert trimmed.box == (50, 40, 450, 340)
