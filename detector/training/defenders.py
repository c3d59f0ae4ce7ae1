"""The training of one branch of DeepFakeDefenders, as its authors describe it.

AdamW, a cosine, an average of the weights, cross-entropy. Unlike theirs it treats both
classes alike: they recompress fakes only, which a network learns instead of the fakes.
"""

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, Dataset

from detector import tensors, weights
from detector.models import defenders
from detector.models.defenders import FULL, Branch, Sizes
from detector.training.examples import Decode, Example, augmented
from detector.weights import WeightsError

DROPPED: Final = {"convnext": 0.0, "replknet": 0.5}  # stochastic depth, last block
_LOWEST_RATE: Final = 1e-6
_KEPT: Final = 0.9999  # of the average, at each step; less in the beginning

Batches = Iterable[tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is trained and how. The defaults are the authors'."""

    branch: str
    epochs: int = 20
    batch: int = 16
    side: int = 384
    rate: float = 1e-4
    decay: float = 1e-2
    seed: int = 0
    workers: int = 0  # processes that read pictures
    device: str = "cpu"
    sizes: Sizes = FULL


class Pictures(Dataset[tuple[Tensor, int]]):
    """Six channels and the label of each example, changed by chance in training.

    Chance depends on seed, epoch and example alone, so that a training which was broken
    off goes on as if it had not been.
    """

    def __init__(
        self, plan: Plan, found: list[Example], decode: Decode, epoch: int | None
    ) -> None:
        """Take an epoch to change pictures by chance, or None to leave them alone."""
        self._plan = plan
        self._found = found
        self._decode = decode
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, number: int) -> tuple[Tensor, int]:
        example = self._found[number]
        image = self._seen(self._decode(example.path), number)
        return defenders.six_channels(image)[0], example.label

    def _seen(self, image: Image.Image, number: int) -> Image.Image:
        side = self._plan.side
        if self._epoch is None:
            return image.resize((side, side), Image.Resampling.BILINEAR)
        random = np.random.default_rng((self._plan.seed, self._epoch, number))
        return augmented(image, side, random)


class Training:
    """A branch on its way, with all that is needed to go on with it another day."""

    def __init__(self, plan: Plan, backbone: bytes | None = None) -> None:
        """Begin at the beginning, or with a backbone that was trained on ImageNet.

        Raises:
            WeightsError: The backbone is not that of this branch.
        """
        torch.manual_seed(plan.seed)
        dropped = DROPPED[plan.branch]
        self.plan = plan
        self.model = defenders.branch(plan.branch, plan.sizes, dropped=dropped)
        if backbone is not None:
            _begin_with(self.model.model, backbone)
        self.model.to(plan.device)
        self.average = copy.deepcopy(self.model).eval()
        self._optimizer = AdamW(
            self.model.parameters(), lr=plan.rate, weight_decay=plan.decay
        )
        self._scheduler = CosineAnnealingLR(
            self._optimizer, plan.epochs, eta_min=_LOWEST_RATE
        )
        self.epoch = 0  # how many were finished
        self._steps = 0

    def learn(self, batches: Batches) -> float:
        """Go through an epoch; return its mean loss."""
        torch.manual_seed(self.plan.seed + self.epoch)
        self.model.train()
        losses = [self._step(*batch) for batch in batches]
        self._scheduler.step()
        self.epoch += 1
        return float(torch.stack(losses).mean())

    def loss(self, batches: Batches) -> float:
        """Return the mean loss of the average on pictures that nothing is learned from."""
        with torch.inference_mode():
            losses = [self._loss(self.average, *batch) for batch in batches]
        return float(torch.stack(losses).mean())

    def save(self, folder: Path) -> None:
        """Write the branch with its training, and the average as one to answer with."""
        average = self.average.state_dict()
        averaged = {"epoch_idx": self.epoch, "state_dict": average}
        tensors.write(averaged, averaged_file(folder, self.plan.branch))
        content = {
            "epoch_idx": self.epoch,
            "state_dict": self.model.state_dict(),
            "lr": self._scheduler.get_last_lr()[0],
            "optimizer": self._optimizer.state_dict(),
            "scheduler": self._scheduler.state_dict(),
            "average": average,
            "steps": self._steps,
        }
        tensors.write(content, training_file(folder, self.plan.branch))

    def resume(self, folder: Path) -> None:
        """Go on from where `save` was.

        Raises:
            WeightsError: What lies there is no training of this branch.
        """
        path = training_file(folder, self.plan.branch)
        opened = tensors.opened(weights.read(path))
        content = opened if isinstance(opened, dict) else {}
        try:
            self.model.load_state_dict(content["state_dict"])
            self.average.load_state_dict(content["average"])
            self._optimizer.load_state_dict(content["optimizer"])
            self._scheduler.load_state_dict(content["scheduler"])
            self.epoch, self._steps = int(content["epoch_idx"]), int(content["steps"])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            text = f"{path.name} is no training of this branch to go on with."
            raise WeightsError(text) from error

    def _step(self, channels: Tensor, labels: Tensor) -> Tensor:
        loss = self._loss(self.model, channels, labels)
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        self._optimizer.step()
        self._follow()
        return loss.detach()

    def _loss(self, model: Branch, channels: Tensor, labels: Tensor) -> Tensor:
        device = self.plan.device
        return functional.cross_entropy(model(channels.to(device)), labels.to(device))

    def _follow(self) -> None:
        """Move the average a little towards the model."""
        self._steps += 1
        kept = min(_KEPT, (1 + self._steps) / (10 + self._steps))
        current = self.model.state_dict()
        with torch.no_grad():
            for name, mean in self.average.state_dict().items():
                if mean.is_floating_point():
                    mean.lerp_(current[name], 1 - kept)
                else:
                    mean.copy_(current[name])


