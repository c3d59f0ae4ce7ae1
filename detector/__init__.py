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
from detector.models import Model, load_model, shipped_models
from detector.provenance.trust import TrustError, TrustList, parse_trust, trust_list
from detector.video import FrameAssessment, VideoAssessment, assess_frames
from detector.weights import Checkpoint, WeightsError, checked, parse_checkpoint

__all__ = [
    "FINDINGS",
    "STRENGTHS",
    "VERSION",
    "Assessment",
    "Checkpoint",
    "Derivation",
    "Evidence",
    "FeaturesError",
    "FrameAssessment",
    "Model",
    "ModelOpinion",
    "OriginalFeatures",
    "TrustError",
    "TrustList",
    "VideoAssessment",
    "WeightsError",
    "assess",
    "assess_frames",
    "checked",
    "derive",
    "heatmap",
    "load_model",
    "parse_checkpoint",
    "parse_trust",
    "shipped_models",
    "trust_list",
]
