"""Pseudo-fakes: the mask is where the picture changed, and nowhere else."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from detector.training import fakes
from detector.training.autoencoders import UPSAMPLERS, Trainer, psnr, reconstructed
from detector.training.fakes import KINDS, LOCAL, Kind, Material
from detector.training.pictures import Pixels

Draw = Callable[[int], Pixels]


@pytest.fixture(scope="module")
def material(draw: Draw) -> Material:
    photo = draw(1)
    return Material(photo, donor=draw(2)[:200], reconstructions=[255 - photo])


@pytest.mark.parametrize("kind", KINDS)
def test_outside_of_its_mask_a_fake_is_the_photograph_to_the_bit(
    kind: Kind, material: Material
) -> None:
    for seed in range(8):
        fake = fakes.make(material, kind, np.random.default_rng(seed))
        outside = fake.mask == 0
        assert fake.pixels.shape == material.photo.shape
        assert fake.mask.shape == material.photo.shape[:2]
        assert np.array_equal(fake.pixels[outside], material.photo[outside])


@pytest.mark.parametrize("kind", KINDS)
def test_inside_of_its_mask_most_of_a_fake_is_changed(
    kind: Kind, material: Material
) -> None:
    fake = fakes.make(material, kind, np.random.default_rng(3))
    changed = (fake.pixels != material.photo).any(axis=2)

    assert changed[fake.mask > 0.9].mean() > 0.8


@pytest.mark.parametrize("kind", LOCAL)
def test_a_local_fake_changes_a_part_that_is_neither_tiny_nor_most(
    kind: Kind, material: Material
) -> None:
    shares = [
        fakes.make(material, kind, np.random.default_rng(seed)).mask.mean()
        for seed in range(12)
    ]
    assert min(shares) > 0.01
    assert max(shares) < 0.6


def test_the_same_seed_makes_the_same_fake(material: Material) -> None:
    first, second = (
        fakes.make(material, "splice", np.random.default_rng(5)) for _ in range(2)
    )
    assert np.array_equal(first.pixels, second.pixels)


def test_without_reconstructions_a_decoder_is_imitated(draw: Draw) -> None:
    photo = draw(1)

    fake = fakes.make(
        Material(photo, photo), "reconstruction", np.random.default_rng(0)
    )

    assert fake.mask.min() == 1
    assert 25 < psnr(photo, fake.pixels) < 50


def test_three_autoencoders_learn_and_keep_odd_sizes(draw: Draw) -> None:
    torch.set_num_threads(1)
    photo = draw(1)
    made = []
    for upsampler in UPSAMPLERS:
        trainer = Trainer(upsampler, torch.device("cpu"))
        errors = [trainer.step([photo]) for _ in range(6)]
        assert errors[-1] < errors[0]
        made.append(reconstructed(trainer.model, photo[:101, :99]))
    assert {one.shape for one in made} == {(101, 99, 3)}
    assert len({one.tobytes() for one in made}) == 3
