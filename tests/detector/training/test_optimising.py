"""Training: the loss falls, and going on equals never having stopped."""

from pathlib import Path

import numpy as np
import pytest
import torch

from detector.training.collecting import collect
from detector.training.optimising import Plan, Trainer, losses
from detector.training.samples import Album, Batch, Batches

PLAN = Plan(side=64, pairs=4, rate=5e-3, widths=(4, 8, 8, 8), depths=(0, 1, 1, 1))
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def batches(data: Path) -> Batches:
    chosen = [one for one in collect(data) if one.pool == "train"]
    return Batches(Album(data, chosen), PLAN.side, PLAN.pairs, seed=0)


def test_a_batch_is_a_function_of_its_number_with_photographs_first(
    batches: Batches,
) -> None:
    first, again, other = batches[3], batches[3], batches[4]

    assert first.rgb.shape == (8, 3, 64, 64)
    assert first.rgb.dtype == torch.uint8
    assert torch.equal(first.rgb, again.rgb)
    assert torch.equal(first.masks, again.masks)
    assert not torch.equal(first.rgb, other.rgb)
    assert first.masks[:4].max() == 0
    assert all(mask.max() > 0 for mask in batches[3].masks[4:])


def test_the_loss_falls(batches: Batches) -> None:
    """On one batch whose fakes are plainly striped, so that few steps suffice."""
    rgb = batches[0].rgb.clone()
    rgb[4:, :, ::2] //= 2
    masks = torch.cat((torch.zeros(4, 64, 64), torch.ones(4, 64, 64)))
    trainer = Trainer(PLAN, CPU)

    seen = [trainer.step(Batch(rgb, masks)) for _ in range(60)]

    assert np.mean(seen[-5:]) < 0.3 * np.mean(seen[:5])


def test_cooling_changes_less_with_each_step_and_in_the_end_nothing(
    batches: Batches,
) -> None:
    steady, cooled = Trainer(PLAN, CPU), Trainer(PLAN, CPU, cooling=(2, 4))
    moved = []
    for number in range(5):
        before = [one.detach().clone() for one in cooled._model.parameters()]
        assert (steady.step(batches[number]) == cooled.step(batches[number])) == (
            number <= 3
        )
        now = zip(before, cooled._model.parameters(), strict=True)
        moved.append(sum(float((a - b.detach()).abs().sum()) for a, b in now))

    assert moved[3] < moved[2]
    assert moved[4] == 0


def test_going_on_from_a_checkpoint_equals_never_having_stopped(
    batches: Batches, tmp_path: Path
) -> None:
    steady, stopped = Trainer(PLAN, CPU), Trainer(PLAN, CPU)
    for number in range(3):
        steady.step(batches[number])
        stopped.step(batches[number])
    stopped.save(tmp_path / "checkpoint.safetensors")
    resumed = Trainer(PLAN, CPU, seed=9)
    resumed.resume(tmp_path / "checkpoint.safetensors")
    for number in range(3, 6):
        assert steady.step(batches[number]) == resumed.step(batches[number])

    assert resumed.steps == 6
    pairs = zip(
        steady.averaged().state_dict().values(),
        resumed.averaged().state_dict().values(),
        strict=True,
    )
    assert all(torch.equal(first, second) for first, second in pairs)


def test_a_patch_learns_from_its_share_of_the_mask() -> None:
    masks = torch.zeros(2, 32, 32)
    masks[1, :16] = 1
    right = torch.tensor([[[-9.0, -9], [-9, -9]], [[9, 9], [-9, -9]]])

    assert losses(right, masks) < 0.01
    assert losses(right.flip(1), masks) > 4
    assert losses(-right, masks) > 8
