"""Pictures drawn by code, and the way from a file to what the detector takes."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

Save = Callable[..., bytes]
Reopen = Callable[[bytes], Image.Image]


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
