"""The scores of one pool: photographs and generated pictures alike."""

import hashlib

import numpy as np
from PIL import Image

from detector.levels import LEVELS, at_level
from detector.metrics import Labels, Numbers
from detector.models.learned import Model
from detector.training.pictures import Pixels
from detector.training.samples import Album


def pool(model: Model, album: Album) -> tuple[Labels, Numbers]:
    """Score every picture, each at one level.

    Pseudo-fakes are left out: they are a means of training, and how often one meets them
    is not known of any court.

    Returns:
        Labels (n,), True for fakes, and scores (n,).
    """
    made = [picture for family in album.families.values() for picture in family]
    chosen = [*album.photos, *made]
    scores = [_score(model, album.pixels(one), one.path) for one in chosen]
    return np.array([one.fake for one in chosen]), np.array(scores)


def _score(model: Model, pixels: Pixels, name: str) -> float:
    level = tuple(LEVELS)[_number(name) % len(LEVELS)]
    return model.score(at_level(Image.fromarray(pixels), level))


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
