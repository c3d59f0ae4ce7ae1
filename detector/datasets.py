"""The sets of pictures that a model is judged by, each with what it is held against.

It must not know any model. Two layouts are understood: a folder with real/ and fake/
(and masks/), and the layout of detector/training/pictures.py.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final
from zlib import crc32

import numpy as np
from PIL import Image

from detector.levels import Level, arrived
from detector.training import fakes
from detector.training.pictures import FOLDERS, Mask, Picture
from detector.training.samples import Album, pseudo_fake

Read = Callable[[Path], Image.Image]

_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif"})
_SPLICED: Final = "spliced_casia1"
# As the spliced pictures came, so that neither size nor saving tells them apart.
_LIKE_SPLICED: Final = Level(256, "JPEG", 85)
# As the tiles came: cut from figures that were half as large and saved badly, saved again.
_TILES: Final = "sdxl-flux"
_PORTRAITS: Final = "real_faces"
_LIKE_TILES: Final = (Level(470, "JPEG", 75), Level(470, "JPEG", 95))


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture by name, read when it is needed."""

    name: str
    image: Callable[[], Image.Image]
    mask: Callable[[], Mask] | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Fakes held against photographs.

    `matched` says that both show the same things and were processed the same.
    """

    name: str
    fakes: tuple[Entry, ...]
    photographs: tuple[Entry, ...]
    matched: bool = False


@dataclass(frozen=True, slots=True)
class Dataset:
    comparisons: tuple[Comparison, ...]
    edits: dict[str, tuple[Entry, ...]] = field(default_factory=dict)  # with masks


def folders(root: Path, read: Read) -> Dataset:
    """Read a folder with real/, fake/ and perhaps masks/, with or without subfolders.

    fake/NAME is held against all of real/, and against real/NAME where that exists.
    A mask belongs to the fake of the same name, or of that name without "_gt".
    """
    real, fake = root / "real", root / "fake"
    photographs = _entries(real, read)
    masks = _masks(root / "masks")
    comparisons = [Comparison("all", _entries(fake, read, masks), photographs)]
    for folder in sorted(path for path in fake.glob("*") if path.is_dir()):
        made = _entries(folder, read, masks)
        comparisons.append(Comparison(folder.name, made, photographs))
        twins = _entries(real / folder.name, read)
        if twins:
            comparisons.append(Comparison(folder.name, made, twins, matched=True))
    masked = tuple(entry for entry in comparisons[0].fakes if entry.mask)
    return Dataset(_whole(comparisons), {"all": masked} if masked else {})


def pools(
    root: Path, read: Read, listed: Sequence[Picture], reconstructions: Path | None
) -> Dataset:
    """Take the test pool of the training's own data, with edits made from its photos.

    Args:
        root: The folder of the data.
        read: Opens a file.
        listed: All pictures with their pools; only "test" is touched.
        reconstructions: Where preparation left what the autoencoders made, if it did.
    """
    chosen = [picture for picture in listed if picture.pool == "test"]
    album = Album(root, chosen, reconstructions)
    photographs = tuple(_entry(album, photo) for photo in album.photos)
    comparisons, matched = [], []
    for family, made in album.families.items():
        generated = tuple(_entry(album, picture) for picture in made)
        comparisons.append(Comparison(family, generated, photographs))
        if twins := _twins(album, made[0]):
            matched.append(Comparison(family, generated, twins, matched=True))
        if family == _TILES and (portraits := _like_tiles(root, read, album)):
            name = f"{family}, portraits reduced and saved alike"
            matched.append(Comparison(name, generated, portraits, matched=True))
    edits = {kind: _edited(album, kind) for kind in fakes.KINDS}
    made_by_any = tuple(entry for one in comparisons for entry in one.fakes)
    comparisons += [*matched, Comparison("all generators", made_by_any, photographs)]
    comparisons += [
        Comparison(f"pseudo-fakes: {kind}", made, photographs, matched=True)
        for kind, made in edits.items()
    ]
    spliced = _entries(root / _SPLICED, read, _masks(root / f"{_SPLICED}_masks"))
    local: dict[str, tuple[Entry, ...]] = {kind: edits[kind] for kind in fakes.LOCAL}
    if spliced:
        comparisons.append(Comparison("casia1", spliced, _like_spliced(album)))
        local["casia1"] = tuple(entry for entry in spliced if entry.mask)
    return Dataset(_whole(comparisons), local)


def limited(dataset: Dataset, most: int) -> Dataset:
    """Take at most so many pictures of each kind, the same ones each time."""

    def some(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        shuffled = sorted(entries, key=lambda entry: crc32(entry.name.encode()))
        return tuple(shuffled[:most])

    return Dataset(
        tuple(
            replace(one, fakes=some(one.fakes), photographs=some(one.photographs))
            for one in dataset.comparisons
        ),
        {name: some(made) for name, made in dataset.edits.items()},
    )


def _whole(comparisons: Iterable[Comparison]) -> tuple[Comparison, ...]:
    """Leave out comparisons that lack one of their two sides."""
    return tuple(one for one in comparisons if one.fakes and one.photographs)


def _twins(album: Album, made: Picture) -> tuple[Entry, ...]:
    """Name the photographs that show what a generator's pictures show."""
    folder = FOLDERS[made.folder].like
    return tuple(
        _entry(album, photo)
        for photo in album.photos
        if photo.folder == folder or (not folder and made.people and photo.people)
    )


