"""Labelled pictures: collected, freed of duplicates, and dealt into disjoint pools.

It must not know what is done with them.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

import cv2
import numpy as np
import pdqhash
from numpy.typing import NDArray

Pool = Literal["train", "tune", "select", "calibrate", "test"]
POOLS: Final[tuple[Pool, ...]] = get_args(Pool)
_SHARES: Final = (0.60, 0.06, 0.06, 0.13, 0.15)

Pixels = NDArray[np.uint8]  # (height, width, 3), RGB
Mask = NDArray[np.float32]  # (height, width), 0 to 1: how far each pixel was changed

# The largest distance at which two PDQ hashes are said to show one picture, and the
# least quality at which they say anything (Meta, "The TMK+PDQF video-hashing
# algorithm and the PDQ image-hashing algorithm", 2019).
_DUPLICATE: Final = 31
_MIN_QUALITY: Final = 50

# Every picture is reduced at least by this, which wipes out most of what its last
# saving left: qualities and sizes differ by label.
_REDUCTION: Final = 0.9
SIDE: Final = 512  # the shorter side is at most this, as where the model is asked
MIN_SIDE: Final = 256  # smaller ones are left out, as the model abstains from them

_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})


class Source(NamedTuple):
    """One folder of the data: what it holds and how it is cut."""

    folder: str
    family: str  # the generator, or "photo"
    people: bool
    box: tuple[int, int, int, int] | None = None  # left, top, right, bottom


SOURCES: Final = (
    Source("real_mixed", "photo", people=False),
    Source("real_people", "photo", people=True),
    # The faces are cut as tightly as the generated ones beside them.
    Source("real_faces", "photo", people=True, box=(192, 192, 832, 832)),
    Source("real_coco512", "photo", people=True),
    Source("generated_sdxl_flux", "sdxl-flux", people=True),
    Source("generated_stylegan2", "stylegan2", people=True),
    Source("generated_sd1", "sd1", people=False),
)
FAMILIES: Final = tuple(source.family for source in SOURCES if source.family != "photo")


@dataclass(frozen=True, slots=True)
class Picture:
    """One file, what is known of it, and its pool."""

    path: str  # relative to the data's folder
    folder: str
    family: str
    people: bool
    group: str  # what must stay in one pool
    pool: Pool = "train"
    box: tuple[int, int, int, int] | None = None

    @property
    def fake(self) -> bool:
        """Whether a generator made it."""
        return self.family != "photo"


def collect(data: Path) -> tuple[Picture, ...]:
    """Find the pictures of all sources, each once, each in its pool.

    Of near duplicates, over all sources together, only the first is kept, so that no
    picture can be in two pools.
    """
    found = [picture for source in SOURCES for picture in _folder(data, source)]
    kept = _usable(data, found)
    return tuple(replace(picture, pool=_pool(picture.group)) for picture in kept)


def held_out(pictures: Iterable[Picture], family: str) -> tuple[Picture, ...]:
    """Move a whole family of generators to the test, as if it were unknown."""
    return tuple(
        replace(picture, pool="test") if picture.family == family else picture
        for picture in pictures
    )


def read(data: Path, picture: Picture) -> Pixels:
    """Read a picture at the scale at which models are trained: see SIDE.

    Raises:
        ValueError: The file is no picture.
    """
    stored = cv2.imread(str(data / picture.path), cv2.IMREAD_COLOR_RGB)
    if stored is None:
        raise ValueError(f"{picture.path} is no picture.")
    if picture.box and stored.shape[:2] == (1024, 1024):
        left, top, right, bottom = picture.box
        stored = stored[top:bottom, left:right]
    height, width = stored.shape[:2]
    scale = min(_REDUCTION, SIDE / min(height, width))
    size = round(width * scale), round(height * scale)
    return _bytes(cv2.resize(stored, size, interpolation=cv2.INTER_AREA))


def save(pictures: Sequence[Picture], path: Path) -> None:
    """Write the list down, for machines that have no pdqhash and to be read again."""
    path.write_text(json.dumps([asdict(picture) for picture in pictures]), "utf-8")


def load(path: Path) -> tuple[Picture, ...]:
    """Read what save() wrote."""
    rows = json.loads(path.read_text("utf-8"))
    return tuple(
        Picture(**{**row, "box": tuple(row["box"]) if row["box"] else None})
        for row in rows
    )


def _folder(data: Path, source: Source) -> list[Picture]:
    folder = data / source.folder
    figures = _figures(folder)
    return [
        Picture(
            path=f"{source.folder}/{path.name}",
            folder=source.folder,
            family=source.family,
            people=source.people,
            group=f"{source.folder}/{figures.get(path.stem, path.stem)}",
            box=source.box,
        )
        for path in sorted(folder.glob("*"))
        if path.suffix.lower() in _SUFFIXES
    ]


def _figures(folder: Path) -> dict[str, str]:
    """Map each tile's name to the series of published figures that it was cut from.

    Figures of one series ("..._top_10_matches_014") show answers to related searches
    and share tiles, so the series stays together.
    """
    told = folder / "tiles.json"
    if not told.is_file():
        return {}
    rows = json.loads(told.read_text("utf-8"))
    return {
        f"{number:04}": str(figure).partition("_top_")[0] for number, figure in rows
    }


def _usable(data: Path, found: Sequence[Picture]) -> list[Picture]:
    """Leave out what is too small or shows what an earlier picture shows."""
    kept: list[Picture] = []
    seen = np.zeros((len(found), 256), dtype=np.float32)
    for picture in found:
        pixels = read(data, picture)
        if min(pixels.shape[:2]) < MIN_SIDE:
            continue
        bits, quality = pdqhash.compute(pixels)
        signs = 2 * np.asarray(bits, dtype=np.float32) - 1
        # The product of two such vectors is 256 minus twice their distance.
        nearest = (seen[: len(kept)] @ signs).max(initial=-256.0)
        if quality >= _MIN_QUALITY and (256 - nearest) / 2 <= _DUPLICATE:
            continue
        seen[len(kept)] = signs if quality >= _MIN_QUALITY else 0
        kept.append(picture)
    return kept


def _pool(group: str) -> Pool:
    """Deal by the digest of the name, so that new pictures move no old one."""
    digest = hashlib.sha256(group.encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    index = int(np.searchsorted(np.cumsum(_SHARES), share, side="right"))
    return POOLS[min(index, len(POOLS) - 1)]


def _bytes(pixels: NDArray[np.generic]) -> Pixels:
    return np.asarray(pixels, dtype=np.uint8)
