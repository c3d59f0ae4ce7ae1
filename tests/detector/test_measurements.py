"""Measurements see what was done to a drawn picture, and say so as measurements."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw

from detector import assess
from detector.measurements import blocking, frequency, jpeg, noise
from detector.measurements.crop import SIDE, blocks, middle

Save = Callable[..., bytes]
Reopen = Callable[[bytes], Image.Image]


def measured(image: Image.Image, kind: str) -> str:
    (piece,) = [one for one in assess(image).evidence if one.kind == kind]
    return piece.finding


# The crop


def test_the_crop_is_bounded_and_begins_at_a_corner_of_a_jpeg_cell() -> None:
    image = Image.new("L", (2001, 1501))
    left, top = 488, 232  # half of what is left over, down to a multiple of eight
    ImageDraw.Draw(image).point((left, top), fill=255)

    luma = middle(image.convert("RGB"))

    assert luma.shape == (SIDE, SIDE)
    assert luma[0, 0] == 255
    assert luma.sum() == 255


def test_a_small_picture_is_measured_whole() -> None:
    assert middle(Image.new("RGB", (70, 65))).shape == (65, 70)


def test_blocks_are_cut_in_reading_order() -> None:
    values = np.arange(24, dtype=np.float32).reshape(4, 6)

    cut = blocks(values, 2)

    assert cut.shape == (2, 3, 4)
    assert cut[0, 1].tolist() == [2, 3, 8, 9]


# JPEG


@pytest.mark.parametrize("quality", [1, 30, 49, 50, 75, 92, 100])
def test_the_quality_of_standard_tables_is_read_exactly(
    save: Save, reopen: Reopen, quality: int
) -> None:
    image = reopen(save("JPEG", quality=quality))

    assert jpeg.quantisation(image.info["quantization"]) == jpeg.Tables(
        quality, standard=True
    )


def test_tables_of_ones_own_are_called_so_and_compared(
    save: Save, reopen: Reopen
) -> None:
    tables = reopen(save("JPEG", quality=80)).info["quantization"]
    own = {0: [*tables[0][:-1], tables[0][-1] + 9]}

    assert jpeg.quantisation(own) == jpeg.Tables(80, standard=False)


@pytest.mark.parametrize(
    "tables",
    [None, "text", {}, {0: []}, {0: [1] * 63}, {0: ["1"] * 64}, {0: [0] * 64}, {1: 2}],
)
def test_tables_that_are_none_are_answered_with_none(tables: object) -> None:
    assert jpeg.quantisation(tables) is None


def test_an_earlier_quality_leaves_a_ghost(save: Save, reopen: Reopen) -> None:
    once = reopen(save("JPEG", quality=92))
    twice = reopen(save("JPEG", reopen(save("JPEG", quality=60)), quality=92))

    assert (
        measured(once, "jpeg_ghosts")
        == "no trace of an earlier JPEG quality of the whole"
    )
    assert measured(twice, "jpeg_ghosts") == "traces of an earlier JPEG quality"
    assert 60 in jpeg.ghosts(middle(twice)).qualities


def test_a_part_that_was_saved_before_is_seen_with_its_size(
    scene: Image.Image, save: Save, reopen: Reopen
) -> None:
    pasted = scene.copy()
    part = (256, 192, 512, 448)
    pasted.paste(reopen(save("JPEG", quality=60)).crop(part), part)

    before = jpeg.ghosts(middle(reopen(save("JPEG", quality=92)))).share
    after = jpeg.ghosts(middle(reopen(save("JPEG", pasted, quality=92)))).share

    assert before < 0.01
    assert after == pytest.approx(256 * 256 / (768 * 640), rel=0.25)


def test_a_smooth_picture_has_no_ghosts() -> None:
    smooth = np.tile(np.linspace(0, 60, 512, dtype=np.float32), (512, 1))

    assert jpeg.ghosts(smooth) == jpeg.Ghosts(qualities=(), share=0.0)


def test_the_error_level_is_higher_before_the_first_compression(
    scene: Image.Image, save: Save, reopen: Reopen
) -> None:
    fresh = jpeg.error_level(middle(scene))
    settled = jpeg.error_level(middle(reopen(save("JPEG", quality=90))))

    assert fresh.median > settled.median


# The grid


def test_the_grid_of_a_jpeg_begins_at_its_corner(save: Save, reopen: Reopen) -> None:
    image = reopen(save("JPEG", quality=70))

    assert blocking.grid(middle(image)) == blocking.Grid(0, 0, 0.0)
    assert measured(image, "blocking_grid") == "JPEG grid in its usual place"


@pytest.mark.parametrize(("left", "top"), [(3, 5), (7, 1)])
def test_the_grid_of_a_cropped_jpeg_is_shifted(
    save: Save, reopen: Reopen, left: int, top: int
) -> None:
    image = reopen(save("JPEG", quality=70)).crop((left, top, 700, 600))

    found = blocking.grid(middle(image))

    assert found is not None
    assert (found.x, found.y) == (8 - left, 8 - top)
    assert measured(image, "blocking_grid").startswith("JPEG grid shifted")


def test_a_picture_that_never_was_a_jpeg_has_no_grid(scene: Image.Image) -> None:
    assert blocking.grid(middle(scene)) is None
    assert measured(scene, "blocking_grid") == "no JPEG grid"


def test_a_part_pasted_from_another_jpeg_has_a_grid_elsewhere(
    save: Save, reopen: Reopen
) -> None:
    image = reopen(save("JPEG", quality=60))
    part = image.crop((131, 133, 131 + 256, 133 + 256))
    image.paste(part, (256, 256))

    found = blocking.grid(middle(image))

    assert found is not None
    assert found.share > 0.05


# Noise


def test_the_noise_level_is_the_deviation_of_white_noise() -> None:
    random = np.random.default_rng(2)
    grey = np.float32(128) + random.normal(0, 5, (512, 512)).astype(np.float32)

    levels = noise.noise_map(grey)

    assert levels.median == pytest.approx(5, rel=0.05)
    assert levels.spread < 1.5


def test_a_noisier_half_is_seen_as_uneven() -> None:
    random = np.random.default_rng(3)
    grey = random.normal(128, 2, (512, 512)).astype(np.float32)
    grey[:, 256:] += random.normal(0, 8, (512, 256)).astype(np.float32)

    assert noise.noise_map(grey).spread > 3


def test_a_picture_without_noise_has_none() -> None:
    even = np.zeros((64, 64), dtype=np.float32)

    assert noise.noise_map(even) == noise.NoiseMap(median=0.0, spread=1.0)


# Frequencies


def test_an_enlarged_picture_shows_a_periodic_trace(scene: Image.Image) -> None:
    enlarged = scene.resize((998, 832), Image.Resampling.BICUBIC)

    assert measured(scene, "resampling").startswith("no periodic trace")
    assert measured(enlarged, "resampling").startswith("a periodic trace")


def test_white_noise_has_a_level_spectrum_without_peaks() -> None:
    grey = np.random.default_rng(4).normal(128, 20, (600, 600)).astype(np.float32)

    found = frequency.spectrum(grey)

    assert found.slope == pytest.approx(0, abs=0.1)
    assert found.tail == pytest.approx(0, abs=0.1)
    assert found.peaks == 0


def test_the_slope_of_a_power_law_is_found() -> None:
    random = np.random.default_rng(6)
    side = 1024
    y, x = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :]
    falling = np.maximum(np.hypot(y, x), 1 / side) ** -1.25  # of power: -2.5
    waves = np.fft.rfft2(random.normal(size=(side, side))) * falling
    grey = np.fft.irfft2(waves).astype(np.float32)

    assert frequency.spectrum(grey).slope == pytest.approx(-2.5, abs=0.2)


def test_a_regular_pattern_is_counted_as_peaks() -> None:
    grey = np.random.default_rng(7).normal(128, 10, (600, 600)).astype(np.float32)
    grey += 8 * np.sin(2 * np.pi * 0.31 * np.arange(600, dtype=np.float32))

    assert frequency.spectrum(grey).peaks == 1


@pytest.mark.parametrize("size", [(64, 64), (65, 1500), (1500, 70), (127, 129)])
def test_every_measurement_works_at_the_smallest_sizes(size: tuple[int, int]) -> None:
    image = Image.effect_noise(size, 60).convert("RGB")

    kinds = {piece.kind for piece in assess(image).evidence}

    assert {"jpeg_ghosts", "noise_map", "resampling", "spectrum"} <= kinds


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1", "F", "I;16"])
def test_a_picture_of_another_mode_is_no_trouble(scene: Image.Image, mode: str) -> None:
    image = scene.convert("I").convert(mode) if mode == "I;16" else scene.convert(mode)

    assert assess(image).finding == "no sign found"


# How far they can be relied on


def test_a_small_picture_is_called_less_reliable(scene: Image.Image) -> None:
    image = scene.crop((0, 0, 500, 399))

    (piece,) = [one for one in assess(image).evidence if one.kind == "reliability"]

    assert "500 x 399" in piece.detail
    assert "less reliable" in piece.detail


def test_a_strongly_compressed_picture_is_called_less_reliable(
    save: Save, reopen: Reopen
) -> None:
    strongly, lightly = (reopen(save("JPEG", quality=q)) for q in (69, 70))

    said = [
        one.detail for one in assess(strongly).evidence if one.kind == "reliability"
    ]
    assert len(said) == 1
    assert "JPEG quality 69" in said[0]
    assert "reliability" not in {one.kind for one in assess(lightly).evidence}
