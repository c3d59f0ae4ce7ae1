"""Checkpoints of DeepFakeDefenders for tests: weights by a recipe, and what they must give.

The expected values were computed once with the original code (Apache-2.0) from the same
recipe; its own weights are published nowhere.
"""

import io
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from detector.models import defenders
from detector.models.convnext import ConvNeXtSize
from detector.models.defenders import Sizes
from detector.models.replknet import RepLKNetSize

FACTS: dict[str, Any] = json.loads(
    Path(__file__).with_name("detector").joinpath("defenders.json").read_text("utf-8")
)
TINY = Sizes(
    ConvNeXtSize((1, 1, 2, 1), (8, 16, 24, 32)),
    RepLKNetSize((1, 1, 2, 1), (8, 16, 24, 32), (13, 11, 9, 7)),
)


def shapes() -> dict[str, tuple[int, ...]]:
    """Every tensor of a merged checkpoint by its name."""
    return {
        name: tuple(shape)
        for pattern, shape in FACTS["tensors"].items()
        for name in _names(pattern)
    }


def _names(pattern: str) -> Iterator[str]:
    """Write `{0..4..2}` out, as a shell does."""
    found = re.search(r"\{(\d+)\.\.(\d+)\.\.(\d+)\}", pattern)
    if not found:
        yield pattern
        return
    first, last, step = map(int, found.groups())
    for number in range(first, last + 1, step):
        yield pattern.replace(found[0], str(number))


def drawn(name: str, shape: tuple[int, ...]) -> Tensor:
    """The tensor of that name, by the recipe."""
    if name.endswith("num_batches_tracked"):
        return torch.zeros(shape, dtype=torch.int64)
    random = np.random.default_rng(zlib.crc32(name.encode()))
    normal = random.standard_normal(shape, dtype=np.float32)
    if name.endswith("running_var"):
        return torch.from_numpy(1 + 0.1 * np.abs(normal))
    if name.endswith(("running_mean", ".gamma", "bias")):
        return torch.from_numpy(0.1 * normal)
    if name == "replknet.model.head.weight":
        return torch.from_numpy(0.0005 * normal)
    if len(shape) == 1:
        return torch.from_numpy(1 + 0.1 * normal)
    return torch.from_numpy(normal * np.float32(np.prod(shape[1:]) ** -0.5))


def full_state(branch: str = "") -> dict[str, Tensor]:
    """The state dict of a merged checkpoint, or what of it is one branch's."""
    return {
        name: drawn(name, shape)
        for name, shape in shapes().items()
        if name.startswith(branch)
    }


def tiny_state(branch: str = "") -> dict[str, Tensor]:
    """The same of tiny branches; a single one is named as its own training names it."""
    with torch.device("meta"):
        network = nn.ModuleDict(
            {name: defenders.branch(name, TINY) for name in defenders.BRANCHES}
        )
    state = {
        name: drawn(name, tuple(tensor.shape))
        for name, tensor in network.state_dict().items()
    }
    if not branch:
        return state
    start = f"{branch}."
    return {
        name.removeprefix(start): tensor
        for name, tensor in state.items()
        if name.startswith(start)
    }


def saved(content: Mapping[str, object]) -> bytes:
    file = io.BytesIO()
    torch.save(dict(content), file)
    return file.getvalue()


def picture() -> Image.Image:
    """The picture of the recipe, 640 x 480."""
    x, y = np.meshgrid(np.arange(640), np.arange(480))
    levels = (x * 255 // 639, y * 255 // 479, (x * 7 + y * 13) % 256)
    return Image.fromarray(np.stack(levels, axis=-1).astype(np.uint8))
