"""The trained models that give calibrated opinions. One file and one line adds one.

None is installed yet: a model enters this registry with its calibration or not at all.
"""

import pkgutil
from collections.abc import Callable
from typing import cast

from PIL import Image

from detector.assessment import ModelOpinion

# name -> dotted path "module:function" of a function from an upright RGB picture to
# its ModelOpinion; imported on first use.
MODELS: dict[str, str] = {}


def opinions(image: Image.Image) -> tuple[ModelOpinion, ...]:
    """Ask every model of the registry, in its order."""
    return tuple(_model(name)(image) for name in MODELS)


def _model(name: str) -> Callable[[Image.Image], ModelOpinion]:
    resolved = pkgutil.resolve_name(MODELS[name])
    return cast("Callable[[Image.Image], ModelOpinion]", resolved)
