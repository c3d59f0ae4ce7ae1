"""DeepFakeDefenders: its tensors, its arithmetic, its views, and what it says of pictures.

Expected values are those of the original code with weights of the recipe.
"""

import hashlib
import itertools

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from torch import Tensor, nn

from detector import ModelOpinion, assess, explain, tensors
from detector.models import defenders
from detector.models.defenders import BRANCHES, SIDE, VIEWS, Defenders
from detector.models.replknet import ConvBN, LargeKernel, reparameterise
from detector.models.srm import srm
from tests.checkpoints import (
    FACTS,
    TINY,
    full_state,
    picture,
    saved,
    shapes,
    tiny_state,
)
from tests.drawing import landscape

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def tiny() -> Defenders:
    weights = saved({"state_dict": tiny_state()})
    return defenders.load(weights, hashlib.sha256(weights).hexdigest(), TINY)


def close(given: Tensor, expected: object, within: float = 1e-5) -> bool:
    return torch.allclose(given, torch.as_tensor(expected), rtol=0, atol=within)


def test_the_tensors_are_those_of_the_published_checkpoints() -> None:
    with torch.device("meta"):
        network = nn.ModuleDict({name: defenders.branch(name) for name in BRANCHES})

    state = network.state_dict()
    assert len(state) == 1519
    assert {name: tuple(tensor.shape) for name, tensor in state.items()} == shapes()


@pytest.mark.parametrize("name", BRANCHES)
def test_a_branch_of_full_size_gives_the_logits_of_the_original_code(name: str) -> None:
    with torch.device("meta"):
        network = nn.ModuleDict({name: defenders.branch(name)})
    tensors.fit(network, full_state(name))
    branch = network[name]
    assert isinstance(branch, defenders.Branch)
    model = Defenders(name, (defenders.prepared(branch),), "")

    (logits,) = model.logits(next(defenders.views(picture())))

    assert close(logits, FACTS["logits"]["identity"][name])


def test_the_fusion_is_the_mean_of_the_fake_class_over_views_and_branches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = [
        [torch.tensor(FACTS["logits"][view][name]) for name in BRANCHES]
        for view in VIEWS
    ]
    rest = iter(told)
    monkeypatch.setattr(Defenders, "logits", lambda *_: next(rest))

    probability = Defenders("defenders", (), "").probability(picture())

    assert probability == pytest.approx(FACTS["probability"]["both"], abs=1e-6)


def test_the_residuals_are_those_of_the_original_code() -> None:
    rgb = torch.arange(192.0).view(1, 3, 8, 8) / 191

    assert close(srm(rgb)[0], FACTS["srm"])


def test_residuals_are_clipped_at_three() -> None:
    board = (torch.arange(12)[:, None] + torch.arange(12)) % 2

    residuals = srm(board.float().expand(1, 3, 12, 12))

    assert residuals.max() == 3
    assert residuals.min() == -3


def test_the_six_views_are_turns_on_the_same_canvas_and_flips_in_their_order() -> None:
    image = picture()

    made = list(defenders.views(image))

    turned = [image.rotate(angle) for angle in (0, 90, 180, 270)]
    expected = [*turned, ImageOps.mirror(image), ImageOps.flip(image)]
    assert len(made) == len(VIEWS) == 6
    for view, whole in zip(made, expected, strict=True):
        assert view == whole.resize((512, 512), Image.Resampling.BILINEAR)
    black = np.asarray(made[1]) == 0
    assert black[:, :60].all()  # a turned oblong leaves its canvas' sides empty


def test_views_are_made_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    turn = Image.Image.rotate

    def counted(image: Image.Image, angle: float) -> Image.Image:
        made.append(angle)
        return turn(image, angle)

    monkeypatch.setattr(Image.Image, "rotate", counted)

    list(itertools.islice(defenders.views(picture()), 2))

    assert made == [90]


@pytest.mark.parametrize("name", BRANCHES)
def test_a_merged_branch_computes_what_it_was_trained_to(name: str) -> None:
    weights = saved(tiny_state(name))
    trained = defenders.read(weights, TINY)[name].eval()
    merged = defenders.prepared(defenders.read(weights, TINY)[name])
    channels = torch.rand(2, 6, 96, 64, generator=torch.Generator().manual_seed(1))

    with torch.inference_mode():
        apart = (trained(channels) - merged(channels)).abs().max()

    assert apart < 1e-5


