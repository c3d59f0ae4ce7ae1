"""Pairs: a window lies over what was changed, and scores are drawn from every kind."""

from pathlib import Path

import numpy as np
import pytest
import torch

from detector.levels import LEVELS
from detector.models.learned import Model
from detector.models.network import Ensemble, Network
from detector.training import fakes, scoring
from detector.training.collecting import collect
from detector.training.samples import Album, centre, pseudo_fake, reconstruction


@pytest.fixture(scope="module")
def album(data: Path) -> Album:
    return Album(data, [one for one in collect(data) if one.pool == "calibrate"])


def test_the_centre_of_a_mask_is_given_as_shares() -> None:
    mask = np.zeros((10, 20), dtype=np.float32)
    mask[2:5, 10:15] = 1

    assert centre(mask) == (0.6, 0.3)
    assert centre(np.zeros((4, 4), dtype=np.float32)) == (0.5, 0.5)


def test_a_reconstruction_on_disk_is_what_a_region_is_replaced_by(
    data: Path, album: Album, tmp_path: Path
) -> None:
    photo = album.photos[0]
    path = reconstruction(tmp_path, "nearest", photo)
    path.parent.mkdir(parents=True)
    np.save(path, 255 - album.pixels(photo))
    with_files = Album(data, album.photos, tmp_path)

    made = pseudo_fake(
        with_files, photo, np.random.default_rng(0), kinds=("regeneration",)
    )

    inside = made.mask == 1
    assert isinstance(made, fakes.Fake)
    assert np.array_equal(made.pixels[inside], 255 - album.pixels(photo)[inside])


def test_every_picture_of_the_pool_is_scored(album: Album) -> None:
    torch.set_num_threads(1)
    model = Model(Ensemble([Network((4, 4, 8, 8), (0, 1, 0, 1))]), None, "")

    scored = scoring.pool(model, album, ["sdxl-flux"])
    again = scoring.pool(model, album)

    generated = sum(len(made) for made in album.families.values())
    assert scored.pictures(fake=False) == len(album.photos) > 0
    assert scored.pictures(fake=True) == generated + len(album.photos)
    assert scored.scores.size == len(LEVELS) * (generated + 2 * len(album.photos))
    assert np.array_equal(scored.scores, again.scores)
    assert scored.known == {"sdxl-flux"} != again.known
