"""Whether a suspected picture derives from an original, and which parts of it do."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.derivation import by_pixels, by_points
from detector.derivation.features import OriginalFeatures
from detector.derivation.registering import Mapping, register
from detector.derivation.regions import Box, Kind, Region

Proof = Literal["proved", "likely", "not shown"]

# Spots that agree, under the first mapping; with the original's pixels they are looked
# at as well, without them more are asked for. What strangers reach: docs/adr/0031.
PROVED: Final = 15
PROVED_BY_POINTS: Final = 30
HELD: Final = 0.5  # of the spots, that the pixels around them confirm


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """How a part of the original lies in the suspected picture.

    `matrix` (3, 3) takes shares of the original's width and height to shares of the
    suspected picture's; `points` is how many places agree on it.
    """

    kind: Literal["affine", "homography"]
    mirrored: bool
    points: int
    matrix: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Derivation:
    """What the comparison of a suspected picture with an original shows.

    `registered` is the share of what can be compared in the suspected picture that is a
    copy of the original. `by_points` says that the original's features alone were given:
    the regions are then cells of a coarse grid. `bound` is the highest rate of false
    proofs that our measurements leave open.
    """

    proof: Proof
    placements: tuple[Placement, ...]
    registered: float
    regions: tuple[Region, ...]
    by_points: bool
    bound: float

    def share(self, kind: Kind) -> float:
        """The share of the suspected picture that is of this kind."""
        return sum(region.share for region in self.regions if region.kind == kind)

    def boxes(self, kind: Kind) -> tuple[Box, ...]:
        return next((r.boxes for r in self.regions if r.kind == kind), ())


# Rule of three over what bench/derivation.py counted.
BOUND: Final = 3 / 5_000
BOUND_BY_POINTS: Final = 3 / 5_000


def derive(
    suspected: Image.Image, original: Image.Image | OriginalFeatures
) -> Derivation:
    """Show whether a picture was made from an original, and where it was changed.

    Args:
        suspected: Upright, of any size.
        original: Upright, or its features alone.
    """
    known = isinstance(original, OriginalFeatures)
    theirs = OriginalFeatures.of(suspected)
    ours = original if isinstance(original, OriginalFeatures) else OriginalFeatures.of(original)
    mappings = register(ours, theirs)
    bound = BOUND_BY_POINTS if known else BOUND
    if not mappings:
        return Derivation("not shown", (), 0.0, (), known, bound)
    if isinstance(original, OriginalFeatures):
        shown = by_points.shown(ours, theirs, mappings)
    else:
        shown = by_pixels.shown(suspected, original, ours, theirs, mappings)
    return shown
