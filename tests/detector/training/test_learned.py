"""The training program: from pictures to weights and a card that the runtime opens."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from detector.models import learned as runtime
from detector.training import __main__ as command_line
from detector.training import learned, optimising, pictures, preparation
from detector.training.autoencoders import UPSAMPLERS

TINY = optimising.Plan(
    side=64, pairs=2, rate=5e-3, widths=(4, 4, 8, 8), depths=(0, 1, 0, 1)
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything be tiny; the pools are made so that none is empty."""
    monkeypatch.setitem(optimising.PLANS, torch.device("cpu").type, TINY)
    monkeypatch.setattr(preparation, "_CHECKED", 1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def train(data: Path, out: Path, *more: str) -> int:
    times = ["--minutes", "0.02", "--autoencoder-minutes", "0.002"]
    machine = ["--threads", "1", "--workers", "0"]
    given = ["learned", str(data), str(out), *times, *machine, *more]
    return command_line.main(given)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """Take a part of the pictures, of every set."""
    root = tmp_path_factory.mktemp("few")
    for folder in data.iterdir():
        (root / folder.name).mkdir()
        for path in sorted(folder.iterdir())[:9]:
            (root / folder.name / path.name).symlink_to(path)
    return root


def test_a_training_goes_on_and_ends_in_a_card_that_the_runtime_opens(
    few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(few, tmp_path) == 0
    assert not (tmp_path / "learned.json").exists()
    first = checkpoint_steps(tmp_path)
    assert train(few, tmp_path, "--calibrate") == 0

    card = json.loads((tmp_path / "learned.json").read_text())
    model = runtime.load(tmp_path / "learned.safetensors", tmp_path / "learned.json")
    opinion = model.opinion(Image.effect_noise((300, 300), 30).convert("RGB"))
    (training,) = card["training"]
    assert training["steps"] > first > 0
    assert training["left_out"] == []
    assert set(training["decoders_psnr"]) == set(UPSAMPLERS)
    assert opinion.likelihood_ratio == pytest.approx(1, abs=10)
    assert opinion.weights == card["sha256"]


def test_networks_trained_apart_are_joined_and_calibrated_together(
    few: Path, tmp_path: Path
) -> None:
    first, second, out = (tmp_path / name for name in ("first", "second", "out"))
    train(few, first, "--calibrate", "--seed", "1")
    train(few, second, "--calibrate", "--seed", "2", "--leave-out", "sd1")
    weights = [str(folder / "learned.safetensors") for folder in (first, second)]

    asked = ["ensemble", str(few), str(first), str(out), *weights]
    assert command_line.main(asked) == 0

    card = json.loads((out / "learned.json").read_text())
    assert [one["seed"] for one in card["training"]] == [1, 2]
    assert [one["left_out"] for one in card["training"]] == [[], ["sd1"]]
    assert card["pictures"]["generated_sd1"]["pools"]["train"] > 0, "one has seen them"
    joined = runtime.load(out / "learned.safetensors", out / "learned.json")
    for network, folder in zip(joined.networks, (first, second), strict=True):
        alone = load_file(folder / "learned.safetensors")
        for name, value in network.state_dict().items():
            assert torch.equal(value, alone[f"members.0.{name}"])


def test_weights_that_cannot_be_joined_are_answered_with_a_sentence(
    few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "learned.safetensors"

    asked = ["ensemble", str(few), str(tmp_path), str(tmp_path), str(missing)]
    assert command_line.main(asked) == 1
    assert "learned.json cannot be read as a model card." in capsys.readouterr().err


def test_cooling_ends_before_it_begins_only_by_mistake(
    few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        train(few, tmp_path, "--cool", "5", "5")
    assert "FIRST must come before LAST" in capsys.readouterr().err


def test_a_training_is_over_once_its_rate_has_fallen_to_nothing(
    few: Path, tmp_path: Path
) -> None:
    for _ in range(2):  # the second time there is nothing left to do
        train(few, tmp_path, "--minutes", "60", "--cool", "1", "3")
        assert checkpoint_steps(tmp_path) == 3


def test_a_family_left_out_is_not_in_the_album_that_is_learned_from(
    few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []
    monkeypatch.setattr(
        learned, "_train", lambda _, album, __: seen.append(set(album.families))
    )

    train(few, tmp_path, "--leave-out", "sd1")
    train(few, tmp_path)

    assert seen == [{"sdxl-flux"}, {"sd1", "sdxl-flux"}]
    listed = pictures.load(tmp_path / "pictures.json")
    assert any(one.family == "sd1" and one.pool == "train" for one in listed)


def test_a_program_that_is_not_there_is_answered_with_those_that_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for arguments in (["nothing"], []):
        with pytest.raises(SystemExit) as ended:
            command_line.main(arguments)
        assert ended.value.code == 2
    assert "'learned', 'ensemble', 'defenders', 'merge'" in capsys.readouterr().err


def checkpoint_steps(out: Path) -> int:
    trainer = optimising.Trainer(TINY, torch.device("cpu"))
    trainer.resume(out / "checkpoint.safetensors")
    return trainer.steps
