"""A victim's harmless photo as their device tells of it, made on this side for tests."""

import hashlib
import json
from base64 import b64encode

from PIL import Image

import detector
from tests import drawing


def a_photo(seed: int = 1) -> Image.Image:
    """Drawn, with enough in it to be recognised."""
    return drawing.landscape(seed, (900, 700))


def device_tells(photo: Image.Image | None = None, **over: object) -> str:
    photo = photo or a_photo()
    data = drawing.encode(photo, "JPEG", quality=92)
    features = detector.OriginalFeatures.of(photo).to_bytes()
    facts = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "width": photo.width,
        "height": photo.height,
        "features": b64encode(features).decode(),
    }
    return json.dumps(facts | over)


def a_fake(photo: Image.Image) -> Image.Image:
    """The photo with another one in its lower right, saved anew."""
    fake = photo.copy()
    other = a_photo(99).crop((0, 0, 360, 300))
    fake.paste(other, (photo.width - 380, photo.height - 320))
    return fake
