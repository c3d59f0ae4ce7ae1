"""The scores of one pool: photographs, generated pictures and edits, at every level."""

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image

from detector.levels import LEVELS, at_level
from detector.models.learned import Model
from detector.training import fakes
from detector.training.calibration import Scored
from detector.training.pictures import PHOTO, Picture, Pixels
from detector.training.samples import Album, pseudo_fake

EDITED = "edited"  # the family of photographs that were altered in a region


def pool(model: Model, album: Album, known: Iterable[str] = ()) -> Scored:
    """Score every picture, and one edit of each photograph, at every level.

    Args:
        model: What scores.
        album: Pictures that it was not trained on.
        known: The families of generators that it had enough pictures of to learn.
    """
    rows = [
        (model.score(at_level(Image.fromarray(pixels), level)), family, one)
        for family, one, pixels in _pictures(album)
        for level in LEVELS
    ]
    scores, families, pictures = zip(*rows, strict=True)
    return Scored(
        np.array(scores),
        families,
        names=tuple(one.path for one in pictures),
        groups=tuple(one.group for one in pictures),
        known=frozenset(known),
    )


def _pictures(album: Album) -> Iterator[tuple[str, Picture, Pixels]]:
    """Yield the family, the picture that it is or was made from, and the pixels."""
    for photo in album.photos:
        yield PHOTO, photo, album.pixels(photo)
        yield EDITED, photo, edited(album, photo).pixels
    for family, made in album.families.items():
        for picture in made:
            yield family, picture, album.pixels(picture)


def edited(album: Album, photo: Picture) -> fakes.Fake:
    """Alter a photograph in a region, each time in the same way."""
    digest = hashlib.sha256(photo.path.encode()).digest()
    random = np.random.default_rng(list(digest))
    return pseudo_fake(album, photo, random, fakes.LOCAL)
