"""Whether a suspected picture derives from an original, and which parts of it do."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.derivation import by_pixels, by_points
from detector.derivation.difference import Map
from detector.derivation.features import OriginalFeatures, shrunk
from detector.derivation.regions import Box, Kind, Region, regions, small_size
from detector.derivation.registering import Mapping, register

Proof = Literal["proved", "likely", "not shown"]

# Places that agree under the first mapping. Where the original's pixels are at hand they
# must confirm it; where they are not, more is asked. See docs/adr/0031.
PROVED: Final = 15
PROVED_BY_POINTS: Final = 25
REGISTERED_BY_POINTS: Final = 0.55  # or they may be the frame of one and the same app
LIKELY_BY_POINTS: Final = 12
COPIED: Final = 0.01  # of the picture, below which nothing is proved by pixels
# Fewer places do where pixels say more: what was copied, and that of all comparable.
WIDELY, WIDELY_REGISTERED = 0.05, 0.25

# The highest rates of false proofs that bench/derivation.py leaves open: three in all
# its pairs of unrelated photographs, where it saw none.
BOUND: Final = 3 / 5_000
BOUND_BY_POINTS: Final = 3 / 5_000


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

    `registered` is the share of what can be compared of the suspected picture that is a
    copy. `difference` (h, w) uint8 has the masks' shape and tells how much the two differ,
    128 being what counts as different; None if `by_points`, where the original's features
    alone were given and regions are coarse. `bound` is the highest rate of false proofs
    that our measurements leave open.
    """

    proof: Proof
    placements: tuple[Placement, ...]
    registered: float
    regions: tuple[Region, ...]
    difference: NDArray[np.uint8] | None
    by_points: bool
    bound: float

    def share(self, kind: Kind) -> float:
        """The share of the suspected picture that is of this kind."""
        return sum(region.share for region in self.regions if region.kind == kind)

    def boxes(self, kind: Kind) -> tuple[Box, ...]:
        """Around the parts of this kind, the largest first."""
        return next((r.boxes for r in self.regions if r.kind == kind), ())


def derive(
    suspected: Image.Image, original: Image.Image | OriginalFeatures
) -> Derivation:
    """Show whether a picture was made from an original, and where it was changed.

    The same two always give the same answer; size and plainness only make it
    "not shown", in bounded time and memory.

    Args:
        suspected: Upright RGB, of any size.
        original: Upright RGB, of any size, or the features of one.
    """
    suspected = shrunk(suspected)  # once: nothing below asks for more
    if isinstance(original, OriginalFeatures):
        return told_by_points(OriginalFeatures.of(suspected), original)
    with ThreadPoolExecutor(2) as pool:  # more than half of the time, and each its own
        theirs, ours = pool.map(OriginalFeatures.of, (suspected, original))
    return told_by_pixels(suspected, original, theirs, ours)


def told_by_pixels(
    suspected: Image.Image,
    original: Image.Image,
    theirs: OriginalFeatures,
    ours: OriginalFeatures,
) -> Derivation:
    """What derive() tells of two pictures whose features are known."""
    mappings = register(ours, theirs)
    shown = (
        by_pixels.look(suspected, original, theirs, ours, mappings)
        if mappings
        else None
    )
    if shown is None:
        return _not_shown(BOUND, by_points=False)
    told = regions(shown.labels)
    copied = sum(region.share for region in told if region.kind == "copied")
    registered = _registered(told)
    many = shown.mappings[0].spots >= PROVED and copied >= COPIED
    wide = copied >= WIDELY and registered >= WIDELY_REGISTERED
    return Derivation(
        proof="proved" if many or wide else "likely",
        placements=_placements(shown.mappings, theirs, ours),
        registered=registered,
        regions=told,
        difference=_small(shown.amount),
        by_points=False,
        bound=BOUND,
    )


def told_by_points(theirs: OriginalFeatures, ours: OriginalFeatures) -> Derivation:
    """What derive() tells of two pictures whose features are known, without pixels."""
    mappings = register(ours, theirs)
    if not mappings or mappings[0].spots < LIKELY_BY_POINTS:
        return _not_shown(BOUND_BY_POINTS, by_points=True)
    told = regions(by_points.look(theirs, mappings))
    registered = _registered(told)
    many = mappings[0].spots >= PROVED_BY_POINTS
    sure = many and registered >= REGISTERED_BY_POINTS
    return Derivation(
        proof="proved" if sure else "likely",
        placements=_placements(mappings, theirs, ours),
        registered=registered,
        regions=told,
        difference=None,
        by_points=True,
        bound=BOUND_BY_POINTS,
    )


def _not_shown(bound: float, *, by_points: bool) -> Derivation:
    return Derivation("not shown", (), 0.0, (), None, by_points, bound)


def _registered(told: tuple[Region, ...]) -> float:
    shares = {region.kind: region.share for region in told}
    copied = shares.get("copied", 0.0)
    comparable = copied + shares.get("replaced", 0.0)
    return copied / comparable if comparable else 0.0


def _placements(
    mappings: tuple[Mapping, ...], theirs: OriginalFeatures, ours: OriginalFeatures
) -> tuple[Placement, ...]:
    to_pixels = np.diag([*ours.size, 1.0])
    to_shares = np.linalg.inv(np.diag([*theirs.size, 1.0]))
    return tuple(
        Placement(m.kind, m.mirrored, m.spots, to_shares @ m.matrix @ to_pixels)
        for m in mappings
    )


def _small(amount: Map) -> NDArray[np.uint8]:
    levels = np.clip(amount * 128, 0, 255).astype(np.uint8)
    return np.asarray(
        cv2.resize(levels, small_size(amount.shape), interpolation=cv2.INTER_AREA)
    )
