"""Stochastic depth: while a network is trained, some of its blocks stand aside.

Huang et al., "Deep networks with stochastic depth" (2016). It holds no weights, and does
nothing once the training is over.
"""

from torch import Tensor, nn


class StochasticDepth(nn.Module):
    """Drops what a block adds, for a share of a batch's pictures drawn anew each time."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, added: Tensor) -> Tensor:
        """Map (n, c, h, w) to the same shape and the same expected value."""
        if not self.training or not self.share:
            return added
        kept = added.new_empty(len(added), 1, 1, 1).bernoulli_(1 - self.share)
        return added * kept / (1 - self.share)


def shares(last: float, blocks: int) -> list[float]:
    """Return each block's share: nothing for the first, rising evenly to `last`."""
    return [last * number / max(1, blocks - 1) for number in range(blocks)]
