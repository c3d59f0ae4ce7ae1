"""A look at evidence for one worker: made in memory, on record before the first pixel.

A preview carries pixels only: no EXIF, no name, no time. It is kept nowhere.
"""

import io

from django.utils.translation import gettext as _
from PIL import Image

import tracker
from portal.cases import evidence
from portal.cases.keys import CaseKey
from portal.cases.models import Exhibit
from portal.sightings.models import Sighting

SIDE = 640  # pixels at most


class PreviewError(Exception):
    """Nothing to show, and why, in a plain sentence."""


def of_exhibit(key: CaseKey, exhibit: Exhibit, *, reason: str) -> bytes:
    """The victim's own picture as a small JPEG.

    Raises PreviewError, and ValueError without a reason.
    """
    try:
        return _small(evidence.open_exhibit(key, exhibit, reason=reason))
    except evidence.EvidenceError as error:
        raise PreviewError(str(error)) from None


def of_sighting(key: CaseKey, sighting: Sighting, *, reason: str) -> bytes:
    """The captured copy as a small JPEG. Raises as `of_exhibit` does."""
    if not sighting.captured_as:
        raise PreviewError(_("No copy was kept, or it could not be read."))
    try:
        data = evidence.open_stored(key, sighting.captured_as, reason=reason)
        return _small(data)
    except evidence.EvidenceError as error:
        raise PreviewError(str(error)) from None


def _small(data: bytes) -> bytes:
    try:
        image = tracker.decode(data).image
    except tracker.ImageError as error:
        raise PreviewError(str(error)) from None
    image.thumbnail((SIDE, SIDE))
    bare = Image.new("RGB", image.size)  # whatever hangs on the old image stays there
    bare.paste(image)
    made = io.BytesIO()
    bare.save(made, "JPEG", quality=80)
    return made.getvalue()
