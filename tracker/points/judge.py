"""Whether the points of two pictures agree on one mapping from one to the other.

Descriptors alone lie: text, bars and sky look alike everywhere. So geometry judges.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from tracker.points.base import Descriptors, Points

Pairs = npt.NDArray[np.int64]  # (n, 2): a point of the banked picture, one of the asked

NEAR, POSSIBLE = 20, 10
RATIO = 0.85
REACH = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """What two pictures' points agree on.

    `inliers` counts the places at which they do. `mapping` (2, 3) takes places of the
    banked picture to places of the asked one, which was mirrored first if `mirrored`;
    `pairs` (n, 2) numbers the points that agree, banked then asked. `region` are the
    four corners of what is seen of the banked picture, as shares of its size.
    """

    kind: Literal["near", "possible"]
    inliers: int
    mapping: npt.NDArray[np.float64]
    pairs: Pairs
    region: tuple[tuple[float, float], ...]
    mirrored: bool = False


def judge(banked: Points, asked: Points, *, mirrored: bool = False) -> Agreement | None:
    """What the two agree on, None for strangers. Deterministic."""
    pairs = _paired(banked.descriptors, asked.descriptors)
    if len(pairs) < POSSIBLE:
        return None
    ours = banked.places[pairs[:, 0], :2]
    theirs = asked.places[pairs[:, 1], :2]
    mapping, agree = cv2.estimateAffine2D(
        ours, theirs, method=cv2.USAC_MAGSAC, ransacReprojThreshold=REACH
    )
    if mapping is None or agree.sum() < POSSIBLE:
        return None
    kept = pairs[agree.ravel().astype(bool)]
    kind: Literal["near", "possible"] = "near" if len(kept) >= NEAR else "possible"
    corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    return Agreement(
        kind, len(kept), np.asarray(mapping, np.float64), kept, corners, mirrored
    )


def _paired(ours: Descriptors, theirs: Descriptors) -> Pairs:
    """Points that are each other's nearest, and clearly nearer than the next."""
    if len(ours) < 2 or len(theirs) < 2:
        return np.empty((0, 2), np.int64)
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING)
    back = {m.queryIdx: m.trainIdx for m in matcher.match(theirs, ours)}
    found = [
        (first.queryIdx, first.trainIdx)
        for first, second in matcher.knnMatch(ours, theirs, 2)
        if first.distance < RATIO * second.distance
        and back[first.trainIdx] == first.queryIdx
    ]
    return np.array(found, np.int64).reshape(-1, 2)
