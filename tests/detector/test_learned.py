"""Our own model at runtime: what it sees, when it abstains, how it is opened."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import save as dump

from detector import ModelOpinion, WeightsError, explain
from detector.assessment import STRONG_FROM
from detector.models import learned
from detector.models.learned import Calibration, Model
from detector.models.network import Ensemble, Network, pooled, residuals
from detector.models.srm import srm

GOLDEN = -0.7938  # of the shipped weights on the scene
WIDTHS, DEPTHS = (4, 4, 8, 8), (0, 1, 0, 1)
TABLE = Calibration(
    scores=(-50.0, 50.0), ratios=(1.0, 1.0), low=(0.5, 0.5), high=(1.2, 1.2)
)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def network() -> Ensemble:
    torch.manual_seed(0)
    return Ensemble([Network(WIDTHS, DEPTHS), Network(WIDTHS, DEPTHS)])


@pytest.fixture
def model(network: Ensemble) -> Model:
    return Model(network, TABLE, "ab" * 32)


@pytest.fixture
def files(tmp_path: Path, network: Ensemble) -> tuple[Path, Path]:
    """Write tiny weights and their card."""
    weights, card = tmp_path / "learned.safetensors", tmp_path / "learned.json"
    content = dump(network.state_dict())
    weights.write_bytes(content)
    facts = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "networks": [{"widths": WIDTHS, "depths": DEPTHS}] * 2,
        "calibration": {
            "table": {
                "scores": [-50, 50],
                "ratios": [1, 1],
                "low": [0, 0],
                "high": [2, 2],
            }
        },
    }
    card.write_text(json.dumps(facts))
    return weights, card


def test_srm_of_one_bright_pixel_is_the_three_filters() -> None:
    picture = torch.zeros(1, 3, 9, 9)
    black = srm(picture)[0, :, 4, 4]
    picture[0, :, 4, 4] = 0.01
    lit = srm(picture)[0, :, 4, 4]

    # 0.01 in each channel, over its deviation, summed; times each filter's middle.
    added = 0.01 * sum(1 / deviation for deviation in (0.229, 0.224, 0.225))
    expected = torch.tensor([-4 / 4, -12 / 12, -2 / 2]) * added
    assert torch.allclose(lit - black, expected, atol=1e-4)


def test_srm_is_clipped_and_keeps_the_shape() -> None:
    noise = torch.rand(2, 3, 16, 24)

    assert srm(noise).shape == noise.shape
    assert srm(noise).abs().max() == 3


def test_brightness_and_contrast_hardly_change_what_the_network_sees() -> None:
    torch.manual_seed(1)
    noise = torch.rand(1, 3, 64, 64)
    seen, dimmed = residuals(noise), residuals(noise * 0.5 + 0.3)

    middle = (..., slice(8, -8), slice(8, -8))
    assert seen.shape == (1, 6, 64, 64)
    assert (seen - dimmed)[middle].abs().mean() < 0.25 * seen[middle].abs().mean()


def test_an_ensembles_logits_are_the_mean_of_its_networks(network: Ensemble) -> None:
    picture = torch.rand(2, 3, 40, 65)  # no multiples of a patch
    first, second = (one(picture) for one in network.networks)

    assert network(picture).shape == (2, 3, 5)
    assert torch.allclose(network(picture), (first + second) / 2, atol=1e-6)
    assert not torch.allclose(first, second, atol=1e-3)


def test_the_score_is_the_mean_of_the_most_suspicious_quarter() -> None:
    logits = torch.arange(8.0).view(1, 2, 4)

    assert pooled(logits).tolist() == [6.5]


def test_opinion_and_heatmap_together_are_what_they_are_apart(model: Model) -> None:
    photo = Image.effect_noise((300, 280), 40).convert("RGB")
    opinion, heatmap = model.mapped(photo)
    assert opinion == model.opinion(photo)
    assert heatmap is not None
    assert np.array_equal(heatmap, model.heatmap(photo))

    opinion, heatmap = model.mapped(photo.crop((0, 0, 90, 90)))
    assert (opinion.abstained, heatmap) == ("models.small", None)


@pytest.mark.parametrize("size", [(300, 260), (1, 1), (5000, 20), (4000, 3000)])
def test_the_heatmap_is_finite_bounded_and_of_the_pictures_form(
    model: Model, size: tuple[int, int]
) -> None:
    heatmap = model.heatmap(Image.effect_noise(size, 40).convert("RGB"))

    rows, columns = heatmap.shape
    assert heatmap.size <= 2 * (learned.SIDE // 16) ** 2 + rows + columns
    assert heatmap.min() >= 0
    assert heatmap.max() <= 1


def test_a_photograph_gets_a_number_with_its_interval_twice_the_same(
    model: Model, scene: Image.Image
) -> None:
    first, second = model.opinion(scene), model.opinion(scene)

    assert first == second
    assert model.scored(scene) == (model.score(scene), first)
    assert first.likelihood_ratio == pytest.approx(10)
    assert first.probability == pytest.approx(10 / 11)
    assert first.interval == pytest.approx((10**0.5, 10**1.2))
    assert first.weights == "ab" * 32


def test_an_uncalibrated_model_gives_no_likelihood_ratio(
    network: Ensemble, scene: Image.Image
) -> None:
    opinion = Model(network, None, "").opinion(scene)

    assert opinion.probability is not None
    assert opinion.likelihood_ratio is None
    assert opinion.interval is None


def drawing() -> Image.Image:
    image = Image.new("RGB", (600, 500), "white")
    ImageDraw.Draw(image).ellipse((100, 100, 300, 400), fill="red", outline="black")
    return image


def test_it_abstains_with_a_reason_outside_of_what_it_learned(
    model: Model, save: Callable[..., bytes], reopen: Callable[[bytes], Image.Image]
) -> None:
    noise = Image.effect_noise((600, 500), 40).convert("RGB")
    pictures = {
        "models.small": [
            noise.resize((255, 400)),
            noise.resize((1, 1)),
            noise.resize((5000, 300)),
        ],
        "models.recompressed": [reopen(save("JPEG", noise, quality=30))],
        "models.not_a_photo": [drawing(), Image.new("RGB", (600, 500))],
    }

    for code, images in pictures.items():
        assert explain.sentence(explain.phrase(code)).endswith(".")
        for image in images:
            opinion = model.opinion(image)
            assert opinion.abstained == code
            assert opinion.probability is opinion.likelihood_ratio is None
    assert not model.opinion(reopen(save("JPEG", noise, quality=60))).abstained


def test_the_weights_and_the_card_are_opened(
    files: tuple[Path, Path], scene: Image.Image, model: Model
) -> None:
    opened = learned.load(*files)

    assert opened.score(scene) == model.score(scene)
    assert opened.opinion(scene).weights == json.loads(files[1].read_text())["sha256"]


def test_weights_that_are_not_the_cards_are_refused(files: tuple[Path, Path]) -> None:
    weights, card = files
    weights.write_bytes(weights.read_bytes() + b"\0")

    with pytest.raises(WeightsError, match="not the checkpoint that was named"):
        learned.load(weights, card)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"sha256": 1, "networks": 2}', '{"sha256": 1, "networks": []}'],
)
def test_a_card_that_is_none_is_refused(files: tuple[Path, Path], content: str) -> None:
    weights, card = files
    card.write_text(content)

    with pytest.raises(WeightsError, match=r"learned\.json"):
        learned.load(weights, card)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 a pickle", dump({"other": torch.zeros(2)})]
)
def test_a_file_of_another_format_or_another_network_is_refused(
    files: tuple[Path, Path], content: bytes
) -> None:
    weights, card = files
    weights.write_bytes(content)
    facts = json.loads(card.read_text())
    facts["sha256"] = hashlib.sha256(content).hexdigest()
    card.write_text(json.dumps(facts))

    with pytest.raises(WeightsError, match="does not fit"):
        learned.load(weights, card)


@pytest.fixture(scope="module")
def shipped() -> Model:
    return learned.load()


def test_what_ships_is_small_and_gives_the_score_that_it_gave(
    shipped: Model, scene: Image.Image
) -> None:
    card = learned.read_card(learned.CARD)

    assert learned.WEIGHTS.stat().st_size <= 10 * 10**6
    assert shipped.score(scene) == pytest.approx(GOLDEN, abs=1e-3)
    assert shipped.opinion(scene).weights == card["sha256"]
    assert shipped.opinion(scene.crop((0, 0, 200, 400))).abstained == "models.small"


def test_what_ships_claims_no_more_than_its_calibration_bears(shipped: Model) -> None:
    facts = learned.read_card(learned.CARD)["calibration"]
    table = Calibration(**facts["table"])

    for score in np.linspace(-20, 20, 81):
        ratio, low, high = table.at(score)
        # It never rules out a fake, and never says "strong signs" alone.
        assert high >= 1
        assert ratio <= 1.001 * facts["most"] < STRONG_FROM
        assert low <= ratio <= high <= 1.001 * facts["most"] <= facts["photographs"] / 3


def test_a_score_that_says_nothing_is_said_so() -> None:
    words = explain.opinion(ModelOpinion("learned", 0.5, 1.0, (0.4, 1.0)))

    assert words.finding == "neither for AI nor for a photo"


def test_a_drawing_is_flat_and_a_photograph_is_not(scene: Image.Image) -> None:
    assert learned.flatness(drawing()) > 0.9
    assert learned.flatness(scene) < 0.1
    assert np.isclose(learned.flatness(Image.new("RGB", (64, 64))), 1)
