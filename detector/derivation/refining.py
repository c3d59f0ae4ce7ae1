"""A mapping set right by the pixels, where features alone are few and hold it loosely.

A gradient has corners that no feature finder counts, yet that can be followed.
"""

from typing import Final

import cv2
import numpy as np

from detector.derivation.laying import Frame, Levels, Mask, Matrix
from detector.derivation.registering import Mapping, moved, projected

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
        np.asarray(cv2.cvtColor(np.clip(levels, 0, 255).astype(np.uint8), cv2.COLOR_RGB2GRAY))
        for levels in (original, frame.levels)
    )
    corners = cv2.goodFeaturesToTrack(
        ours, _CORNERS, _QUALITY, _APART, mask=reach.astype(np.uint8)
    )
    if corners is None or len(corners) < _LEAST:
        return None
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        ours, theirs, corners, None, winSize=_WINDOW, maxLevel=_LEVELS
    )
    back, again, _ = cv2.calcOpticalFlowPyrLK(
        theirs, ours, there, None, winSize=_WINDOW, maxLevel=_LEVELS
    )
    sure = (found & again).ravel() > 0
    sure &= np.hypot(*(back - corners).reshape(-1, 2).T) < _RETURNS
    start, end = (points.reshape(-1, 2)[sure] for points in (corners, there))
    if len(start) < _LEAST:
        return None
    affine, _ = cv2.estimateAffine2D(start, end, None, cv2.USAC_MAGSAC, _REACH)
    if np.size(affine) != 6:  # None, whatever the stubs say
        return None
    correction: Matrix = np.vstack([np.asarray(affine, np.float64), (0.0, 0.0, 1.0)])
    before, after = (
        np.count_nonzero(np.hypot(*(places - end).T) < _CLOSE)
        for places in (start, projected(correction, start))
    )
    if after < max(_LEAST, _WORTH * before):
        return None
    # Centres of pixels lie at halves in mappings, and the corners at wholes.
    scale = np.diag([*frame.scale, 1.0])
    half = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
    in_frame = half @ correction @ np.linalg.inv(half)
    return moved(mapping, np.linalg.inv(scale) @ in_frame @ scale)
