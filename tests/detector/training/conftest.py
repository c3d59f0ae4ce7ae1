"""Sets of pictures drawn by code, in the layout of the training's data."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from detector.training.pictures import Pixels

Draw = Callable[[int], Pixels]

SETS = {
    "real_mixed": range(24),
    "real_people": range(100, 112),
    "generated_sd1": range(200, 210),
    "generated_sdxl_flux": range(300, 312),
}


@pytest.fixture(scope="session")
def draw() -> Draw:
    """Draw one of many unlike scenes of 330 x 300 pixels with texture and noise."""

    def draw(number: int) -> Pixels:
        random = np.random.default_rng(number)
        coarse = ndimage.zoom(random.normal(size=(5, 5, 1)), (60, 66, 1), order=1)
        texture = ndimage.gaussian_filter(random.normal(size=(300, 330, 1)), (1, 1, 0))
        noise = random.normal(size=(300, 330, 3))
        levels = 128 + 50 * coarse + 60 * texture + 3 * noise
        return np.clip(levels, 0, 255).astype(np.uint8)

    return draw


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory, draw: Draw) -> Path:
    """Photographs, two families of generated pictures, one duplicate, one too small."""
    root = tmp_path_factory.mktemp("data")
    for folder, numbers in SETS.items():
        (root / folder).mkdir()
        for number in numbers:
            image = Image.fromarray(draw(number))
            image.save(root / folder / f"{number:04}.jpg", quality=92)
    Image.fromarray(draw(0)).save(root / "real_people" / "copy.jpg", quality=60)
    small = Image.fromarray(draw(999)[:200, :200])
    small.save(root / "real_mixed" / "small.jpg")
    tiles = [[n, f"series_{n % 3}_top_{n}.png"] for n in SETS["generated_sdxl_flux"]]
    (root / "generated_sdxl_flux" / "tiles.json").write_text(json.dumps(tiles))
    return root
