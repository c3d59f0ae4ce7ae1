"""DeepFakeDefenders: ConvNeXt and RepLKNet on pixels and residuals, in six views.

The system of VisionRush in the Global Multimedia Deepfake Detection challenge of 2024,
in own code that loads its checkpoints. It must not know where they come from.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from detector import measurements, tensors
from detector.assessment import ModelOpinion
from detector.models.convnext import BASE, ConvNeXt, ConvNeXtSize
from detector.models.replknet import B31, RepLKNet, RepLKNetSize, reparameterise
from detector.models.srm import normalised, srm
from detector.weights import WeightsError

NAME: Final = "defenders"
SIDE: Final = 512  # of a view; the proportions are not kept
VIEWS: Final = ("identity", "rotate90", "rotate180", "rotate270", "hflip", "vflip")
FAKE: Final = 1  # the number of the class

# Of the two branches, each with a tensor that only it has.
BRANCHES: Final = {
    "convnext": "model.downsample_layers.0.0.weight",
    "replknet": "model.stem.0.conv.weight",
}

_LONGEST: Final = 4  # times the other side; past that, a square view shows no picture


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the branches are. Published checkpoints have the sizes given here."""

    convnext: ConvNeXtSize = BASE
    replknet: RepLKNetSize = B31


FULL: Final = Sizes()


class Branch(nn.Module):
    """Six channels (n, 6, h, w) to logits (n, 2): an adapter before a backbone."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.model = backbone
        self.adapter = nn.Conv2d(6, 3, 3, padding=1)

    def forward(self, channels: Tensor) -> Tensor:
        logits: Tensor = self.model(normalised(self.adapter(channels)))
        return logits


@dataclass(frozen=True, slots=True)
class Defenders:
    """One branch or both, ready to be asked; see `prepared`."""

    name: str
    branches: tuple[Branch, ...]
    weights: str  # SHA-256

    def opinion(self, image: Image.Image) -> ModelOpinion:
        """Give the probability that an upright RGB picture is fake; it is not calibrated."""
        if code := _outside(image):
            return ModelOpinion(self.name, None, abstained=code, weights=self.weights)
        probability = self.probability(image)
        if not math.isfinite(probability):  # weights can be finite and still absurd
            code = "models.no_number"
            return ModelOpinion(self.name, None, abstained=code, weights=self.weights)
        return ModelOpinion(self.name, probability, weights=self.weights)

    def probability(self, image: Image.Image) -> float:
        """Return the mean over views and branches, in [0, 1].

        One view after the other: six at once take six times the memory and no less time.
        """
        chances = [
            logits.softmax(0)[FAKE]
            for view in views(image)
            for logits in self.logits(view)
        ]
        return float(torch.stack(chances).mean())

    def logits(self, view: Image.Image) -> list[Tensor]:
        """Return the two logits, real and fake, of each branch."""
        with torch.inference_mode():
            channels = six_channels(view)
            return [branch(channels)[0] for branch in self.branches]


def load(weights: bytes, sha256: str, sizes: Sizes = FULL) -> Defenders:
    """Load a merged checkpoint, or that of a single branch.

    Raises:
        WeightsError: It is no checkpoint of this model; the text says what is wrong.
    """
    branches = read(weights, sizes)
    name = NAME if len(branches) > 1 else f"{NAME}-{next(iter(branches))}"
    return Defenders(name, tuple(map(prepared, branches.values())), sha256)


def read(weights: bytes, sizes: Sizes = FULL) -> dict[str, Branch]:
    """Return the branches of a checkpoint as they are trained, by name.

    Raises:
        WeightsError: As `load`.
    """
    found = tensors.read(weights)
    names = _recognised(found)
    with torch.device("meta"):
        network = nn.ModuleDict({name: branch(name, sizes) for name in names})
    tensors.fit(network if len(names) > 1 else network[names[0]], found)
    return {name: one for name, one in network.items() if isinstance(one, Branch)}


def branch(name: str, sizes: Sizes = FULL, *, dropped: float = 0.0) -> Branch:
    """Return a branch with first weights; `dropped` as of its backbone."""
    if name == "convnext":
        return Branch(ConvNeXt(sizes.convnext, dropped=dropped))
    return Branch(RepLKNet(sizes.replknet, dropped=dropped))


def prepared(branch: Branch) -> Branch:
    """Make a branch ready to answer, in place: merged, and with channels last.

    Channels last because a CPU computes large depthwise kernels many times faster so.
    """
    branch.eval().requires_grad_(requires_grad=False)
    reparameterise(branch)
    for kernel in branch.parameters():
        if kernel.dim() == 4:
            kernel.data = kernel.contiguous(memory_format=torch.channels_last)
    return branch


def views(image: Image.Image) -> Iterator[Image.Image]:
    """Yield the six views in their order, SIDE pixels a side, each made when it is asked for.

    A turn keeps the canvas: of a long picture the ends are cut and the rest is black.
    """
    flips = Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM
    yield _square(image)
    for angle in (90, 180, 270):
        yield _square(image.rotate(angle))
    for flip in flips:
        yield _square(image.transpose(flip))


def six_channels(view: Image.Image) -> Tensor:
    """Return RGB in [0, 1] and its three residuals, (1, 6, h, w), channels last."""
    pixels = torch.from_numpy(np.array(view)).permute(2, 0, 1)[None].float() / 255
    channels = torch.cat([pixels, srm(pixels)], dim=1)
    return channels.contiguous(memory_format=torch.channels_last)


def _square(image: Image.Image) -> Image.Image:
    return image.resize((SIDE, SIDE), Image.Resampling.BILINEAR)


def _recognised(found: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Name the branches that a state dict is of."""
    if any(name.partition(".")[0] in BRANCHES for name in found):
        return tuple(BRANCHES)
    for name, own in BRANCHES.items():
        if own in found:
            return (name,)
    raise WeightsError(
        "This is no checkpoint of DeepFakeDefenders: neither a merged one nor one of its "
        "two branches."
    )


def _outside(image: Image.Image) -> str:
    """Name why no answer on this picture would mean anything, or nothing."""
    if not measurements.is_measurable(image):
        return "models.nothing"
    if max(image.size) > _LONGEST * min(image.size):
        return "models.long"
    return ""
