"""The demo's pictures: rich enough to hash, unlike each other, and like their own copies."""

import io
from itertools import combinations

import pytest
from PIL import Image

import tracker
from demo.edits import EDITS, encode
from demo.pictures import draw

SEEDS = range(12)


@pytest.fixture(scope="module")
def drawn() -> dict[int, bytes]:
    return {seed: encode(draw(seed)) for seed in SEEDS}


def pdq(data: bytes) -> tracker.Signal:
    signals = tracker.hash_picture(tracker.decode(data))
    return next(signal for signal in signals if signal.type == "pdq")


def test_a_seed_always_gives_the_same_picture(drawn: dict[int, bytes]) -> None:
    assert encode(draw(3)) == drawn[3]


def test_every_picture_has_enough_in_it_to_be_hashed(drawn: dict[int, bytes]) -> None:
    assert all((pdq(data).quality or 0) >= 80 for data in drawn.values())


def test_no_two_pictures_are_near_in_any_form(drawn: dict[int, bytes]) -> None:
    plain = {seed: pdq(data).value for seed, data in drawn.items()}
    for asking, banked in combinations(SEEDS, 2):
        forms = tracker.ask_picture(tracker.decode(drawn[asking]), whole=True)
        nearest = min(
            tracker.bits_apart(form.value, plain[banked])
            for form in forms
            if form.type == "pdq"
        )
        assert nearest > 80


@pytest.mark.parametrize("edit", EDITS)
def test_every_edit_stays_near_the_picture(drawn: dict[int, bytes], edit: str) -> None:
    for data in drawn.values():
        said = tracker.compare(tracker.decode(EDITS[edit](data)), tracker.decode(data))
        assert said.kind == ("exact" if edit == "same" else "near")


def test_edits_change_the_file(drawn: dict[int, bytes]) -> None:
    made = {edit(drawn[0]) for edit in EDITS.values()}
    assert len(made) == len(EDITS)


def test_a_turned_photo_is_put_upright_before_it_is_edited() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    held = io.BytesIO()
    Image.new("RGB", (40, 20)).save(held, "JPEG", exif=exif)
    with Image.open(io.BytesIO(EDITS["recompressed"](held.getvalue()))) as image:
        assert image.size == (20, 40)
