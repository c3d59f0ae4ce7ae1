"""Codes of a picture's regions as a device sends them and a case keeps them: packed.

Of a picture that stays with the victim nobody else can make them. It knows how they are
written, and not where a region lies: that is tracker/regions.py's.
"""

import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass

RECORD = 66  # bytes: number, quality, and 32 each of PDQ upright and mirrored
MOST = 255  # regions of one picture: a number is one byte
TEXT = re.compile(rf"(?:[A-Za-z0-9_-]{{{RECORD * 4 // 3}}}){{1,{MOST}}}")


@dataclass(frozen=True, slots=True)
class RegionCodes:
    """One region, by its number from 1 on; the codes are PDQ, 64 hex digits."""

    number: int
    quality: int
    upright: str
    mirrored: str


def unpack(text: str) -> list[RegionCodes]:
    """The regions in base64url, each once. Raises ValueError for anything else.

    >>> unpack("AWQ" + "A" * 85)[0].quality
    100
    """
    if not TEXT.fullmatch(text):
        raise ValueError("Regions are whole records in base64url.")
    data = urlsafe_b64decode(text)
    records = (data[at : at + RECORD] for at in range(0, len(data), RECORD))
    regions = [
        RegionCodes(one[0], one[1], one[2:34].hex(), one[34:].hex()) for one in records
    ]
    numbers = {region.number for region in regions}
    if 0 in numbers or len(numbers) < len(regions):
        raise ValueError("Each region is told once, by its number.")
    return regions
