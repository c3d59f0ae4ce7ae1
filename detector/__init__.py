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
from detector.examination import VERSION, Step, assess
from detector.models import (
    Model,
    load_model,
    models_with,
    prove_brought,
    shipped_models,
)
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
    "Step",
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
    "models_with",
    "parse_checkpoint",
    "parse_trust",
    "prove_brought",
    "shipped_models",
    "trust_list",
]
