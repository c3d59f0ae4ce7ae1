"""From a picture to its features: places described finely enough to prove an origin.

Features of an original may come from a device that keeps the picture to itself. They tell
more of it than any hash: whoever stores their bytes seals them.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

# A process forked after the first use of OpenCV's own threads would hang in them, and
# the order in which they add up would show in the last digit.
cv2.setNumThreads(1)

Places = NDArray[np.float32]
Descriptors = NDArray[np.uint8]

FEATURES_VERSION: Final = "sift/1"

MOST: Final = 1200  # features of one picture
AREA: Final = 640 * 480  # pixels that they are looked for in
LONGEST: Final = 2047  # pixels of a side: what a place of 16 bits reaches
WIDTH: Final = 128  # numbers of a descriptor

_LEAST_SIDE: Final = 16
_EDGE: Final = 25  # times as much along an edge as across it: then it is an edge
_CONTRAST: Final = (
    0.002  # a twentieth of the usual: a sky has some, too, beside foliage
)
_CELLS: Final = 12  # a side; the best of each come first
_NORM: Final = 512  # a descriptor's length, so that hardly a number exceeds a byte
_STEPS: Final = 32  # of a pixel that places and sizes are kept in
_TURN: Final = 2**16  # of a full turn that angles are kept in

# The bytes: what they are and of which version in 12; width, height and n; n places of
# four numbers; n descriptors. Little-endian.
_MAGIC: Final = b"RORI" + FEATURES_VERSION.encode().ljust(8, b"\0")
_HEADER: Final = struct.Struct("<12sHHH")


class FeaturesError(Exception):
    """Bytes that are no features of this version; str() is a plain sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class OriginalFeatures:
    """What is known of an original without its pixels; a suspected one is described alike.

    `places` (n, 4) float32: x, y and size in pixels of the small grey picture, angle in
    degrees; `descriptors` (n, 128) uint8, RootSIFT; `size` the width and height of the
    small grey picture. Both arrays are read-only. A plain picture has few or none.
    """

    places: Places
    descriptors: Descriptors
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.places)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, OriginalFeatures):
            return NotImplemented
        return self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    @classmethod
    def of(cls, image: Image.Image) -> Self:
        """Describe an upright picture. Deterministic; at most MOST features.

        SIFT: Lowe, "Distinctive image features from scale-invariant keypoints" (2004);
        RootSIFT: Arandjelović and Zisserman, "Three things everyone should know to
        improve object retrieval" (2012).
        """
        grey = np.asarray(shrunk(image).convert("L"))
        height, width = grey.shape
        if min(width, height) < _LEAST_SIDE:
            return cls._kept(np.empty((0, 4), np.float32), _NO_DESCRIPTORS, grey.shape)
        finder = cv2.SIFT.create(contrastThreshold=_CONTRAST, edgeThreshold=_EDGE)
        candidates = finder.detect(grey, None)
        if not candidates:
            return cls._kept(np.empty((0, 4), np.float32), _NO_DESCRIPTORS, grey.shape)
        found, raw = finder.compute(grey, _spread(candidates, (width, height)))
        places = np.array([(*p.pt, p.size, p.angle) for p in found], np.float32)
        return cls._kept(places, _rooted(np.asarray(raw, np.float32)), grey.shape)

    @classmethod
    def _kept(
        cls, places: Places, descriptors: Descriptors, shape: tuple[int, ...]
    ) -> Self:
        """With places exactly as to_bytes() keeps them."""
        descriptors.flags.writeable = False
        return cls(_places(_whole(places)), descriptors, (shape[1], shape[0]))

    def to_bytes(self) -> bytes:
        """136 bytes a feature, and 18."""
        return b"".join(
            (
                _HEADER.pack(_MAGIC, *self.size, len(self)),
                _whole(self.places).tobytes(),
                self.descriptors.tobytes(),
            )
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What to_bytes() gave; raises FeaturesError for any other bytes.

        No bytes make numbers that are not finite, or a place outside the picture.
        """
        if len(data) < _HEADER.size:
            raise FeaturesError("These bytes are too short to be a picture's features.")
        magic, width, height, count = _HEADER.unpack_from(data)
        if magic != _MAGIC:
            raise FeaturesError(
                "These bytes are no features that this version can read."
            )
        if count > MOST or len(data) != _HEADER.size + count * (8 + WIDTH):
            raise FeaturesError("The features of this picture are cut short or longer.")
        if not (1 <= width <= LONGEST and 1 <= height <= LONGEST):
            raise FeaturesError("The features of this picture have no possible size.")
        middle = _HEADER.size + 8 * count
        whole = np.frombuffer(data[_HEADER.size : middle], "<u2").reshape(count, 4)
        places = _places(whole)
        if not (places[:, :2] < (width, height)).all():
            raise FeaturesError("Some features lie outside their picture.")
        if not places[:, 2].all():
            raise FeaturesError("Some features of this picture have no size.")
        descriptors = np.frombuffer(data[middle:], np.uint8).reshape(count, WIDTH)
        return cls(places, descriptors, (width, height))


_NO_DESCRIPTORS: Final = np.empty((0, WIDTH), np.uint8)


def shrunk(image: Image.Image) -> Image.Image:
    """The size that features are looked for in; a picture of that size stays as it is."""
    if image.mode not in {"RGB", "L"}:
        image = image.convert("RGB")
    area = image.width * image.height
    scale = min(math.sqrt(AREA / area), LONGEST / max(image.size))
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _spread(found: Sequence[cv2.KeyPoint], size: tuple[int, int]) -> list[cv2.KeyPoint]:
    """At most MOST: the best of each cell of a grid, then the second of each, and so on.

    Foliage would else take them all, and leave the face before it without any.
    """
    if not found:
        return []
    places = np.array([p.pt for p in found], np.float64)
    strength = np.array([p.response for p in found], np.float64)
    column, row = np.clip(places * _CELLS // size, 0, _CELLS - 1).T
    cell = row * _CELLS + column
    order = np.lexsort((places[:, 0], places[:, 1], -strength, cell))
    starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
    lengths = np.diff(np.append(starts, len(found)))
    rank = np.empty(len(found), np.int64)
    rank[order] = np.arange(len(found)) - np.repeat(starts, lengths)
    # A feature of another angle at the same place has the same strength: what is left
    # to order is settled by the finder's own order, which is always the same.
    chosen = np.lexsort((-strength, rank))[:MOST]
    return [found[number] for number in chosen]


def _rooted(raw: NDArray[np.float32]) -> Descriptors:
    total = np.maximum(raw.sum(axis=1, keepdims=True), 1.0)
    rooted = np.round(np.sqrt(raw / total) * _NORM)
    return np.asarray(np.clip(rooted, 0, 255), np.uint8)


def _whole(places: Places) -> NDArray[np.uint16]:
    lengths = np.clip(np.round(places[:, :3] * _STEPS), 0, _TURN - 1)
    angles = np.round(places[:, 3:] * (_TURN / 360)) % _TURN
    return np.concatenate([lengths, angles], axis=1).astype("<u2")


def _places(whole: NDArray[np.uint16]) -> Places:
    places = whole.astype(np.float32)
    places[:, :3] /= _STEPS
    places[:, 3] *= 360 / _TURN
    places.flags.writeable = False
    return places
