"""Three high-pass filters that bring out noise and hide what a picture shows.

Fridrich and Kodovsky, "Rich models for steganalysis of digital images" (2012); the
normalisation, the summing over channels and the clipping are DeepFakeDefenders'.
"""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

_MEAN: Final = (0.485, 0.456, 0.406)  # of ImageNet
_DEVIATION: Final = (0.229, 0.224, 0.225)
_LIMIT: Final = 3.0

_KB: Final = (
    (0, 0, 0, 0, 0),
    (0, -1, 2, -1, 0),
    (0, 2, -4, 2, 0),
    (0, -1, 2, -1, 0),
    (0, 0, 0, 0, 0),
)
_KV: Final = (
    (-1, 2, -2, 2, -1),
    (2, -6, 8, -6, 2),
    (-2, 8, -12, 8, -2),
    (2, -6, 8, -6, 2),
    (-1, 2, -2, 2, -1),
)
_H2: Final = (
    (0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0),
    (0, 1, -2, 1, 0),
    (0, 0, 0, 0, 0),
    (0, 0, 0, 0, 0),
)


def srm(rgb: Tensor) -> Tensor:
    """Filter pictures (n, 3, h, w) in [0, 1]; the result has the same shape.

    Each filter sees the sum of the normalised channels; what leaves -3 to 3 is clipped.
    """
    mean = rgb.new_tensor(_MEAN).view(1, 3, 1, 1)
    deviation = rgb.new_tensor(_DEVIATION).view(1, 3, 1, 1)
    summed = ((rgb - mean) / deviation).sum(dim=1, keepdim=True)
    filters = torch.stack(
        [rgb.new_tensor(_KB) / 4, rgb.new_tensor(_KV) / 12, rgb.new_tensor(_H2) / 2]
    )
    filtered = functional.conv2d(summed, filters.unsqueeze(1), padding=2)
    return filtered.clamp(-_LIMIT, _LIMIT)
