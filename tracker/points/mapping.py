"""The affine mapping that most pairs of points agree on, if it is one that people make."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from tracker.points.base import Points
from tracker.points.pairs import Pairs

Numbers = npt.NDArray[np.floating]

REACH = 4.0  # pixels of the asked picture
TRIES, SURE = 2000, 0.999

LARGEST = 6.0  # times that a copy grows or shrinks
STRETCH = 1.8  # that one direction grows by more than another

# What extract.py can find: sizes in pixels, and how far from the edges.
SMALLEST_POINT, LARGEST_POINT = 28, 200
MARGIN = 16


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """An affine mapping, (2, 3): places of the banked picture to places of the asked."""

    matrix: npt.NDArray[np.float64]

    @property
    def scale(self) -> float:
        return float(abs(np.linalg.det(self.matrix[:, :2])) ** 0.5)

    def inverse(self) -> Self:
        return type(self)(np.asarray(cv2.invertAffineTransform(self.matrix)))

    def places(self, places: Numbers) -> Numbers:
        """Where places (n, 2 or more) come to lie, as (n, 2)."""
        return np.asarray(places[:, :2] @ self.matrix[:, :2].T + self.matrix[:, 2])

    def back(self, places: Numbers) -> Numbers:
        return self.inverse().places(places)

    def visible(self, points: Points, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """Which points should be found in a picture of that size that they map to."""
        mapped, grown = self.places(points.places), points.places[:, 2] * self.scale
        inside = (mapped > MARGIN) & (mapped < np.array(size) - MARGIN)
        sized = (grown > SMALLEST_POINT) & (grown < LARGEST_POINT)
        return np.asarray(inside.all(axis=1) & sized)

    def plausible(self) -> bool:
        """Whether people make such copies: not folded, hardly sheared, not minute."""
        if not np.isfinite(self.matrix).all() or np.linalg.det(self.matrix[:, :2]) <= 0:
            return False
        most, least = np.linalg.svd(self.matrix[:, :2], compute_uv=False)
        return bool(
            most <= LARGEST and least >= 1 / LARGEST and most <= STRETCH * least
        )


def fit(
    banked: Points, asked: Points, pairs: Pairs, least: int
) -> tuple[Mapping, Pairs] | None:
    """The mapping that most pairs agree on, and those; None if fewer than `least` do.

    By MAGSAC++ (Barath et al., CVPR 2020), whose draws OpenCV seeds alike each time.
    """
    if len(pairs) < least:
        return None
    matrix, agree = cv2.estimateAffine2D(
        banked.places[pairs[:, 0], :2],
        asked.places[pairs[:, 1], :2],
        method=cv2.USAC_MAGSAC,
        ransacReprojThreshold=REACH,
        maxIters=TRIES,
        confidence=SURE,
    )
    if matrix is None or np.count_nonzero(agree) < least:
        return None
    mapping = Mapping(np.asarray(matrix, np.float64))
    if not mapping.plausible():
        return None
    return mapping, pairs[np.ravel(agree).astype(bool)]
