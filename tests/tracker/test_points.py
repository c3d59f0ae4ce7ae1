"""Points find what hashes miss, agree with no stranger, and break on no bytes."""

from collections.abc import Callable
from functools import cache
from threading import Thread

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from tests.drawing import blank, caption, encode, landscape, mirror, recompress, resize
from tracker import PointBank, Points, PointsError, asked_points, decode, points_of
from tracker.points import judge, voters
from tracker.points.base import made

Edit = Callable[[Image.Image], Image.Image]

SEEDS = range(1, 4)
STRANGERS = range(20, 26)


@cache
def banked(seed: int) -> Points:
    return points_of(decode(encode(landscape(seed))))


@cache
def bank() -> PointBank:
    made_of = PointBank()
    for seed in (*SEEDS, *STRANGERS):
        made_of.add(seed, banked(seed))
    return made_of


def found(copy: Image.Image, among: PointBank | None = None) -> dict[int, str]:
    """The ids of the banked pictures that agree with a copy, and the kinds of match."""
    asked = asked_points(decode(encode(copy)))
    asked_bank = bank() if among is None else among
    return {n: agreed.kind for n, agreed in asked_bank.ask(*asked)}


def corner(image: Image.Image) -> Image.Image:
    return recompress(image.crop((200, 150, 620, 470)), 70)


def turned(image: Image.Image) -> Image.Image:
    return image.rotate(15, Image.Resampling.BICUBIC, expand=True)


def stuck_over(image: Image.Image) -> Image.Image:
    copy = image.copy()
    ImageDraw.Draw(copy).ellipse((230, 130, 470, 370), "gold")
    return recompress(copy, 60)


def screenshot(image: Image.Image) -> Image.Image:
    phone = Image.new("RGB", (540, 1170), "white")
    pen = ImageDraw.Draw(phone)
    pen.text((20, 12), "09:41", "black", font_size=22)
    pen.text((90, 75), "somebody_42", "black", font_size=24)
    phone.paste(image.resize((540, 405)), (0, 140))
    for line, text in enumerate(("1,204 likes", "look at her", "view 88 comments")):
        pen.text((20, 620 + 40 * line), text, "black", font_size=22)
    return recompress(phone, 70)


def captioned(image: Image.Image) -> Image.Image:
    copy = image.copy()
    pen = ImageDraw.Draw(copy)
    for text, y in (("LOOK AT THIS", 14), ("WHO IS SHE?", 408)):
        pen.text(
            (320, y), text, "white", anchor="ma", font_size=53, stroke_width=4,
            stroke_fill="black",
        )  # fmt: skip
    return copy


EDITS = [corner, turned, stuck_over, screenshot, captioned, mirror, resize]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_copy_is_found_and_nothing_else(seed: int, edit: Edit) -> None:
    assert set(found(edit(landscape(seed)))) == {seed}


def test_an_agreement_says_where_and_how_sure() -> None:
    asked = asked_points(decode(encode(mirror(corner(landscape(1))))))
    ((number, agreed),) = bank().ask(*asked)
    assert (number, agreed.kind, agreed.mirrored) == (1, "near", True)
    assert agreed.inliers <= len(agreed.pairs)
    x, y = zip(*agreed.region, strict=True)
    box = (200 / 640, 150 / 480, 620 / 640, 470 / 480)
    assert (min(x), min(y), max(x), max(y)) == pytest.approx(box, abs=0.02)
    assert bank().ask(asked[0]) == []


@pytest.mark.parametrize("frame", [screenshot, captioned, caption])
def test_strangers_in_the_same_frame_are_strangers(frame: Edit) -> None:
    framed = PointBank()
    for seed in STRANGERS:
        framed.add(seed, points_of(decode(encode(frame(landscape(seed))))))
    assert found(frame(landscape(1)), framed) == {}


def test_no_point_of_a_banked_screenshot_lies_in_its_frame() -> None:
    points = points_of(decode(encode(screenshot(landscape(1)))))
    scale = points.size[1] / 1170
    assert len(points) > 100
    assert points.places[:, 1].min() >= 135 * scale
    assert points.places[:, 1].max() <= 550 * scale


def test_points_are_the_same_each_time_and_so_is_the_judgement() -> None:
    picture = decode(encode(corner(landscape(1))))
    assert asked_points(picture) == asked_points(picture)
    asked = asked_points(picture)[0]
    first, second = (judge(banked(1), asked) for _ in range(2))
    assert first
    assert second
    assert (first.pairs == second.pairs).all()
    assert (first.mapping == second.mapping).all()


@pytest.mark.parametrize(
    "size",
    [
        (1, 1),
        (2, 2),
        (1, 20_000),
        (20_000, 1),
        (31, 31),
        (33, 33),
        (40, 40),
        (64, 3000),
    ],
)
@pytest.mark.parametrize("noisy", [False, True])
def test_tiny_thin_and_even_pictures_have_few_points_or_none(
    size: tuple[int, int], *, noisy: bool
) -> None:
    image = blank(size=size)
    if noisy:
        levels = np.random.default_rng(1).integers(0, 256, size[::-1], np.uint8)
        image = Image.fromarray(levels)
    points = points_of(decode(encode(image)))
    assert len(points) < 50
    assert Points.from_bytes(points.to_bytes()) == points
    of_one = PointBank()
    of_one.add(1, points)
    assert of_one.ask(*asked_points(decode(encode(image)))) == []
    assert found(image) == {}


