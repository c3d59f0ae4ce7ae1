"""detector computes: is this picture synthetic or altered, where, and how sure.

It knows no Django and decodes nothing: it is handed upright pictures. This is its
whole public face.
"""

from detector.assessment import (
    FINDINGS,
    STRENGTHS,
    Assessment,
    Evidence,
    ModelOpinion,
)
from detector.derivation import (
    Derivation,
    FeaturesError,
    OriginalFeatures,
    derive,
    heatmap,
)
from detector.examination import VERSION, assess
from detector.weights import WeightsError, checked

__all__ = [
    "FINDINGS",
    "STRENGTHS",
    "VERSION",
    "Assessment",
    "Derivation",
    "Evidence",
    "FeaturesError",
    "ModelOpinion",
    "OriginalFeatures",
    "WeightsError",
    "assess",
    "checked",
    "derive",
    "heatmap",
]