def train(
    plan: Plan,
    found: list[Example],
    decode: Decode,
    folder: Path,
    *,
    held_out: list[Example] | None = None,
    backbone: bytes | None = None,
    report: Callable[[str], None],
) -> None:
    """Train a branch, or go on with the training that lies in `folder`.

    Args:
        plan: What and how.
        found: What to learn from.
        decode: From a path to an upright RGB picture.
        folder: Where a file for going on and one for answering are kept, after each
            epoch.
        held_out: Pictures to measure the average's loss on.
        backbone: A checkpoint of the backbone to begin with.
        report: Told a line after each epoch.

    Raises:
        WeightsError: The backbone, or what lies in the folder, is refused.
    """
    training = Training(plan, backbone)
    folder.mkdir(parents=True, exist_ok=True)
    if training_file(folder, plan.branch).exists():
        training.resume(folder)
    while training.epoch < plan.epochs:
        loss = training.learn(_batches(plan, found, decode, training.epoch))
        training.save(folder)
        line = f"epoch {training.epoch} of {plan.epochs}: loss {loss:.4f}"
        if held_out:
            apart = training.loss(_batches(plan, held_out, decode, None))
            line += f", on pictures held out {apart:.4f}"
        report(line)


def training_file(folder: Path, branch: str) -> Path:
    return folder / f"{branch}.pth"


def averaged_file(folder: Path, branch: str) -> Path:
    return folder / f"{branch}-EMA-.pth"


def _batches(
    plan: Plan, found: list[Example], decode: Decode, epoch: int | None
) -> Batches:
    shuffled = torch.Generator().manual_seed(plan.seed + (epoch or 0))
    return DataLoader(
        Pictures(plan, found, decode, epoch),
        batch_size=plan.batch,
        shuffle=epoch is not None,
        generator=shuffled,
        num_workers=plan.workers,
        drop_last=epoch is not None and len(found) > plan.batch,
    )


def _begin_with(network: nn.Module, backbone: bytes) -> None:
    """Take over everything but the head, whose classes are other ones."""
    own = network.state_dict()
    found = tensors.read(backbone)
    head = {name: own[name] for name in ("head.weight", "head.bias")}
    tensors.fit(network, {**found, **head})