def _entry(album: Album, picture: Picture) -> Entry:
    return Entry(picture.path, lambda: Image.fromarray(album.pixels(picture)))


def _like_tiles(root: Path, read: Read, album: Album) -> tuple[Entry, ...]:
    """Photographs of the same, and whatever was done to the tiles done to them, too."""
    return tuple(
        Entry(f"tiles/{photo.path}", partial(_tile, root, read, photo))
        for photo in album.folders.get(_PORTRAITS, [])
    )


def _tile(root: Path, read: Read, photo: Picture) -> Image.Image:
    image = read(root / photo.path)  # whole, as the tiles' portraits are
    for level in _LIKE_TILES:
        image = arrived(image, level)
    size = [round(length * photo.reduction) for length in image.size]
    return image.resize(size, Image.Resampling.BOX)


def _like_spliced(album: Album) -> tuple[Entry, ...]:
    return tuple(
        Entry(f"small/{photo.path}", _small(album, photo)) for photo in album.photos
    )


def _small(album: Album, photo: Picture) -> Callable[[], Image.Image]:
    return lambda: arrived(Image.fromarray(album.pixels(photo)), _LIKE_SPLICED)


def _edited(album: Album, kind: fakes.Kind) -> tuple[Entry, ...]:
    return tuple(_edit(album, photo, kind) for photo in album.photos)


def _edit(album: Album, photo: Picture, kind: fakes.Kind) -> Entry:
    def made() -> fakes.Fake:
        random = np.random.default_rng(list(f"{kind}/{photo.path}".encode()))
        return pseudo_fake(album, photo, random, (kind,))

    return Entry(
        f"{photo.path} {kind}",
        lambda: Image.fromarray(made().pixels),
        lambda: made().mask,
    )


def _entries(
    folder: Path, read: Read, masks: dict[str, Path] | None = None
) -> tuple[Entry, ...]:
    return tuple(
        _file(path, read, (masks or {}).get(path.stem)) for path in _files(folder)
    )


def _file(path: Path, read: Read, mask: Path | None) -> Entry:
    return Entry(
        str(path),
        lambda: read(path),
        (lambda: _read_mask(mask)) if mask else None,
    )


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in _SUFFIXES and path.is_file()
    ]


def _masks(folder: Path) -> dict[str, Path]:
    return {path.stem.removesuffix("_gt"): path for path in _files(folder)}


def _read_mask(path: Path) -> Mask:
    """Read a mask: white is what was changed."""
    grey = Image.open(path).convert("L")
    return (np.asarray(grey, dtype=np.float32) > 127).astype(np.float32)
