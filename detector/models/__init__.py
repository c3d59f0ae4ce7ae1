"""The trained models that give opinions. One file and one line adds one.

A model is loaded once and asked for many pictures.
"""

import functools
import pkgutil
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from PIL import Image

from detector.assessment import ModelOpinion
from detector.weights import Checkpoint, WeightsError, checked, parse_checkpoint, prove

# name -> dotted path "module:function", imported on first use. What ships with us is
# loaded by a function without arguments; what an operator brings, by a function from
# its checkpoint's bytes and their SHA-256.
SHIPPED: Final[dict[str, str]] = {"learned": "detector.models.learned:load"}
BROUGHT: Final[dict[str, str]] = {"defenders": "detector.models.defenders:load"}
NONE: Final = (
    "none"  # in place of a specification: not even what ships, which takes 0.6 GB
)


class Model(Protocol):
    """A trained model with its weights, safe to ask again and again."""

    def opinion(self, image: Image.Image) -> ModelOpinion:
        """Give an opinion on an upright RGB picture, or abstain."""


def opinions(image: Image.Image, models: Iterable[Model]) -> tuple[ModelOpinion, ...]:
    """Ask every model, in their order."""
    return tuple(model.opinion(image) for model in models)


@functools.cache
def shipped_models() -> tuple[Model, ...]:
    """Load what lies in this repository, once.

    Raises:
        WeightsError: A file of ours was changed.
    """
    return tuple(_resolved(path)() for path in SHIPPED.values())


def load_model(checkpoint: Checkpoint) -> Model:
    """Load a model whose weights an operator brings.

    Raises:
        WeightsError: There is no such model, or its weights are refused. The text says
            why, for the operator.
    """
    _refuse_unknown(checkpoint)
    load = _resolved(BROUGHT[checkpoint.name])
    model: Model = load(checked(checkpoint.path, checkpoint.sha256), checkpoint.sha256)
    return model


def models_with(specification: str, *, threads: int | None = None) -> tuple[Model, ...]:
    """Load what ships and what an operator brings, for a program that asks again and again.

    Args:
        specification: `NAME:PATH#sha256=DIGEST`, nothing, or `none` for no model at all.
        threads: How many one opinion may use; every processor if None.

    Raises:
        WeightsError: One of them is refused.
    """
    if specification == NONE:
        return ()
    brought = (load_model(parse_checkpoint(specification)),) if specification else ()
    models = (*shipped_models(), *brought)
    if models and threads is not None:
        _resolved("torch:set_num_threads")(threads)
    return models


def prove_brought(specification: str) -> None:
    """Check all of an operator's model but what only loading shows, in little memory.

    Args:
        specification: As models_with() takes it, and not empty.

    Raises:
        WeightsError: It is malformed, of an unknown name, cannot be read, or is another file
            than the one that was named.
    """
    if specification == NONE:
        return
    checkpoint = parse_checkpoint(specification)
    _refuse_unknown(checkpoint)
    prove(checkpoint)


def _refuse_unknown(checkpoint: Checkpoint) -> None:
    if checkpoint.name not in BROUGHT:
        known = ", ".join(BROUGHT)
        raise WeightsError(f"There is no model of this name to bring; known: {known}.")


def _resolved(path: str) -> Callable[..., Any]:
    resolved: Callable[..., Any] = pkgutil.resolve_name(path)
    return resolved
