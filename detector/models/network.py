"""The network of our own model: residuals in, one logit per patch out.

Blocks are ConvNeXt's (Liu et al., "A ConvNet for the 2020s", 2022), made small. Of the
picture itself it sees nothing: only what neighbouring pixels do not foretell, made
equally strong everywhere, so that neither the subject nor sharpness is a shortcut.
"""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from detector.models.srm import srm

PATCH: Final = 16  # pixels a side; the network sees far beyond them

WIDTHS: Final = (24, 48, 96, 192)
DEPTHS: Final = (0, 1, 3, 2)

_SHARE: Final = 4  # the score is the mean of the most suspicious quarter
_FLOORS: Final = (
    1 / 255,
    8 / 255,
)  # where less than that happens, nothing is amplified


class Block(nn.Module):
    """Depthwise convolution, then two dense layers on each place, added to the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.spatial = nn.Conv2d(width, width, 5, padding=2, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.widen = nn.Linear(width, 3 * width)
        self.narrow = nn.Linear(3 * width, width)
        self.scale = nn.Parameter(torch.full((width,), 0.3))

    def forward(self, inputs: Tensor) -> Tensor:
        """Map (n, width, h, w) to the same shape."""
        places = self.norm(self.spatial(inputs).permute(0, 2, 3, 1))
        dense = self.narrow(functional.gelu(self.widen(places)))
        added: Tensor = inputs + (self.scale * dense).permute(0, 3, 1, 2)
        return added


class Halving(nn.Module):
    """Normalise each place, then halve the resolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(inputs, eps=1e-6)
        self.reduce = nn.Conv2d(inputs, outputs, 2, stride=2)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h / 2, w / 2)."""
        normed = self.norm(inputs.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        halved: Tensor = self.reduce(normed)
        return halved


class Network(nn.Module):
    """Pictures (n, 3, h, w) in [0, 1] to logits (n, ceil(h / 16), ceil(w / 16))."""

    def __init__(
        self, widths: Sequence[int] = WIDTHS, depths: Sequence[int] = DEPTHS
    ) -> None:
        """Take the channels and the number of blocks of each of the four stages."""
        super().__init__()
        if len(widths) != 4 or len(depths) != 4:
            raise ValueError("The network has four stages.")
        self.stem = nn.Conv2d(6, widths[0], 4, stride=2, padding=1)
        stages: list[nn.Module] = []
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            if stage:
                stages.append(Halving(widths[stage - 1], width))
            stages.extend(Block(width) for _ in range(depth))
        self.stages = nn.Sequential(*stages)
        self.norm = nn.LayerNorm(widths[-1], eps=1e-6)
        self.head = nn.Linear(widths[-1], 1)

    def forward(self, rgb: Tensor) -> Tensor:
        return self.judged(residuals(whole(rgb)))

    def judged(self, seen: Tensor) -> Tensor:
        """Map residuals() to the logits of forward()."""
        features = self.stages(self.stem(seen))
        logits: Tensor = self.head(self.norm(features.permute(0, 2, 3, 1)))
        return logits.squeeze(-1)


class Ensemble(nn.Module):
    """Networks that were trained apart: as Network, the mean of their logits.

    Where they err, they err apart (Lakshminarayanan et al., "Simple and scalable predictive
    uncertainty estimation using deep ensembles", 2017).
    """

    def __init__(self, members: Sequence[Network]) -> None:
        """Take at least one."""
        super().__init__()
        if not members:
            raise ValueError("An ensemble has members.")
        self.networks = tuple(members)
        self.members = nn.ModuleList(members)  # the same, as PyTorch keeps weights

    def forward(self, rgb: Tensor) -> Tensor:
        seen = residuals(whole(rgb))
        logits = [network.judged(seen) for network in self.networks]
        return torch.stack(logits).mean(dim=0)


def whole(rgb: Tensor) -> Tensor:
    """Repeat the last pixels until both sides are multiples of PATCH."""
    height, width = rgb.shape[-2:]
    return functional.pad(
        rgb, (0, -width % PATCH, 0, -height % PATCH), mode="replicate"
    )


def residuals(rgb: Tensor) -> Tensor:
    """Keep only what neighbours do not foretell: (n, 6, h, w), h and w multiples of 16.

    Three channels are the differences to the nearest pixel of a picture half as large
    (Tan et al., "Rethinking the up-sampling operations", 2024), three those of srm().
    """
    # Differences of near equals: what they are would be lost in bfloat16's eight bits.
    with torch.autocast(rgb.device.type, enabled=False):
        nearest = rgb[..., ::2, ::2].repeat_interleave(2, -1).repeat_interleave(2, -2)
        bands = zip((rgb - nearest, srm(rgb)), _FLOORS, strict=True)
        return torch.cat([_levelled(band, floor) for band, floor in bands], dim=1)


def _levelled(band: Tensor, floor: float) -> Tensor:
    """Divide by the local strength, so that how sharp or noisy a place is counts less."""
    power = functional.avg_pool2d(band.square().mean(1, keepdim=True), PATCH)
    around = functional.avg_pool2d(power, 3, 1, 1, count_include_pad=False)
    smooth = functional.interpolate(
        around, scale_factor=PATCH, mode="bilinear", align_corners=False
    )
    return band / (smooth.sqrt() + floor)


def pooled(logits: Tensor) -> Tensor:
    """Return one score per picture, (n,): the mean of its most suspicious quarter.

    A picture altered in one place has few suspicious patches, a generated one many.
    """
    flat = logits.flatten(1)
    return flat.topk(max(1, flat.shape[1] // _SHARE), dim=1).values.mean(dim=1)
