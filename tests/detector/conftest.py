"""Pictures drawn by code, and the way from a file to what the detector takes."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Save = Callable[..., bytes]
Reopen = Callable[[bytes], Image.Image]
Draw = Callable[[int], NDArray[np.uint8]]

# As detector/training/pictures.py names them.
SETS = {
    "real_mixed": range(24),
    "real_people": range(100, 112),
    "generated_sd1": range(200, 210),
    "generated_sdxl_flux": range(300, 312),
}


@pytest.fixture(scope="session")
def scene() -> Image.Image:
    """A picture of 768 x 640 with smooth areas, edges, texture and noise."""
    random = np.random.default_rng(5)
    shape = (640, 768)
    coarse = ndimage.gaussian_filter(random.normal(size=shape), 24) * 1500
    fine = ndimage.gaussian_filter(random.normal(size=shape), 1) * 30
    noise = random.normal(size=shape) * 2
    grey = 128 + coarse + fine + noise + 40 * (coarse > 20)
    levels = np.clip(grey, 0, 255).astype(np.uint8)
    return Image.fromarray(levels).convert("RGB")


@pytest.fixture(scope="session")
def save(scene: Image.Image) -> Save:
    """Write the scene, or another picture, as a file."""

    def save(kind: str = "PNG", image: Image.Image = scene, **options: Any) -> bytes:
        file = io.BytesIO()
        image.save(file, kind, **options)
        return file.getvalue()

    return save


@pytest.fixture(scope="session")
def reopen() -> Reopen:
    """Decode as the one door does: RGB, with the metadata kept in `info`."""

    def reopen(data: bytes) -> Image.Image:
        opened = Image.open(io.BytesIO(data))
        opened.load()
        image = opened.convert("RGB")
        image.info = {**opened.info, "format": opened.format}
        if tables := getattr(opened, "quantization", None):
            image.info["quantization"] = tables
        return image

    return reopen


@pytest.fixture(scope="session")
def one_thread() -> Iterator[None]:
    """Tests run beside each other: pools of threads would only be in their way."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def draw() -> Draw:
    """Draw one of many unlike scenes of 330 x 300 pixels with texture and noise."""

    def draw(number: int) -> NDArray[np.uint8]:
        random = np.random.default_rng(number)
        coarse = ndimage.zoom(random.normal(size=(5, 5, 1)), (60, 66, 1), order=1)
        texture = ndimage.gaussian_filter(random.normal(size=(300, 330, 1)), (1, 1, 0))
        noise = random.normal(size=(300, 330, 3))
        levels = 128 + 50 * coarse + 60 * texture + 3 * noise
        drawn: NDArray[np.uint8] = np.clip(levels, 0, 255).astype(np.uint8)
        return drawn

    return draw


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory, draw: Draw) -> Path:
    """Photographs, two families of generated pictures, one duplicate, one too small."""
    root = tmp_path_factory.mktemp("data")
    for folder, numbers in SETS.items():
        (root / folder).mkdir()
        for number in numbers:
            # Photographs of people are reduced more than others when they are read.
            size = (480, 440) if folder == "real_people" else (330, 300)
            image = Image.fromarray(draw(number)).resize(size)
            image.save(root / folder / f"{number:04}.jpg", quality=92)
    copy = Image.fromarray(draw(0)).resize((480, 440))
    copy.save(root / "real_people" / "copy.jpg", quality=60)
    small = Image.fromarray(draw(999)[:200, :200])
    small.save(root / "real_mixed" / "small.jpg")
    tiles = [[n, f"series_{n % 3}_top_{n}.png"] for n in SETS["generated_sdxl_flux"]]
    (root / "generated_sdxl_flux" / "tiles.json").write_text(json.dumps(tiles))
    return root
