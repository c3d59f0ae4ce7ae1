"""Every entry of the detector's model registries, and what an assessment does with them."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from PIL import Image

import detector
from detector import Checkpoint, ModelOpinion, WeightsError, assess, load_model
from detector.models import BROUGHT, SHIPPED, opinions, shipped_models

NOWHERE = Checkpoint("", Path("/nowhere"), "0" * 64)


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    return Image.effect_noise((512, 512), 40).convert("RGB")


@dataclass(frozen=True)
class Sure:
    """Stands where a loaded model stands."""

    asked: list[Image.Image]

    def opinion(self, image: Image.Image) -> ModelOpinion:
        self.asked.append(image)
        return ModelOpinion("sure", probability=0.99, likelihood_ratio=12.0)


def test_every_model_that_ships_gives_an_opinion_within_its_range(
    picture: Image.Image,
) -> None:
    given = opinions(picture, shipped_models())

    assert [opinion.name for opinion in given] == list(SHIPPED)
    for opinion in given:
        assert bool(opinion.abstained) is (opinion.probability is None)
        assert opinion.probability is None or 0 <= opinion.probability <= 1
        assert opinion.likelihood_ratio is None or opinion.likelihood_ratio > 0


def test_the_registries_are_literal_and_every_name_is_fit_for_a_setting() -> None:
    for registry in (SHIPPED, BROUGHT):
        assert all(re.fullmatch(r"[a-z][a-z0-9-]*", name) for name in registry)
        assert all(path.startswith("detector.models.") for path in registry.values())


@pytest.mark.parametrize("name", BROUGHT)
def test_a_model_that_is_brought_is_refused_without_its_weights(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(WeightsError, match="is not a file"):
        load_model(Checkpoint(name, tmp_path / "absent.pth", "0" * 64))


def test_a_model_of_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(WeightsError, match="known: defenders"):
        load_model(NOWHERE)


def test_an_assessment_lists_what_ships_and_says_when_nothing_does(
    picture: Image.Image,
) -> None:
    assessment = assess(picture)

    assert [model.name for model in assessment.models] == list(SHIPPED)
    says_none = any("no calibrated model" in line for line in assessment.not_tested)
    assert says_none is not bool(SHIPPED)


def test_what_ships_is_loaded_once() -> None:
    assert shipped_models() is shipped_models()


def test_an_operators_model_comes_after_what_ships(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    sure = Sure([])
    monkeypatch.setattr("detector.models.load_model", lambda _: sure)
    before = torch.get_num_threads()

    try:
        models = detector.models_with(f"defenders:/x#sha256={'0' * 64}", threads=1)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)

    assert models == (*shipped_models(), sure)
    assert detector.models_with("", threads=before) == shipped_models()


def test_an_assessment_tells_its_steps_to_whoever_waits(picture: Image.Image) -> None:
    told: list[str] = []

    assess(picture, original=picture, models=(), begins=told.append)

    assert told == ["provenance", "derivation", "measurements", "models"]


def test_a_model_that_is_given_is_asked_and_does_not_decide_alone(
    picture: Image.Image,
) -> None:
    sure = Sure([])

    assessment = assess(picture, models=(sure,))

    assert sure.asked == [picture]
    assert assessment.models == (ModelOpinion("sure", 0.99, 12.0),)
    assert assessment.finding == "no sign found"
    assert "no calibrated model" not in "\n".join(assessment.not_tested)


def test_no_weights_that_could_run_code_lie_in_the_repository() -> None:
    folder = Path(detector.__file__).parent

    stray = [path.name for path in folder.rglob("*") if path.suffix in {".pt", ".pth"}]
    assert stray == []


def test_the_detector_needs_no_tensor_library_until_a_model_is_asked_for() -> None:
    program = "import sys, detector; sys.exit('torch' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)

    assert done.returncode == 0
