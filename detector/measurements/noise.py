"""How noisy each part of a picture is."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from detector.measurements.crop import Luma, blocks

_BLOCK: Final = 16  # in the half-size band, so 32 pixels of the picture
_MAD_TO_SIGMA: Final = 0.6745
_SATURATED: Final = 1e-3  # a block of exactly even grey tells nothing about noise


@dataclass(frozen=True, slots=True)
class NoiseMap:
    median: float  # grey levels, over all blocks
    spread: float  # 90th percentile of the blocks to the 10th


def noise_map(luma: Luma) -> NoiseMap:
    """Estimate the noise of each 32 x 32 block and how uneven the blocks are.

    The estimator is Donoho and Johnstone's (1994): median absolute deviation of the
    finest diagonal wavelet band over 0.6745, here with Haar's wavelet; comparing
    blocks is Mahdian and Saic's, "Using noise inconsistencies for blind image
    forensics" (2009).

    Args:
        luma: (h, w), h and w at least 32.
    """
    even = luma[: luma.shape[0] // 2 * 2, : luma.shape[1] // 2 * 2]
    diagonal = even[::2, ::2] - even[::2, 1::2] - even[1::2, ::2] + even[1::2, 1::2]
    sigma = np.median(np.abs(blocks(diagonal, _BLOCK)), axis=2) / 2 / _MAD_TO_SIGMA
    noisy = sigma[sigma > _SATURATED]
    if noisy.size == 0:
        return NoiseMap(median=0.0, spread=1.0)
    least, median, most = np.percentile(noisy, [10, 50, 90])
    return NoiseMap(median=float(median), spread=float(most / least))