def test_points_come_back_from_their_bytes() -> None:
    data = banked(1).to_bytes()
    assert len(data) == 18 + 40 * len(banked(1))
    assert Points.from_bytes(data) == banked(1)
    assert hash(Points.from_bytes(data)) == hash(banked(1))


def test_bytes_of_another_version_or_length_are_refused() -> None:
    data = banked(1).to_bytes()
    for bad in (b"", data[:17], data[:-1], data + b"\0", b"RPTSorb/2" + data[9:]):
        with pytest.raises(PointsError, match=r"\.$"):
            Points.from_bytes(bad)


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 17), value=st.integers(0, 255))
@example(at=16, value=255)
def test_a_changed_header_is_refused_or_harmless(at: int, value: int) -> None:
    data = bytearray(three_points().to_bytes())
    data[at] = value
    try:
        points = Points.from_bytes(bytes(data))
    except PointsError:
        return
    assert np.isfinite(points.places).all()
    assert (points.places[:, :2] < points.size).all()


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=120, max_size=120))
def test_whatever_the_bytes_of_points_they_are_finite_or_refused(body: bytes) -> None:
    try:
        points = Points.from_bytes(three_points().to_bytes()[:18] + body)
    except PointsError:
        return
    assert np.isfinite(points.places).all()
    assert judge(points, points) is None
    assert judge(points, banked(1)) is None


def three_points() -> Points:
    places = np.array(
        [(20, 20, 31, 0), (99, 40, 31, 90), (60, 80, 45, 359)], np.float32
    )
    return made(places, np.arange(96, dtype=np.uint8).reshape(3, 32), (120, 100))


def cloud(seed: int, count: int = 200) -> Points:
    """Points of no picture, at random."""
    chance = np.random.default_rng(seed)
    places = chance.uniform((20, 20, 31, 0), (460, 380, 90, 360), (count, 4))
    descriptors = chance.integers(0, 256, (count, 32), np.uint8)
    return made(places.astype(np.float32), descriptors, (480, 400))


@settings(max_examples=25, deadline=None)
@given(
    angle=st.floats(0, 360),
    scale=st.floats(0.7, 1.4),
    seed=st.integers(0, 99),
    lost=st.floats(0, 0.5),
)
def test_any_turn_and_size_is_found_again(
    *, angle: float, scale: float, seed: int, lost: float
) -> None:
    points = cloud(seed)
    turn = np.deg2rad(angle)
    linear = scale * np.array(
        [(np.cos(turn), -np.sin(turn)), (np.sin(turn), np.cos(turn))]
    )
    moved: npt.NDArray[np.float32] = points.places.copy()
    moved[:, :2] = (moved[:, :2] - (240, 200)) @ linear.T + (500, 500)
    moved[:, 2] *= scale
    moved[:, 3] = (moved[:, 3] + angle) % 360
    kept = np.random.default_rng(seed).uniform(size=len(points)) >= lost
    copy = made(moved[kept], points.descriptors[kept], (1000, 1000))
    agreed = judge(points, copy)
    assert agreed
    assert agreed.mapping[:, :2] == pytest.approx(linear, abs=0.02)
    assert judge(cloud(seed + 1), copy) is None


def test_an_empty_bank_and_a_bank_of_one_answer() -> None:
    empty = PointBank()
    assert found(landscape(1), empty) == {}
    empty.add(7, banked(1))
    assert found(corner(landscape(1)), empty) == {7: "near"}
    assert found(landscape(2), empty) == {}


def test_what_is_removed_or_replaced_is_found_no_more() -> None:
    changing = PointBank()
    changing.add(7, banked(1))
    changing.add(7, banked(2))
    changing.add(8, banked(3))
    assert len(changing) == 2
    assert found(corner(landscape(1)), changing) == {}
    assert found(corner(landscape(2)), changing) == {7: "near"}
    changing.remove(7)
    changing.remove(7)
    assert found(corner(landscape(2)), changing) == {}
    assert found(corner(landscape(3)), changing) == {8: "near"}


@pytest.mark.parametrize("number", [-1, 2**64])
def test_an_id_out_of_range_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match=r"0 to 2\*\*64 - 1"):
        PointBank().add(number, banked(1))


def test_a_large_bank_in_cells_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voters, "CELLED", 100)
    celled = PointBank()
    for seed in (*SEEDS, *STRANGERS):
        celled.add(seed, banked(seed))
    for seed in SEEDS:
        assert set(found(corner(landscape(seed)), celled)) == {seed}


def test_a_bank_is_asked_and_changed_by_many_threads_at_once() -> None:
    shared = PointBank()
    answers: list[list[int]] = []
    shared.add(1, banked(1))
    asked = asked_points(decode(encode(corner(landscape(1)))))

    def ask() -> None:
        answers.extend([number for number, _ in shared.ask(*asked)] for _ in range(3))

    def change() -> None:
        for _ in range(10):
            shared.add(20, banked(20))
            shared.remove(20)

    threads = [Thread(target=work) for work in (ask, change, ask, change)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[1]] * 6
