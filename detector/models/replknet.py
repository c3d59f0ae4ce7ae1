"""RepLKNet: Ding et al., "Scaling up your kernels to 31x31" (CVPR 2022).

Its tensors are named as in the published checkpoints. It is trained in many small parts;
`reparameterise` merges them into few large ones that compute the same.
"""

import itertools
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from detector.models.depth import StochasticDepth, shares

SMALL_KERNEL: Final = 5  # of the convolution that is trained beside each large one
_WIDENING: Final = 4


class RepLKNetSize(NamedTuple):
    """Blocks, channels and the large kernel's side, of each stage."""

    depths: tuple[int, ...]
    widths: tuple[int, ...]
    kernels: tuple[int, ...]


B31: Final = RepLKNetSize((2, 2, 18, 2), (128, 256, 512, 1024), (31, 29, 27, 13))


class ConvBN(nn.Module):
    """A convolution that keeps the size, its batch normalisation, perhaps a ReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        groups: int = 1,
        rectified: bool = False,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False
        )
        self.bn = nn.BatchNorm2d(outputs)
        self.rectified = rectified

    def forward(self, features: Tensor) -> Tensor:
        normed: Tensor = self.bn(self.conv(features))
        return normed.relu_() if self.rectified else normed

    def merged(self) -> nn.Module:
        """Return one biased convolution that computes what an eval() of this does."""
        conv = _biased(self.conv, *self.fused())
        return nn.Sequential(conv, nn.ReLU(inplace=True)) if self.rectified else conv

    def fused(self) -> tuple[Tensor, Tensor]:
        """Return the kernel and the bias of that convolution."""
        scale, shift = affine(self.bn)
        return self.conv.weight * scale.view(-1, 1, 1, 1), shift


class LargeKernel(nn.Module):
    """A large depthwise convolution and a small one of the same input, summed."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.lkb_origin = ConvBN(width, width, kernel, groups=width)
        self.small_conv = ConvBN(width, width, SMALL_KERNEL, groups=width)

    def forward(self, features: Tensor) -> Tensor:
        summed: Tensor = self.lkb_origin(features) + self.small_conv(features)
        return summed

    def merged(self) -> nn.Module:
        """Return one biased convolution: the small kernel lies in the large one's middle."""
        large, shift = self.lkb_origin.fused()
        small, small_shift = self.small_conv.fused()
        around = (large.shape[-1] - SMALL_KERNEL) // 2
        kernel = large + functional.pad(small, [around] * 4)
        return _biased(self.lkb_origin.conv, kernel, shift + small_shift)


class RepLKBlock(nn.Module):
    """A large depthwise convolution between two 1 x 1 ones, added to the input."""

    def __init__(self, width: int, kernel: int, dropped: float) -> None:
        super().__init__()
        self.pw1 = ConvBN(width, width, 1, rectified=True)
        self.pw2 = ConvBN(width, width, 1)
        self.large_kernel = LargeKernel(width, kernel)
        self.prelkb_bn = nn.BatchNorm2d(width)
        self.depth = StochasticDepth(dropped)

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, width, h, w) to the same shape."""
        inner = self.large_kernel(self.pw1(self.prelkb_bn(features)))
        added: Tensor = self.depth(self.pw2(inner.relu_()))
        return features + added


class ConvFFN(nn.Module):
    """Two dense layers at each place, added to the input."""

    def __init__(self, width: int, dropped: float) -> None:
        super().__init__()
        self.preffn_bn = nn.BatchNorm2d(width)
        self.pw1 = ConvBN(width, _WIDENING * width, 1)
        self.pw2 = ConvBN(_WIDENING * width, width, 1)
        self.depth = StochasticDepth(dropped)

    def forward(self, features: Tensor) -> Tensor:
        """Map (n, width, h, w) to the same shape."""
        wide = functional.gelu(self.pw1(self.preffn_bn(features)))
        added: Tensor = self.depth(self.pw2(wide))
        return features + added


class Stage(nn.Module):
    """Blocks of the two kinds in turn, at one resolution."""

    def __init__(self, width: int, kernel: int, dropped: list[float]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        for share in dropped:
            self.blocks.append(RepLKBlock(width, kernel, share))
            self.blocks.append(ConvFFN(width, share))

    def forward(self, features: Tensor) -> Tensor:
        for block in self.blocks:
            features = block(features)
        return features


class RepLKNet(nn.Module):
    """Pictures (n, 3, h, w), h and w multiples of 32, to logits (n, 2)."""

    def __init__(self, size: RepLKNetSize = B31, *, dropped: float = 0.0) -> None:
        """Take the size and the share of stochastic depth at the last block."""
        super().__init__()
        widths = size.widths
        first = widths[0]
        self.stem = nn.ModuleList(
            [
                ConvBN(3, first, 3, stride=2, rectified=True),
                ConvBN(first, first, 3, groups=first, rectified=True),
                ConvBN(first, first, 1, rectified=True),
                ConvBN(first, first, 3, stride=2, groups=first, rectified=True),
            ]
        )
        rising = iter(shares(dropped, sum(size.depths)))
        self.stages = nn.ModuleList(
            Stage(width, kernel, [next(rising) for _ in range(depth)])
            for depth, width, kernel in zip(*size, strict=True)
        )
        self.transitions = nn.ModuleList(
            _halving(inputs, outputs) for inputs, outputs in itertools.pairwise(widths)
        )
        self.norm = nn.BatchNorm2d(widths[-1])
        self.head = nn.Linear(widths[-1], 2)

    def forward(self, pictures: Tensor) -> Tensor:
        features = pictures
        for layer in self.stem:
            features = layer(features)
        for number, stage in enumerate(self.stages):
            if number:
                features = self.transitions[number - 1](features)
            features = stage(features)
        logits: Tensor = self.head(self.norm(features).mean((-2, -1)))
        return logits


def reparameterise(network: nn.Module) -> None:
    """Merge, in place, whatever under a network can be merged. It is for eval() only."""
    for name, child in network.named_children():
        if isinstance(child, ConvBN | LargeKernel):
            setattr(network, name, child.merged())
        else:
            reparameterise(child)


def affine(bn: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return by what a trained batch normalisation multiplies and what it then adds."""
    if bn.running_mean is None or bn.running_var is None:
        raise ValueError("A batch normalisation without running statistics.")
    scale = bn.weight / torch.sqrt(bn.running_var + bn.eps)
    return scale, bn.bias - bn.running_mean * scale


def _biased(like: nn.Conv2d, kernel: Tensor, bias: Tensor) -> nn.Conv2d:
    conv = nn.Conv2d(
        like.in_channels,
        like.out_channels,
        kernel.shape[-1],
        stride=like.stride[0],
        padding=kernel.shape[-1] // 2,
        groups=like.groups,
        device="meta",
    )
    conv.weight = nn.Parameter(kernel.detach(), requires_grad=False)
    conv.bias = nn.Parameter(bias.detach(), requires_grad=False)
    return conv


def _halving(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(
        ConvBN(inputs, outputs, 1, rectified=True),
        ConvBN(outputs, outputs, 3, stride=2, groups=outputs, rectified=True),
    )
