import io

import pytest
from PIL import Image

from portal.accounts.models import User
from portal.platforms.models import Platform
from portal.sightings import previews
from tests import drawing
from tests.desk.scene import a_case, a_copy, key_in_hand

pytestmark = pytest.mark.django_db


def test_a_preview_is_small_and_carries_nothing_but_pixels() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Amina's camera"
    exif[0x8825] = {1: "N", 2: (51.0, 30.0, 0.0)}
    big = drawing.landscape(1, (2000, 1500))
    data = drawing.encode(big, "JPEG", exif=exif, comment=b"Amina")
    made = previews._small(data, User.Preview.PLAIN)
    with Image.open(io.BytesIO(made)) as small:
        assert max(small.size) == previews.SIDE
        assert not small.getexif()
        assert "comment" not in small.info
    assert b"Amina" not in made


def test_a_preview_needs_a_reason(wren: User, chirp: Platform) -> None:
    sighting = a_copy(a_case())
    key = key_in_hand(sighting.case, wren)
    with pytest.raises(ValueError, match="reason"):
        previews.of_sighting(key, sighting, reason=" ")
    with pytest.raises(ValueError, match="reason"):
        previews.of_exhibit(key, sighting.exhibit, reason="")
