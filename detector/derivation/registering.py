"""Which mappings lay parts of an original over a suspected picture, by features alone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.derivation.features import OriginalFeatures, Places
from detector.derivation.pairing import Pairs, pairs_of

Matrix = NDArray[np.float64]  # (3, 3)

REACH: Final = 3.0  # pixels of the small suspected picture
SPOT: Final = 6  # pixels: features nearer than that are one spot
LEAST: Final = 8  # spots of a mapping
LEAST_MORE: Final = (
    12  # the same of a second one, whom a first gave a reason to look for
)
MAPPINGS: Final = 4
PROPOSALS: Final = 250  # pairs that each propose a mapping

_TRIES, _SURE = 2000, 0.999
_BENT: Final = 1.15  # more spots, for which a homography is worth its two more numbers
BENDS_BY: Final = 6 * REACH  # that a lens moves places by, beside a mapping
_BENDING: Final = (6, 4, 2, 1, 1)  # times REACH, that it is bent towards in turn
_LARGEST: Final = 12.0  # times that a copy grows or shrinks
_STRETCH: Final = 2.5  # that one direction grows by more than another
_GROWTH, _TURN = np.log(1.6), np.radians(30)  # that pairs of one mapping differ in
_LOOSE: Final = 0.12  # of the way from one pair to another that the first is off by


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """From places of the small original to those of the small suspected picture.

    `pairs` (n, 2) are the features that agree, `spots` how many places that are; `loose`
    (m, 2) those and others nearby, which a lens may have moved.
    """

    matrix: Matrix
    kind: Literal["affine", "homography"]
    mirrored: bool
    pairs: Pairs
    loose: Pairs
    spots: int

    def places(self, places: NDArray[np.floating]) -> NDArray[np.float64]:
        """Where places (n, 2 or more) come to lie, as (n, 2)."""
        return projected(self.matrix, places)


def projected(matrix: Matrix, places: NDArray[np.floating]) -> NDArray[np.float64]:
    """Where a matrix (3, 3) takes places (n, 2 or more), as (n, 2)."""
    raised = places[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(raised[:, :2] / raised[:, 2:])


def moved(mapping: Mapping, by: Matrix) -> Mapping:
    """The mapping with what it lays over moved by another, of the suspected picture."""
    matrix = by @ mapping.matrix
    return replace(mapping, matrix=matrix / matrix[2, 2])


def register(
    original: OriginalFeatures, suspected: OriginalFeatures
) -> tuple[Mapping, ...]:
    """The mappings that pairs of features agree on, that with most first.

    Each further one is looked for among what the former leave: several parts may have
    been copied, each its own way.
    """
    pools = {
        mirror: pairs_of(original, suspected, mirror=mirror) for mirror in (False, True)
    }
    found: list[Mapping] = []
    while len(found) < MAPPINGS:
        fits = [
            fit
            for mirror, pool in pools.items()
            if (fit := _fit(original, suspected, pool, mirror=mirror))
        ]
        best = max(fits, key=lambda fit: fit.spots, default=None)
        if best is None or best.spots < (LEAST_MORE if found else LEAST):
            break
        found.append(best)
        pools = {
            mirror: _left(original, suspected, best, pool)
            for mirror, pool in pools.items()
        }
    return tuple(found)


def _left(
    original: OriginalFeatures, suspected: OriginalFeatures, found: Mapping, pool: Pairs
) -> Pairs:
    """The pairs that a mapping does not explain."""
    used = np.isin(pool[:, 1], found.pairs[:, 1])
    mapped = found.places(original.places[pool[:, 0]])
    off = np.abs(mapped - suspected.places[pool[:, 1], :2]).max(axis=1)
    return np.asarray(pool[~used & ~(off < 3 * REACH)])


def _fit(
    original: OriginalFeatures,
    suspected: OriginalFeatures,
    pool: Pairs,
    *,
    mirror: bool,
) -> Mapping | None:
    """The mapping that most pairs agree on, if it is one that people make.

    By MAGSAC++ (Barath et al., CVPR 2020), whose draws OpenCV seeds alike each time,
    among the pairs that turn and grow alike.
    """
    party = _party(original, suspected, pool, mirror=mirror)
    if len(party) < LEAST:
        return None
    fits = (
        _agreed(original, suspected, pool, matrix, kind, mirror=mirror)
        for kind, matrix in _matrices(original, suspected, party)
        if _plausible(matrix, original.size, mirror=mirror)
    )
    best: Mapping | None = None
    for fit in fits:
        if best is None or fit.spots > _BENT * best.spots:
            best = fit
    return best


def _matrices(
    original: OriginalFeatures, suspected: OriginalFeatures, party: Pairs
) -> Iterator[tuple[Literal["affine", "homography"], Matrix]]:
    ours = original.places[party[:, 0], :2]
    theirs = suspected.places[party[:, 1], :2]
    affine, _ = cv2.estimateAffine2D(
        ours, theirs, None, cv2.USAC_MAGSAC, REACH, _TRIES, _SURE
    )
    if np.size(affine) != 6:  # None, whatever the stubs say
        return
    matrix = np.vstack([np.asarray(affine, np.float64), (0.0, 0.0, 1.0)])
    yield "affine", matrix
    for reach in _BENDING:
        near = np.hypot(*(projected(matrix, ours) - theirs).T) < reach * REACH
        if np.count_nonzero(near) < 2 * LEAST:
            return
        bent, _ = cv2.findHomography(ours[near], theirs[near])
        if np.size(bent) != matrix.size:
            return
        matrix = np.asarray(bent, np.float64)
    yield "homography", matrix


def _party(
    original: OriginalFeatures,
    suspected: OriginalFeatures,
    pool: Pairs,
    *,
    mirror: bool,
) -> Pairs:
    """The largest party of pairs that one of them would lay over each other.

    A pair tells place, size and angle, so each alone proposes a whole mapping: a small
    copied part is found among any number of strangers, and nothing is left to chance.
    """
    if len(pool) < LEAST:
        return pool
    ours, growth = _shaped(original.places[pool[:, 0]], mirror=mirror)
    theirs, grown = _shaped(suspected.places[pool[:, 1]])
    factor = grown / growth  # complex: how much it grows, and turns
    asked = np.arange(0, len(pool), 1 + len(pool) // PROPOSALS)
    way = ours - ours[asked, np.newaxis]
    off = theirs[asked, np.newaxis] + factor[asked, np.newaxis] * way - theirs
    turned, grew = np.angle(factor), np.log(np.abs(factor))
    apart = np.abs((turned - turned[asked, np.newaxis] + np.pi) % (2 * np.pi) - np.pi)
    alike = apart < _TURN
    alike &= np.abs(grew - grew[asked, np.newaxis]) < _GROWTH
    far = np.abs(theirs - theirs[asked, np.newaxis])
    alike &= np.abs(off) < 2 * REACH + _LOOSE * far
    cells = _cells(suspected.places[pool[:, 1]])
    numbers = np.unique(cells, axis=0, return_inverse=True)[1].ravel()
    order = np.argsort(numbers, kind="stable")
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    spots = np.logical_or.reduceat(alike[:, order], starts, axis=1).sum(axis=1)
    return np.asarray(pool[alike[int(spots.argmax())]])


def _shaped(
    places: Places, *, mirror: bool = False
) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
    """Places as complex numbers, and sizes that point along their angles."""
    turned = np.exp(1j * np.radians(places[:, 3].astype(np.float64)))
    at, sized = places[:, 0] + 1j * places[:, 1], places[:, 2] * turned
    if mirror:  # left becomes right, whatever the width
        at, sized = -at.conj(), -sized.conj()
    return at.astype(np.complex64), sized.astype(np.complex64)


def _agreed(
    original: OriginalFeatures,
    suspected: OriginalFeatures,
    pool: Pairs,
    matrix: Matrix,
    kind: Literal["affine", "homography"],
    *,
    mirror: bool,
) -> Mapping:
    ours, theirs = original.places[pool[:, 0]], suspected.places[pool[:, 1]]
    off = np.hypot(*(projected(matrix, ours) - theirs[:, :2]).T)
    agree = pool[off < REACH]
    spots = min(
        len(np.unique(_cells(places), axis=0))
        for places in (
            original.places[agree[:, 0]],
            suspected.places[agree[:, 1]],
        )
    )
    loose = pool[off < BENDS_BY]
    return Mapping(matrix / matrix[2, 2], kind, mirror, agree, loose, spots)


def _cells(places: Places) -> NDArray[np.int64]:
    return (places[:, :2] // SPOT).astype(np.int64)


def _plausible(matrix: Matrix, size: tuple[int, int], *, mirror: bool) -> bool:
    """Whether people make such copies: not folded, hardly sheared, not minute.

    Asked at the corners and the middle of the original: a homography changes on its way.
    """
    if not np.isfinite(matrix).all() or abs(matrix[2, 2]) < 1e-6:
        return False
    width, height = size
    x = np.array([0, width, width, 0, width / 2])
    y = np.array([0, 0, height, height, height / 2])
    depth = (matrix[2, 0] * x + matrix[2, 1] * y) / matrix[2, 2] + 1
    if not (depth > 0.3).all() or not (depth < 3).all():
        return False
    here = np.stack([x, y], axis=1)
    right, down = (
        projected(matrix, here + step) - projected(matrix, here)
        for step in ((1.0, 0.0), (0.0, 1.0))
    )
    jacobians = np.stack([right, down], axis=2)
    if ((np.linalg.det(jacobians) < 0) != mirror).any():
        return False
    most, least = np.linalg.svd(jacobians, compute_uv=False).T
    return bool(
        (most <= _LARGEST).all()
        and (least >= 1 / _LARGEST).all()
        and (most <= _STRETCH * least).all()
    )
