"""The scores of one pool: photographs, generated pictures and pseudo-fakes alike."""

import hashlib

import numpy as np
from PIL import Image

from detector.levels import LEVELS, at_level
from detector.metrics import Labels, Numbers
from detector.models.learned import Model
from detector.training.pictures import Pixels
from detector.training.samples import Album, twin, twins


def mixture(model: Model, album: Album) -> tuple[Labels, Numbers]:
    """Score every picture and as many pseudo-fakes as generated ones, each at one level.

    Returns:
        Labels (n,), True for fakes, and scores (n,).
    """
    labels: list[bool] = []
    scores: list[float] = []
    for photo in album.photos:
        labels.append(False)
        scores.append(_score(model, album.pixels(photo), photo.path))
    for photo, turn in twins(album):
        labels.append(True)
        scores.append(_score(model, twin(album, photo, turn).pixels, photo.path))
    for family in album.families.values():
        for made in family:
            labels.append(True)
            scores.append(_score(model, album.pixels(made), made.path))
    return np.array(labels), np.array(scores)


def _score(model: Model, pixels: Pixels, name: str) -> float:
    level = tuple(LEVELS)[_number(name) % len(LEVELS)]
    return model.score(at_level(Image.fromarray(pixels), level))


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
