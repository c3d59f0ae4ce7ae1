"""The examination of one picture: provenance, marks, measurements, models.

It must not know how any of them works.
"""

from collections.abc import Callable
from typing import Final, Literal

from PIL import Image

from detector import derivation, explain, marks, measurements, provenance
from detector.assessment import Assessment, Evidence, fuse
from detector.derivation import OriginalFeatures
from detector.models import Model, opinions, shipped_models
from detector.provenance.trust import TrustList

# Raised whenever the same picture may get another answer than before.
VERSION: Final = "detector-6"

Step = Literal["provenance", "derivation", "measurements", "models"]


def _unheard(step: Step) -> None:
    """Nobody asked to be told."""


def assess(
    image: Image.Image,
    *,
    data: bytes | None = None,
    original: Image.Image | OriginalFeatures | None = None,
    models: tuple[Model, ...] | None = None,
    trust: TrustList | None = None,
    measuring: bool = True,
    begins: Callable[[Step], None] = _unheard,
) -> Assessment:
    """Say what is known about how a picture was made, with reasons and gaps.

    Args:
        image: Upright RGB. Its `info` may hold "exif" and "xmp" (bytes), PNG text
            items (str), "quantization" (JPEG tables) and "alpha" (the transparency,
            mode "L"); all of it is untrusted.
        data: The bytes of the picture's file, read for C2PA manifests and for China's
            label only. Without them neither a manifest nor a loose label is found.
        original: The harmless picture that it may have been made from, upright RGB, or
            the features of that picture.
        models: The loaded models to ask; those that ship with the detector if None.
        trust: Whose signed histories are trusted; nobody's if None.
        measuring: Whether to take the measurements, which raise nothing: most of the
            time that a frame would take.
        begins: Told each step as it begins, for somebody who waits.

    Returns:
        An assessment. Hostile metadata never raises: it becomes evidence that it could
        not be read.
    """
    begins("provenance")
    said = (*provenance.read(image, data, trust), *marks.read(image))
    if original is not None:
        begins("derivation")
    derived = _derived(image, original)
    begins("measurements")
    measured = measurements.measure(image) if measuring else ()
    evidence = (*said, *derived, *measured)
    begins("models")
    given = opinions(image, shipped_models() if models is None else models)
    gaps = explain.gaps(given, manifest=data is not None, original=original is not None)
    return Assessment(
        finding=fuse(evidence, given, measurable=measurements.is_measurable(image)),
        evidence=evidence,
        models=given,
        not_tested=tuple(map(explain.sentence, gaps)),
        version=VERSION,
        gaps=gaps,
    )


def _derived(
    image: Image.Image, original: Image.Image | OriginalFeatures | None
) -> tuple[Evidence, ...]:
    if original is None:
        return ()
    return (derivation.evidence(derivation.derive(image, original)),)
