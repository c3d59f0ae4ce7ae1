"""Derivation: the original that a picture was made from, given by who is shown in it.

The strongest evidence that we have, and it needs no trained model: features, geometry
and pixels show what was copied and what was put in its place.
"""

from detector.derivation.deriving import Derivation, Placement, derive
from detector.derivation.features import FeaturesError, OriginalFeatures
from detector.derivation.heatmap import heatmap
from detector.derivation.regions import Region
from detector.derivation.telling import evidence

__all__ = [
    "Derivation",
    "FeaturesError",
    "OriginalFeatures",
    "Placement",
    "Region",
    "derive",
    "evidence",
    "heatmap",
]
