"""One step of training after another, and how to stop and go on between any two."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from detector.models.network import DEPTHS, PATCH, WIDTHS, Network, pooled
from detector.training.samples import Batch

_WARM_UP: Final = 100  # steps
_SLOWER: Final = 2000  # steps after which the rate has fallen by the root of two
_DECAY: Final = 0.998  # of the average over steps
_PATCHES: Final = 1.0  # weight of the patches' loss beside the pictures'


@dataclass(frozen=True, slots=True)
class Plan:
    """What depends on the machine, and the network's shape."""

    side: int  # pixels of a crop
    pairs: int  # of photographs and fakes in a batch
    rate: float
    widths: tuple[int, ...] = WIDTHS
    depths: tuple[int, ...] = DEPTHS


PLANS: Final = {
    "cpu": Plan(side=128, pairs=16, rate=5e-3),
    "cuda": Plan(side=224, pairs=128, rate=3e-3),
}


class Trainer:
    """The network, its running average, and the optimizer's moments.

    The rate falls with the root of the steps, so that no end must be known: training
    may go on as long as there is time, and the average is fit to be used at any step.
    Once an end is known, the rate may fall to nothing between two steps: what it still
    learns then is no longer lost in the noise of small batches (Hu et al., "MiniCPM", 2024).
    """

    def __init__(
        self,
        plan: Plan,
        device: torch.device,
        seed: int = 0,
        cooling: tuple[int, int] | None = None,
    ) -> None:
        """Begin with the weights that the seed determines; cool between two steps."""
        torch.manual_seed(seed)
        self.plan = plan
        self.steps = 0
        self._cooling = cooling
        self._device = device
        self._model = Network(plan.widths, plan.depths).to(device)
        self._average = {
            name: value.detach().clone()
            for name, value in self._model.state_dict().items()
        }
        self._optimizer = torch.optim.AdamW(
            self._model.parameters(), lr=plan.rate, weight_decay=0.02
        )

    def step(self, batch: Batch) -> float:
        """Learn from one batch; return its loss."""
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate()
        rgb = batch.rgb.to(self._device, non_blocking=True).float() / 255
        rgb = rgb.contiguous(memory_format=torch.channels_last)  # a sixth faster
        masks = batch.masks.to(self._device, non_blocking=True)
        with torch.autocast(self._device.type, torch.bfloat16):
            logits = self._model(rgb)
        loss = losses(logits.float(), masks)
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimizer.step()
        self.steps += 1
        self._remember()
        return float(loss.detach())

    @property
    def is_cold(self) -> bool:
        """Whether the rate has fallen to nothing: another step would change nothing."""
        return self._left() == 0

    def averaged(self) -> Network:
        """Return a copy of the network with the average of its weights, on the CPU."""
        model = Network(self.plan.widths, self.plan.depths)
        model.load_state_dict(
            {name: value.cpu() for name, value in self._average.items()}
        )
        return model.eval()

    def save(self, path: Path) -> None:
        """Write all that the next step depends on; the old file stays until then."""
        tensors = {f"model.{k}": v for k, v in self._model.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self._average.items()}
        names = [name for name, _ in self._model.named_parameters()]
        for index, moments in self._optimizer.state_dict()["state"].items():
            tensors |= {f"{key}.{names[index]}": v for key, v in moments.items()}
        tensors["steps"] = torch.tensor(self.steps)
        beside = path.with_suffix(".new")
        save_file({k: v.cpu().contiguous() for k, v in tensors.items()}, beside)
        beside.replace(path)

    def resume(self, path: Path) -> None:
        """Stand where save() was called."""
        tensors = load_file(path)
        self.steps = int(tensors.pop("steps"))
        names = [name for name, _ in self._model.named_parameters()]
        parts: dict[str, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            part, _, name = key.partition(".")
            parts.setdefault(part, {})[name] = value
        self._model.load_state_dict(parts.pop("model"))
        average = parts.pop("average")
        self._average = {k: v.to(self._device) for k, v in average.items()}
        state = self._optimizer.state_dict()
        state["state"] = {
            index: {key: moments[name] for key, moments in parts.items()}
            for index, name in enumerate(names)
        }
        self._optimizer.load_state_dict(state)

    def _rate(self) -> float:
        warm = min(1.0, (self.steps + 1) / _WARM_UP)
        fallen: float = (1 + self.steps / _SLOWER) ** -0.5
        return self.plan.rate * warm * fallen * self._left()

    def _left(self) -> float:
        """Return the share of the rate that cooling has left."""
        if self._cooling is None:
            return 1.0
        first, last = self._cooling
        return min(1.0, max(0.0, (last - self.steps) / (last - first)))

    def _remember(self) -> None:
        decay = min(_DECAY, self.steps / (self.steps + 10))
        for name, value in self._model.state_dict().items():
            self._average[name].lerp_(value, 1 - decay)


def losses(logits: Tensor, masks: Tensor) -> Tensor:
    """Return the loss of patches and pictures.

    Args:
        logits: (n, rows, columns).
        masks: (n, rows * 16, columns * 16). A patch's target is the share of it that
            was changed; a picture is a fake if any patch was changed by half.
    """
    targets = functional.avg_pool2d(masks[:, None], PATCH)[:, 0]
    patches = functional.binary_cross_entropy_with_logits(logits, targets)
    whole = (targets.flatten(1).amax(dim=1) > 0.5).float()
    pictures = functional.binary_cross_entropy_with_logits(pooled(logits), whole)
    return pictures + _PATCHES * patches
