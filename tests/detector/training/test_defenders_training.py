"""The training of a branch, on tiny networks and drawn pictures."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from detector import WeightsError, tensors, weights
from detector.models import defenders
from detector.models.defenders import BRANCHES
from detector.training import __main__ as command_line
from detector.training.defenders import (
    Batches,
    Pictures,
    Plan,
    Training,
    averaged_file,
    train,
    training_file,
)
from detector.training.examples import (
    Example,
    ExamplesError,
    augmented,
    examples,
)
from tests.checkpoints import TINY, saved, tiny_state
from tests.drawing import landscape

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six landscapes, and as the fakes the same six without red."""
    folder = tmp_path_factory.mktemp("pictures")
    for seed in range(6):
        real = landscape(seed, (96, 96))
        levels = np.array(real)
        levels[..., 0] = 0
        for name, image in (("real", real), ("fake", Image.fromarray(levels))):
            (folder / name).mkdir(exist_ok=True)
            image.save(folder / name / f"{seed}.png")
    return folder


def decode(path: Path) -> Image.Image:
    return Image.open(path).convert("RGB")


def plan(branch: str = "convnext", epochs: int = 1) -> Plan:
    return Plan(branch, epochs, batch=4, side=32, rate=1e-2, sizes=TINY)


def trained(plan: Plan, pictures: Path, folder: Path) -> list[str]:
    lines: list[str] = []
    train(plan, examples(pictures), decode, folder, report=lines.append)
    return lines


@pytest.mark.parametrize("branch", BRANCHES)
def test_training_lowers_the_loss(branch: str, pictures: Path) -> None:
    training = Training(plan(branch, epochs=30))
    seen = Pictures(training.plan, examples(pictures), decode, epoch=None)
    batch = next(iter(DataLoader(seen, batch_size=len(seen))))

    losses = [training.learn([batch] * 2) for _ in range(30)]

    assert training.epoch == 30
    assert losses[-1] < 0.6 * losses[0]
    assert training.loss([batch]) < 0.6 * losses[0]  # of the average, too


def test_a_training_that_was_broken_off_goes_on_as_if_it_had_not(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    straight = trained(plan(epochs=3), pictures, whole)
    learn = Training.learn
    calls = itertools.count()

    def broken(training: Training, batches: Batches) -> float:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return learn(training, batches)

    monkeypatch.setattr(Training, "learn", broken)
    with pytest.raises(KeyboardInterrupt):
        trained(plan(epochs=3), pictures, parts)
    monkeypatch.undo()

    assert trained(plan(epochs=3), pictures, parts) == straight[2:]
    for file in (training_file, averaged_file):
        first, second = (
            tensors.read(file(folder, "convnext").read_bytes())
            for folder in (whole, parts)
        )
        assert all(torch.equal(first[name], second[name]) for name in first)


def test_both_files_of_a_training_answer(pictures: Path, tmp_path: Path) -> None:
    trained(plan(), pictures, tmp_path)

    for path in (
        training_file(tmp_path, "convnext"),
        averaged_file(tmp_path, "convnext"),
    ):
        model = defenders.load(weights.read(path), "0" * 64, TINY)
        assert model.opinion(landscape(9)).name == "defenders-convnext"


def test_a_finished_training_is_left_as_it_is(pictures: Path, tmp_path: Path) -> None:
    trained(plan(), pictures, tmp_path)

    assert trained(plan(), pictures, tmp_path) == []


def test_another_branchs_training_is_not_gone_on_with(
    pictures: Path, tmp_path: Path
) -> None:
    trained(plan("replknet"), pictures, tmp_path)
    training_file(tmp_path, "replknet").rename(training_file(tmp_path, "convnext"))

    with pytest.raises(WeightsError, match="no training of this branch"):
        trained(plan("convnext"), pictures, tmp_path)


def test_pictures_held_out_are_measured_and_not_learned_from(
    pictures: Path, tmp_path: Path
) -> None:
    lines: list[str] = []
    found = examples(pictures)

    train(plan(), found, decode, tmp_path, held_out=found, report=lines.append)

    assert "on pictures held out 0." in lines[0]


def test_a_backbone_of_imagenet_is_taken_over_without_its_head() -> None:
    state = {
        name.removeprefix("model."): tensor
        for name, tensor in tiny_state("convnext").items()
        if name.startswith("model.")
    }
    state["head.weight"], state["head.bias"] = torch.ones(1000, 32), torch.ones(1000)

    network = Training(plan(), saved({"model": state})).model.state_dict()

    assert torch.equal(network["model.norm.weight"], state["norm.weight"])
    assert network["model.head.weight"].shape == (2, 32)


def test_a_backbone_of_the_other_branch_is_refused() -> None:
    with pytest.raises(WeightsError, match="lacks"):
        Training(plan(), saved(tiny_state("replknet")))


def test_chance_changes_a_picture_the_same_whatever_its_class() -> None:
    image = landscape(1, (200, 150))

    made = [augmented(image, 48, np.random.default_rng(seed)) for seed in (1, 1, 2)]

    assert made[0] == made[1]
    assert made[0] != made[2]
    assert all(one.size == (48, 48) for one in made)


def test_the_thinnest_picture_can_be_cropped() -> None:
    thin = Image.new("RGB", (1, 5000))

    made = augmented(thin, 32, np.random.default_rng(0))

    assert made.size == (32, 32)


def test_a_list_names_pictures_beside_it(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a b.png 0\n\nc.png 1\n", "utf-8")

    assert examples(tmp_path / "list.txt") == [
        Example(tmp_path / "a b.png", 0),
        Example(tmp_path / "c.png", 1),
    ]


@pytest.mark.parametrize("text", ["a.png\n", "a.png 2\n", " 1\n", "a.png 0\n", "\xff"])
def test_a_list_of_another_form_or_of_one_class_is_refused(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "list.txt").write_bytes(text.encode("latin-1"))

    with pytest.raises(ExamplesError, match=r"list\.txt"):
        examples(tmp_path / "list.txt")


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExamplesError, match="needs real pictures and fake ones"):
        examples(tmp_path)


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    found = [Example(bad, 0), Example(bad, 1)]

    with pytest.raises(ExamplesError, match=r"bad\.png: "):
        train(plan(), found, command_line._decode, tmp_path, report=print)


def test_the_command_prints_a_sentence_where_it_cannot_train(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = command_line.main(
        ["defenders", "convnext", str(tmp_path), "-o", str(tmp_path / "out")]
    )

    assert status == 1
    assert capsys.readouterr().err.endswith("needs real pictures and fake ones.\n")
