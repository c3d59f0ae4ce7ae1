"""Labelled pictures: where they lie, how they are read, and which pool each is in.

It must not know what is done with them, nor how they were collected.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

Pool = Literal["train", "tune", "select", "calibrate", "test"]
POOLS: Final[tuple[Pool, ...]] = get_args(Pool)

Pixels = NDArray[np.uint8]  # (height, width, 3), RGB
Mask = NDArray[np.float32]  # (height, width), 0 to 1: how far each pixel was changed

PHOTO: Final = "photo"  # the family of what no generator made
SIDE: Final = 512  # the shorter side is at most this, as where the model is asked
MIN_SIDE: Final = 256  # smaller ones are left out, as the model abstains from them


class Source(NamedTuple):
    """One folder of the data: what it holds and how it is cut."""

    folder: str
    family: str  # the generator, or "photo"
    people: bool
    box: tuple[int, int, int, int] | None = None  # left, top, right, bottom
    # Every picture is reduced at least by this, which wipes out most of what its last
    # saving left: qualities and sizes differ by label.
    reduction: float = 0.9
    quality: int = 95  # the lowest JPEG quality that most of them went through
    like: str = ""  # the folder of the photographs that show the same


SOURCES: Final = (
    Source("real_mixed", PHOTO, people=False, quality=85),
    # Most of these were saved at JPEG quality 34, which no generated picture was.
    Source("real_people", PHOTO, people=True, reduction=0.6, quality=60),
    # The faces are cut as tightly as the generated ones beside them.
    Source("real_faces", PHOTO, people=True, box=(192, 192, 832, 832), quality=75),
    Source("real_coco512", PHOTO, people=True),
    # Large and clean, as cameras make them and as no other photographs here are.
    Source("../photos", PHOTO, people=False, quality=92),
    Source("generated_sdxl_flux", "sdxl-flux", people=True, quality=75),
    Source("generated_stylegan2", "stylegan2", people=True, like="real_faces"),
    Source("generated_sd1", "sd1", people=False, like="real_coco512"),
)
FOLDERS: Final = {source.folder: source for source in SOURCES}
FAMILIES: Final = tuple(source.family for source in SOURCES if source.family != PHOTO)


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
    reduction: float = 0.9

    @property
    def fake(self) -> bool:
        """Whether a generator made it."""
        return self.family != PHOTO


def held_out(
    pictures: Iterable[Picture], families: Sequence[str]
) -> tuple[Picture, ...]:
    """Move whole families of generators to the test, as if they were unknown."""
    return tuple(
        replace(picture, pool="test") if picture.family in families else picture
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
    scale = min(picture.reduction, SIDE / min(height, width))
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


def _bytes(pixels: NDArray[np.generic]) -> Pixels:
    return np.asarray(pixels, dtype=np.uint8)
