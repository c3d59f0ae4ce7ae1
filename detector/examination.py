"""The examination of one picture: provenance, measurements, models, one assessment.

It must not know how any of them works.
"""

from collections.abc import Callable
from typing import Final, Literal

from PIL import Image

from detector import derivation, explain, measurements, provenance
from detector.assessment import Assessment, Evidence, fuse
from detector.derivation import OriginalFeatures
from detector.models import Model, opinions, shipped_models

# Raised whenever the same picture may get another answer than before.
VERSION: Final = "detector-2"

Step = Literal["provenance", "derivation", "measurements", "models"]


def _unheard(step: Step) -> None:
    """Nobody asked to be told."""


def assess(
    image: Image.Image,
    *,
    data: bytes | None = None,
    original: Image.Image | OriginalFeatures | None = None,
    models: tuple[Model, ...] | None = None,
    begins: Callable[[Step], None] = _unheard,
) -> Assessment:
    """Say what is known about how a picture was made, with reasons and gaps.

    Args:
        image: Upright RGB. Its `info` may hold "exif" and "xmp" (bytes), PNG text
            items (str) and "quantization" (JPEG tables); all of it is untrusted.
        data: The bytes of the picture's file, read for C2PA manifests and for China's
            label only. Without them neither a manifest nor a loose label is found.
        original: The harmless picture that it may have been made from, upright RGB, or
            the features of that picture.
        models: The loaded models to ask; those that ship with the detector if None.
        begins: Told each step as it begins, for somebody who waits.

    Returns:
        An assessment. Hostile metadata never raises: it becomes evidence that it could
        not be read.
    """
    begins("provenance")
    said = tuple(provenance.read(image, data))
    if original is not None:
        begins("derivation")
    derived = _derived(image, original)
    begins("measurements")
    evidence = (*said, *derived, *measurements.measure(image))
    begins("models")
    given = opinions(image, shipped_models() if models is None else models)
    return Assessment(
        finding=fuse(evidence, measurable=measurements.is_measurable(image)),
        evidence=evidence,
        models=given,
        not_tested=explain.not_tested(
            given, manifest=data is not None, original=original is not None
        ),
        version=VERSION,
    )


def _derived(
    image: Image.Image, original: Image.Image | OriginalFeatures | None
) -> tuple[Evidence, ...]:
    if original is None:
        return ()
    return (derivation.evidence(derivation.derive(image, original)),)
