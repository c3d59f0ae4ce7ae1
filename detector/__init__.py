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
    "Model",
    "ModelOpinion",
    "OriginalFeatures",
    "Step",
    "WeightsError",
    "assess",
    "checked",
    "derive",
    "heatmap",
    "load_model",
    "models_with",
    "parse_checkpoint",
    "prove_brought",
    "shipped_models",
]
