"""Local features: what a crop, a turn or a sticker leaves of a picture, and their judge.

Where hashes of the whole and of its parts fail, a few hundred corners each described in
256 bits still agree, and agree on one mapping from picture to picture.
"""

from tracker.points.bank import PointBank
from tracker.points.base import POINTS_VERSION, Points, PointsError
from tracker.points.extract import asked_points, points_of
from tracker.points.judging import Agreement, judge

__all__ = [
    "POINTS_VERSION",
    "Agreement",
    "PointBank",
    "Points",
    "PointsError",
    "asked_points",
    "judge",
    "points_of",
]
