"""The points of one picture, and the bytes they are kept as.

They tell more of a picture than any hash: whoever stores these bytes seals them.
"""

import struct
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.float32]
Descriptors = npt.NDArray[np.uint8]

POINTS_VERSION = "orb/1"

WIDTH = 32  # bytes of a descriptor
MOST = 1200  # points of a picture
LONGEST = 2047  # pixels of a side: what a place of 16 bits reaches
STEPS = 32  # of a pixel that places and sizes are kept in
TURN = 2**16  # of a full turn that angles are kept in

# The file: what it is and of which version, in 12 bytes; width, height and n; n places of
# four numbers; n descriptors. Little-endian.
_MAGIC = b"RPTS" + POINTS_VERSION.encode().ljust(8, b"\0")
_HEADER = struct.Struct("<12sHHH")


class PointsError(Exception):
    """Bytes that are no points of this version; str() is a plain sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The points of one picture, the best of each part of it first.

    `places` (n, 4) float32: x, y and size in pixels of the small grey picture, angle in
    degrees, 0 to 360; `descriptors` (n, 32) uint8; `size` the width and height of the
    small grey picture. Both arrays are read-only. A plain picture has few points or none.
    """

    places: Places
    descriptors: Descriptors
    size: tuple[int, int]
    version: str = POINTS_VERSION

    def __len__(self) -> int:
        return len(self.places)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Points):
            return NotImplemented
        return self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    def to_bytes(self) -> bytes:
        """40 bytes a point, and 18."""
        return b"".join(
            (
                _HEADER.pack(_MAGIC, *self.size, len(self)),
                _whole(self.places).tobytes(),
                self.descriptors.tobytes(),
            )
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What to_bytes() gave; raises PointsError for any other bytes.

        No bytes make numbers that are not finite, or a place outside the picture.
        """
        if len(data) < _HEADER.size:
            raise PointsError(
                "These bytes are too short to be the points of a picture."
            )
        magic, width, height, count = _HEADER.unpack_from(data)
        if magic != _MAGIC:
            raise PointsError("These bytes are no points that this version can read.")
        if count > MOST or len(data) != _HEADER.size + count * (8 + WIDTH):
            raise PointsError("The points of this picture are cut short or longer.")
        middle = _HEADER.size + 8 * count
        whole = np.frombuffer(data[_HEADER.size : middle], "<u2").reshape(count, 4)
        places = _places(whole)
        if not (1 <= width <= LONGEST and 1 <= height <= LONGEST):
            raise PointsError("The points of this picture have no possible size.")
        if count and not (places[:, :2] < (width, height)).all():
            raise PointsError("Some points lie outside their picture.")
        if count and not places[:, 2].all():
            raise PointsError("Some points of this picture have no size.")
        descriptors = np.frombuffer(data[middle:], np.uint8).reshape(count, WIDTH)
        return cls(places, descriptors, (width, height))


def made(places: Places, descriptors: Descriptors, size: tuple[int, int]) -> Points:
    """Points whose places are exactly those that to_bytes() keeps."""
    kept = np.ascontiguousarray(descriptors)
    kept.flags.writeable = False
    return Points(_places(_whole(places)), kept, size)


def _whole(places: Places) -> npt.NDArray[np.uint16]:
    lengths = np.clip(np.round(places[:, :3] * STEPS), 0, TURN - 1)
    angles = np.round(places[:, 3:] * (TURN / 360)) % TURN
    return np.concatenate([lengths, angles], axis=1).astype("<u2")


def _places(whole: npt.NDArray[np.uint16]) -> Places:
    places = whole.astype(np.float32)
    places[:, :3] /= STEPS
    places[:, 3] *= 360 / TURN
    places.flags.writeable = False
    return places
