"""Enlargers of others: known by digest, asked with a margin, the same shape back."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from detector import WeightsError
from detector.training import upscalers
from detector.training.upscalers import Enlarger, Upscaler

# ncnn's text format: every pixel twice in both directions.
DOUBLES = "7767517\n2 2\nInput in 0 1 data\nInterp twice 1 1 data out 0=1 1=2.0 2=2.0\n"
# The same, after a convolution of 13 x 13 that changes nothing, without padding.
CUTS = (
    "7767517\n3 3\nInput in 0 1 data\n"
    "Convolution same 1 1 data cut 0=3 1=13 4=0 5=0 6=1521\n"
    "Interp twice 1 1 cut out 0=1 1=2.0 2=2.0\n"
)


def same() -> bytes:
    kernel = np.zeros((3, 3, 13, 13), dtype=np.float32)
    kernel[range(3), range(3), 6, 6] = 1
    return bytes(4) + kernel.tobytes()  # four zero bytes: numbers of 32 bits follow


@pytest.fixture(params=[(DOUBLES, b""), (CUTS, same())], ids=["padded", "cut"])
def doubling(request: pytest.FixtureRequest, tmp_path: Path) -> Upscaler:
    """Write a network and name it by its digests."""
    param, weights = str(request.param[0]).encode(), bytes(request.param[1])
    (tmp_path / "net.param").write_bytes(param)
    (tmp_path / "net.bin").write_bytes(weights)
    return Upscaler("doubling", "net", digest(param), digest(weights))


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("shape", [(64, 80, 3), (66, 94, 3), (63, 81, 3)])
def test_a_photograph_comes_back_in_its_shape_and_place(
    doubling: Upscaler, tmp_path: Path, shape: tuple[int, ...]
) -> None:
    rows, columns = np.indices(shape[:2])
    steep = np.stack((rows, columns, rows + columns), axis=2).astype(np.uint8)

    made = Enlarger(tmp_path, doubling).remade(steep)

    assert made.shape == shape
    assert made.dtype == np.uint8
    assert np.abs(made.astype(int) - steep).max() <= 3


def test_what_comes_back_was_enlarged_by_the_network(
    doubling: Upscaler, tmp_path: Path
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 80, 3), dtype=np.uint8)

    made = Enlarger(tmp_path, doubling).remade(noise)

    means = noise.reshape(32, 2, 40, 2, 3).mean((1, 3))
    assert np.abs(made[::2, ::2] - means).max() <= 1
    assert np.array_equal(made[::2, ::2], made[1::2, 1::2])


def test_another_file_of_that_name_is_refused(
    doubling: Upscaler, tmp_path: Path
) -> None:
    (tmp_path / "net.bin").write_bytes(b"\0")

    with pytest.raises(WeightsError, match=r"net\.bin is not the checkpoint"):
        Enlarger(tmp_path, doubling)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"scale2\.0x_model\.param is not a file"):
        upscalers.chosen(tmp_path)


def test_without_a_folder_there_are_none() -> None:
    assert not upscalers.chosen(None)
