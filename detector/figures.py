"""Maps over a blurred grey copy: a map travels, the picture must not."""

import io
from collections.abc import Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.assessment import ModelOpinion
from detector.derivation import OriginalFeatures, derive
from detector.derivation.heatmap import heatmap, veiled


@runtime_checkable
class Mapping(Protocol):
    """A model that can say where it looked."""

    def heatmap(self, image: Image.Image) -> NDArray[np.float32]:
        """Return (h, w), 0 to 1."""
        ...


def figures(
    image: Image.Image,
    original: Image.Image | OriginalFeatures | None,
    models: Iterable[Any],
    opinions: Iterable[ModelOpinion],
) -> Iterator[tuple[str, bytes]]:
    """Yield (name of the model, or "" for the derivation, PNG), in a fixed order.

    Args:
        image: Upright RGB.
        original: What it was compared with.
        models: Those that were asked.
        opinions: What they answered, in the same order; who abstained draws nothing.
    """
    if original is not None:
        yield "", _png(heatmap(image, derive(image, original)))
    for model, opinion in zip(models, opinions, strict=True):
        if isinstance(model, Mapping) and not opinion.abstained:
            yield opinion.name, _png(veiled(image, model.heatmap(image)))


def _png(drawing: Image.Image) -> bytes:
    file = io.BytesIO()
    drawing.save(file, "PNG")
    return file.getvalue()
