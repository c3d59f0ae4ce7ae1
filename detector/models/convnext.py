"""ConvNeXt: Liu et al., "A ConvNet for the 2020s" (CVPR 2022).

Its tensors are named as in the published checkpoints. It must not know what the two
classes mean.
"""

import itertools
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from detector.models.depth import StochasticDepth, shares

_EPSILON: Final = 1e-6
_GAMMA: Final = 1e-6  # a block's weight before the training
_DEVIATION: Final = 0.02


class ConvNeXtSize(NamedTuple):
    """Blocks and channels of each stage."""

    depths: tuple[int, ...]
    widths: tuple[int, ...]


BASE: Final = ConvNeXtSize(depths=(3, 3, 27, 3), widths=(128, 256, 512, 1024))


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels of each place."""

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, c, h, w) to the same shape."""
        return super().forward(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Block(nn.Module):
    """A depthwise 7 x 7 convolution, two dense layers at each place, added to the input."""

    def __init__(self, width: int, dropped: float) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((width,), _GAMMA))
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=_EPSILON)
        self.pwconv1 = nn.Linear(width, 4 * width)
        self.pwconv2 = nn.Linear(4 * width, width)
        self.depth = StochasticDepth(dropped)

    def forward(self, features: Tensor) -> Tensor:
        places = self.norm(self.dwconv(features).permute(0, 2, 3, 1))
        dense = self.pwconv2(functional.gelu(self.pwconv1(places)))
        added: Tensor = self.depth((self.gamma * dense).permute(0, 3, 1, 2))
        return features + added


class ConvNeXt(nn.Module):
    """Pictures (n, 3, h, w), h and w multiples of 32, to logits (n, 2)."""

    def __init__(self, size: ConvNeXtSize = BASE, *, dropped: float = 0.0) -> None:
        """Take the size and the share of stochastic depth at the last block."""
        super().__init__()
        widths = size.widths
        self.downsample_layers = nn.ModuleList(
            [nn.Sequential(nn.Conv2d(3, widths[0], 4, 4), _norm(widths[0]))]
        )
        for inputs, outputs in itertools.pairwise(widths):
            self.downsample_layers.append(
                nn.Sequential(_norm(inputs), nn.Conv2d(inputs, outputs, 2, 2))
            )
        rising = iter(shares(dropped, sum(size.depths)))
        self.stages = nn.ModuleList(
            nn.Sequential(*(Block(width, next(rising)) for _ in range(depth)))
            for depth, width in zip(*size, strict=True)
        )
        self.norm = nn.LayerNorm(widths[-1], eps=_EPSILON)
        self.head = nn.Linear(widths[-1], 2)
        self.apply(_begin)

    def forward(self, pictures: Tensor) -> Tensor:
        features = pictures
        for halve, stage in zip(self.downsample_layers, self.stages, strict=True):
            features = stage(halve(features))
        logits: Tensor = self.head(self.norm(features.mean((-2, -1))))
        return logits


def _norm(width: int) -> ChannelNorm:
    return ChannelNorm(width, eps=_EPSILON)


def _begin(module: nn.Module) -> None:
    """Draw a layer's first weights as the paper does."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.trunc_normal_(module.weight, std=_DEVIATION)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