def test_merging_leaves_one_biased_convolution_of_each_pair_of_kernels() -> None:
    network = defenders.branch("replknet", TINY).eval()
    before = [one for one in network.modules() if isinstance(one, LargeKernel)]

    reparameterise(network)

    left = list(network.modules())
    assert not any(isinstance(one, ConvBN | LargeKernel) for one in left)
    large = [
        one
        for one in left
        if isinstance(one, nn.Conv2d) and one.groups > 1 and one.kernel_size[0] > 3
    ]
    assert len(large) == len(before) == 5
    assert all(one.bias is not None for one in large)


def test_the_same_picture_gets_the_same_opinion_and_whose_it_is(
    tiny: Defenders,
) -> None:
    image = landscape(3)

    first, again = tiny.opinion(image), tiny.opinion(image.copy())

    assert first == again
    assert first.name == "defenders"
    assert first.probability is not None
    assert 0 < first.probability < 1
    assert first.likelihood_ratio is None
    assert first.weights == tiny.weights


def test_views_asked_together_or_one_at_a_time_lead_to_the_same(
    tiny: Defenders,
) -> None:
    image = landscape(4)
    channels = torch.cat(
        [defenders.six_channels(one) for one in defenders.views(image)]
    )

    with torch.inference_mode():
        chances = [branch(channels).softmax(1)[:, 1] for branch in tiny.branches]

    together = float(torch.stack(chances).mean())
    assert tiny.probability(image) == pytest.approx(together, abs=1e-6)


@pytest.mark.parametrize("name", BRANCHES)
def test_a_single_branch_answers_under_its_own_name(name: str) -> None:
    weights = saved(tiny_state(name))

    opinion = defenders.load(weights, "0" * 64, TINY).opinion(landscape(5))

    assert opinion.name == f"defenders-{name}"
    assert opinion.probability is not None


@pytest.mark.parametrize(
    ("size", "code"),
    [
        ((1, 1), "models.nothing"),
        ((63, 900), "models.nothing"),
        ((20_000, 300), "models.long"),
        ((300, 20_000), "models.long"),
    ],
)
def test_a_picture_without_enough_to_see_gets_no_number(
    tiny: Defenders, size: tuple[int, int], code: str
) -> None:
    opinion = tiny.opinion(Image.effect_noise(size, 60).convert("RGB"))

    assert opinion == ModelOpinion(
        "defenders", None, abstained=code, weights=tiny.weights
    )
    assert explain.sentence(explain.phrase(code))


def test_a_large_picture_gets_a_number(tiny: Defenders) -> None:
    image = landscape(6, (400, 100)).resize((8_000, 2_000))

    assert tiny.opinion(image).probability is not None


def test_weights_that_lead_to_no_number_give_no_number(tiny: Defenders) -> None:
    state = tiny_state("convnext")
    state["model.head.weight"].fill_(3e38)
    absurd = defenders.load(saved(state), "0" * 64, TINY)

    opinion = absurd.opinion(landscape(7))

    assert opinion.probability is None
    assert opinion.abstained == "models.no_number"


def test_an_assessment_asks_the_models_it_is_given_and_says_what_they_lack(
    tiny: Defenders, scene: Image.Image
) -> None:
    assessment = assess(scene, models=(tiny,))

    (opinion,) = assessment.models
    untested = "\n".join(assessment.not_tested)
    assert opinion.probability is not None
    assert (
        assessment.finding == "no sign found"
    )  # nobody calibrated it: it raises nothing
    assert "none that answered is calibrated" in untested
    assert "DeepFakeDefenders" not in untested


def test_without_weights_the_engine_says_so_and_gives_no_number(
    scene: Image.Image,
) -> None:
    assessment = assess(scene, models=())

    assert assessment.models == ()
    assert "DeepFakeDefenders: its weights" in "\n".join(assessment.not_tested)


def test_a_model_that_abstains_is_told_among_what_was_not_tested(
    tiny: Defenders,
) -> None:
    assessment = assess(Image.new("RGB", (1, 1)), models=(tiny,))

    assert assessment.finding == "cannot say"
    assert "defenders” says nothing. The picture is too small" in "\n".join(
        assessment.not_tested
    )


def test_a_view_is_of_the_side_that_the_branches_were_trained_for() -> None:
    assert all(view.size == (SIDE, SIDE) for view in defenders.views(picture()))
