"""Laundering: one recipe, drawn without a label, for a photograph and its fake."""

import inspect
from collections.abc import Callable

import numpy as np
import pytest

from detector.training import laundering
from detector.training.pictures import Pixels

SEEDS = range(40)


@pytest.fixture(scope="module")
def scene(draw: Callable[[int], Pixels]) -> Pixels:
    return draw(1)


def test_both_classes_go_the_same_way_to_the_bit(scene: Pixels) -> None:
    for seed in SEEDS:
        recipe = laundering.draw(np.random.default_rng(seed), 96, 300)
        first, second = (laundering.launder(scene.copy(), recipe) for _ in range(2))
        assert np.array_equal(first, second)


def test_no_label_enters_the_drawing() -> None:
    assert set(inspect.signature(laundering.draw).parameters) == {
        "random",
        "side",
        "shortest",
        "hard",
    }


@pytest.mark.parametrize("shortest", [120, 152, 300])
def test_whatever_is_drawn_ends_in_the_size_asked_for(
    scene: Pixels, shortest: int
) -> None:
    picture = scene[:shortest]
    mask = np.ones(picture.shape[:2], dtype=np.float32)
    for seed in SEEDS:
        recipe = laundering.draw(np.random.default_rng(seed), 96, shortest)
        assert laundering.launder(picture, recipe).shape == (96, 96, 3)
        assert laundering.launder_mask(mask, recipe).shape == (96, 96)


def test_a_mask_stays_over_what_it_marks(scene: Pixels) -> None:
    mask = np.zeros(scene.shape[:2], dtype=np.float32)
    mask[100:200, 90:220] = 1
    marked = np.where(mask[:, :, None] > 0, np.uint8(255), np.uint8(0))
    marked = np.repeat(marked, 3, axis=2)
    for seed in SEEDS:
        recipe = laundering.draw(np.random.default_rng(seed), 96, 300)
        seen = laundering.launder(marked, recipe)[:, :, 1] > 127
        assert np.mean(seen == (laundering.launder_mask(mask, recipe) > 0.5)) > 0.95


def test_all_kinds_of_steps_are_drawn(scene: Pixels) -> None:
    recipes = [
        laundering.draw(np.random.default_rng(seed), 96, 300) for seed in range(300)
    ]
    savings = [saving for recipe in recipes for saving in recipe.savings]

    assert {saving.codec for saving in savings} == {"JPEG", "WEBP"}
    assert min(saving.quality for saving in savings) == 40
    assert max(saving.quality for saving in savings) == 96
    assert {recipe.kernel for recipe in recipes} == set(laundering.KERNELS)
    assert {len(recipe.savings) for recipe in recipes} == {0, 1, 2}
    assert any(recipe.blur for recipe in recipes)
    assert any(recipe.noise for recipe in recipes)
    assert min(recipe.scale for recipe in recipes) < 0.5
    assert max(recipe.scale for recipe in recipes) > 1.1
