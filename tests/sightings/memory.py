"""Rows of the hash-only memory, and reports that match them: hashes alone, no pictures."""

import secrets
from datetime import datetime

from django.utils import timezone

from portal.cases.actions import Told, submit_report
from portal.cases.models import Consent, Report
from portal.sightings.models import Observation

MINE = bytes(range(32))  # the hash of the victim's picture
PDQ = "pdq/1"


def near(bits: int, value: bytes = MINE) -> bytes:
    """A hash so many bits away."""
    return (int.from_bytes(value) ^ ((1 << bits) - 1)).to_bytes(32)


def far(number: int) -> bytes:
    """A stranger's hash: in every bit another than MINE, but for a few."""
    return bytes(byte ^ 255 for byte in MINE[:-4]) + number.to_bytes(4)


def observe(
    *hashes: bytes, seen_at: datetime | None = None, version: str = PDQ
) -> list[Observation]:
    """One row for each, as a crawl leaves them."""
    made = []
    for value in hashes:
        number = Observation.objects.count()
        made.append(
            Observation.objects.create(
                key=secrets.token_bytes(32),
                url=f"https://boards.example/{number}",
                media_url=f"https://boards.example/{number}.jpg",
                account="mallory",
                seen_at=seen_at or timezone.now(),
                sha256=f"{number:064x}",
                pdq=value,
                pdq_version=version,
                width=1,
                height=1,
                size=1,
            )
        )
    return made


def a_hash_report(token: str = "amina", value: bytes = MINE) -> Report:
    claim = {"type": "pdq", "value": value.hex(), "quality": 100, "version": PDQ}
    tells = Told(claims=[[claim]], consents={Consent.Kind.MATCHING: ()})
    return submit_report(token=token, told=tells).report
