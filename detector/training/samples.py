"""Batches for training: photographs and fakes in pairs that went the same way.

A batch is a pure function of its number, so that training can stop and go on anywhere.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from detector.training import fakes, laundering, pictures
from detector.training.pictures import FOLDERS, Mask, Picture, Pixels

_GENERATED: Final = 0.4  # of all pairs: a generator's picture beside some photograph
_CENTRED: Final = 0.7  # of local fakes: the window is laid over the change
_LIKE: Final = 0.5  # of generators' pictures: beside a photograph that shows the same
_AGED: Final = 0.9  # what an ageing picture is reduced to, to hide the saving's blocks


class Batch(NamedTuple):
    """Photographs first, then the fakes in the same order."""

    rgb: Tensor  # (2 n, 3, side, side), uint8
    masks: Tensor  # (2 n, side, side), float32, 1 where a picture is fake


class Album:
    """The pictures of one pool in memory, with the photographs' reconstructions."""

    def __init__(
        self, data: Path, chosen: Sequence[Picture], reconstructions: Path | None = None
    ) -> None:
        """Read every picture once."""
        self.photos = [picture for picture in chosen if not picture.fake]
        self.people = [picture for picture in self.photos if picture.people]
        self.folders = {
            folder: [picture for picture in self.photos if picture.folder == folder]
            for folder in sorted({picture.folder for picture in self.photos})
        }
        generated = [picture for picture in chosen if picture.fake]
        self.families = {
            family: [picture for picture in generated if picture.family == family]
            for family in sorted({picture.family for picture in generated})
        }
        self._pixels = {picture: pictures.read(data, picture) for picture in chosen}
        self._decoders = sorted(reconstructions.glob("*")) if reconstructions else []

    def pixels(self, picture: Picture) -> Pixels:
        return self._pixels[picture]

    def reconstructions(self, picture: Picture) -> list[Pixels]:
        """Return what all decoders that were asked made of a photograph."""
        paths = (decoder / _file(picture) for decoder in self._decoders)
        # One of them is used at most, so none is read before.
        return [np.load(path, mmap_mode="r") for path in paths if path.is_file()]


def reconstruction(folder: Path, decoder: str, picture: Picture) -> Path:
    """Name the file that holds what one decoder made of a photograph."""
    return folder / decoder / _file(picture)


def _file(picture: Picture) -> str:
    return f"{picture.path.replace('/', '-')}.npy"


class Batches(Dataset[Batch]):
    """All batches of a training, by number."""

    def __init__(self, album: Album, side: int, pairs: int, seed: int) -> None:
        """Draw `pairs` pairs of `side` x `side` pixels per batch."""
        self._album = album
        self._side = side
        self._pairs = pairs
        self._seed = seed

    def __getitem__(self, number: int) -> Batch:
        cv2.setNumThreads(0)  # the batches are what is made side by side
        random = np.random.default_rng((self._seed, number))
        made = [self._pair(random) for _ in range(self._pairs)]
        rgb = np.stack([photo for photo, _, _ in made] + [fake for _, fake, _ in made])
        masks = np.stack([mask for _, _, mask in made])
        return Batch(
            rgb=torch.from_numpy(rgb).permute(0, 3, 1, 2).contiguous(),
            masks=torch.from_numpy(np.concatenate((np.zeros_like(masks), masks))),
        )

    def _pair(self, random: np.random.Generator) -> tuple[Pixels, Pixels, Mask]:
        if self._album.families and random.random() < _GENERATED:
            photo, made = self._strangers(random)
        else:
            photo, made = self._twins(random)
        shortest = min(*photo.shape[:2], *made.pixels.shape[:2])
        recipe = laundering.draw(random, self._side, shortest)
        if random.random() < _CENTRED:
            recipe = replace(recipe, place=centre(made.mask))
        mask = laundering.launder_mask(made.mask, recipe)
        return (
            laundering.launder(photo, recipe),
            laundering.launder(made.pixels, recipe),
            mask,
        )

    def _strangers(self, random: np.random.Generator) -> tuple[Pixels, fakes.Fake]:
        """Choose a generator's picture and a photograph, saved as badly as each other."""
        album = self._album
        # Families alike: what is known of few pictures is learned last.
        families = list(album.families.values())
        made = _one(families[int(random.integers(len(families)))], random)
        photo = self._beside(made, random)
        worse = min(FOLDERS[one.folder].quality for one in (made, photo))
        first, second = (_aged(album, one, worse) for one in (photo, made))
        whole = np.ones(second.shape[:2], dtype=np.float32)
        return first, fakes.Fake(second, whole)

    def _beside(self, made: Picture, random: np.random.Generator) -> Picture:
        """Choose a photograph: of the same if there are such, of people if it shows some."""
        album = self._album
        like = album.folders.get(FOLDERS[made.folder].like)
        if like and random.random() < _LIKE:
            return _one(like, random)
        if made.people and album.people and random.random() < _LIKE:
            return _one(album.people, random)
        return _of_some(list(album.folders.values()), random)

    def _twins(self, random: np.random.Generator) -> tuple[Pixels, fakes.Fake]:
        photo = _of_some(list(self._album.folders.values()), random)
        return self._album.pixels(photo), pseudo_fake(self._album, photo, random)


def pseudo_fake(
    album: Album,
    photo: Picture,
    random: np.random.Generator,
    kinds: Sequence[fakes.Kind] = fakes.KINDS,
) -> fakes.Fake:
    """Make a fake of a photograph, with another one of the album as the donor."""
    material = fakes.Material(
        photo=album.pixels(photo),
        donor=album.pixels(_one(album.photos, random)),
        reconstructions=album.reconstructions(photo),
    )
    return fakes.make(material, kinds[int(random.integers(len(kinds)))], random)


def centre(mask: Mask) -> tuple[float, float]:
    """Return the mask's centre as shares of its width and height."""
    rows, columns = np.nonzero(mask)
    if not rows.size:
        return 0.5, 0.5
    height, width = mask.shape
    return float(columns.mean() / width), float(rows.mean() / height)


def _of_some(sets: Sequence[Sequence[Picture]], random: np.random.Generator) -> Picture:
    """Choose a set by the root of how many it holds, so that small ones count."""
    roots = np.sqrt([len(photos) for photos in sets])
    return _one(sets[int(random.choice(len(sets), p=roots / roots.sum()))], random)


def _aged(album: Album, picture: Picture, quality: int) -> Pixels:
    """Save a picture once more if it was never saved as badly."""
    pixels = album.pixels(picture)
    if FOLDERS[picture.folder].quality <= quality:
        return pixels
    worn = laundering.saved(pixels, laundering.Saving("JPEG", quality))
    size = tuple(round(length * _AGED) for length in worn.shape[1::-1])
    return np.asarray(cv2.resize(worn, size, interpolation=cv2.INTER_AREA), np.uint8)


def _one(chosen: Sequence[Picture], random: np.random.Generator) -> Picture:
    return chosen[int(random.integers(len(chosen)))]
