"""Of several originals the one that a picture was made from. It knows no Django."""

from collections.abc import Sequence

from PIL import Image

import detector

PROOFS = ("not shown", "likely", "proved")


def closest(
    image: Image.Image, originals: Sequence[detector.OriginalFeatures]
) -> detector.OriginalFeatures | None:
    """The original that shows most of an upright RGB picture; None where there is none."""
    if len(originals) < 2:
        return next(iter(originals), None)
    return max(originals, key=lambda original: _shown(image, original))


def _shown(
    image: Image.Image, original: detector.OriginalFeatures
) -> tuple[int, float]:
    derivation = detector.derive(image, original)
    return PROOFS.index(derivation.proof), derivation.registered
