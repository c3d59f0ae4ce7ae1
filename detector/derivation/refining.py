"""A mapping set right by the pixels, where features alone are few and hold it loosely.

A gradient has corners that no feature finder counts, yet that can be followed.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.derivation.laying import Frame, Levels, Mask
from detector.derivation.registering import Mapping, Matrix, moved, projected

Grey = NDArray[np.uint8]  # (h, w)
Points = NDArray[np.float32]  # (n, 2)

ENOUGH: Final = 150  # spots that hold a mapping as well as pixels would

_CORNERS: Final = 400
_QUALITY: Final = 0.003  # of the best corner's
_APART: Final = 6  # pixels between corners
_WINDOW: Final = (17, 17)
_LEVELS: Final = 2  # halvings, so that a corner may lie some 20 pixels off
_RETURNS: Final = 0.5  # pixels, that following it back may miss a corner by
_CLOSE: Final = 1.0  # pixels that a corner may be off by
_REACH: Final = 2.0  # the same while a correction is fitted
_LEAST: Final = 24  # corners that agree on a correction
_WORTH: Final = 1.15  # times more corners that lie close after it
_GREY: Final = cv2.COLOR_RGB2GRAY
_NONE: Final = np.empty((0, 2), np.float32)


def refined(
    mapping: Mapping, original: Levels, reach: Mask, frame: Frame
) -> Mapping | None:
    """The mapping after the correction that followed corners agree on; None for none.

    By Lucas and Kanade's tracker in pyramids (Bouguet, 2001), forth and back.

    Args:
        mapping: What laid the original over the frame.
        original: As it was laid.
        reach: Where it lies, that can be compared.
        frame: The suspected picture.
    """
    ours, theirs = (
        np.asarray(cv2.cvtColor(levels, _GREY), np.uint8)
        for levels in (original, frame.levels)
    )
    start, end = _followed(ours, theirs, reach)
    if len(start) < _LEAST:
        return None
    affine, _ = cv2.estimateAffine2D(start, end, None, cv2.USAC_MAGSAC, _REACH)
    if np.size(affine) != 6:  # None, whatever the stubs say
        return None
    correction = np.vstack([np.asarray(affine, np.float64), (0.0, 0.0, 1.0)])
    before, after = (
        np.count_nonzero(np.hypot(*(places - end).T) < _CLOSE)
        for places in (start, projected(correction, start))
    )
    if after < max(_LEAST, _WORTH * before):
        return None
    return moved(mapping, _of_small(correction, frame))


def _followed(ours: Grey, theirs: Grey, reach: Mask) -> tuple[Points, Points]:
    """Corners (n, 2) of the original, and where they lie; those found back again."""
    within = reach.astype(np.uint8)
    corners = cv2.goodFeaturesToTrack(ours, _CORNERS, _QUALITY, _APART, mask=within)
    if np.size(corners) < 2 * _LEAST:  # None, whatever the stubs say
        return _NONE, _NONE
    start = np.asarray(corners, np.float32).reshape(-1, 2)
    end, found = _tracked(ours, theirs, start)
    back, again = _tracked(theirs, ours, end)
    sure = found & again & (np.hypot(*(back - start).T) < _RETURNS)
    return start[sure], end[sure]


def _tracked(one: Grey, other: Grey, points: Points) -> tuple[Points, Mask]:
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        one, other, points, points.copy(), winSize=_WINDOW, maxLevel=_LEVELS
    )
    return np.asarray(there, np.float32), np.asarray(found).ravel() > 0


def _of_small(correction: Matrix, frame: Frame) -> Matrix:
    """A correction of the frame as one of the small suspected picture.

    Centres of pixels lie at halves in mappings, and corners that are followed at wholes.
    """
    scale = np.diag([*frame.scale, 1.0])
    half = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
    to_frame = np.linalg.inv(half) @ scale
    return np.asarray(np.linalg.inv(to_frame) @ correction @ to_frame)
