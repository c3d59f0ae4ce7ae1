"""Every entry of the detector's model registry, and what holds while it is empty."""

import re
from pathlib import Path

import pytest
from PIL import Image

import detector
from detector import ModelOpinion, assess
from detector.models import MODELS, opinions


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    return Image.effect_noise((512, 512), 40).convert("RGB")


def sure(image: Image.Image) -> ModelOpinion:
    """Stand where a model's function stands in the registry."""
    return ModelOpinion("sure", probability=0.99, likelihood_ratio=float(image.width))


def test_every_model_of_the_registry_gives_an_opinion_within_its_range(
    picture: Image.Image,
) -> None:
    given = opinions(picture)

    assert [opinion.name for opinion in given] == list(MODELS)
    for opinion in given:
        assert bool(opinion.abstained) is (opinion.probability is None)
        assert opinion.probability is None or 0 <= opinion.probability <= 1
        assert opinion.likelihood_ratio is None or opinion.likelihood_ratio > 0


def test_the_registry_is_literal_and_every_name_is_fit_for_a_setting() -> None:
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", name) for name in MODELS)
    assert all(path.startswith("detector.models.") for path in MODELS.values())


def test_an_assessment_lists_the_registrys_models_and_says_when_there_are_none(
    picture: Image.Image,
) -> None:
    assessment = assess(picture)

    assert [model.name for model in assessment.models] == list(MODELS)
    says_none = any("no calibrated model" in line for line in assessment.not_tested)
    assert says_none is not bool(MODELS)


def test_a_model_that_enters_the_registry_is_asked_and_does_not_decide_alone(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector.models, "sure", sure, raising=False)
    monkeypatch.setitem(MODELS, "sure", "detector.models:sure")

    assessment = assess(picture)

    assert assessment.models[-1] == ModelOpinion("sure", 0.99, 512.0)
    assert assessment.finding == "no sign found"
    assert "no calibrated model" not in "\n".join(assessment.not_tested)


def test_no_weights_lie_beside_a_registry_that_is_empty() -> None:
    folder = Path(detector.models.__file__).parent

    stray = [path.name for path in folder.rglob("*") if path.suffix in {".pt", ".pth"}]
    assert stray == []
