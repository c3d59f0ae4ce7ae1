"""Victims' own photos, as their devices describe them, and copies that are compared with these.

What a device tells is JSON: {"sha256": hex, "size", "width", "height": of the file and the
photo, "features": base64 of detector.OriginalFeatures}. It is sealed as it is. Nothing here can
check that there is such a photo; a false one proves nothing about a copy.
"""

import binascii
import json
from base64 import b64decode
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import detector
from portal.cases import evidence, originals
from portal.cases.keys import CaseKey
from portal.cases.models import Case, Consent
from portal.cases.models import Original as Row
from portal.sightings.models import Sighting

MOST_CHARACTERS = 300_000  # of what a device tells: 1,200 features take 220,000
LEAST_FEATURES = (
    60  # a proof takes 25 that agree, and an edit leaves about every second
)
MOST_AGAIN = 10  # copies looked at again because of a new original
MOST_AGAIN_BYTES = 64 << 20  # of these together: somebody waits for it
NUMBERS = {"size": 2**31, "width": 2**15, "height": 2**15}  # the most of each


class OriginalError(Exception):
    """What a device told is no original. `code` is "form" or "plain"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Original:
    """A photo by what identifies it, and its features."""

    sha256: str
    size: int  # bytes
    width: int
    height: int
    features: detector.OriginalFeatures


def parsed(told: str | bytes) -> Original:
    """Read what a device told. Raises OriginalError."""
    if len(told) > MOST_CHARACTERS:
        raise OriginalError("form")
    try:
        facts: dict[str, Any] = json.loads(told)
        features = b64decode(facts["features"], validate=True)
        original = Original(
            sha256=bytes.fromhex(facts["sha256"]).hex(),
            features=detector.OriginalFeatures.from_bytes(features),
            **{name: _number(facts[name], most) for name, most in NUMBERS.items()},
        )
    except (ValueError, LookupError, TypeError, RecursionError, binascii.Error):
        raise OriginalError("form") from None
    except detector.FeaturesError:
        raise OriginalError("form") from None
    if len(original.sha256) != 64:
        raise OriginalError("form")
    if len(original.features) < LEAST_FEATURES:
        raise OriginalError("plain")
    return original


def originals_of(case: Case, *, actor: str) -> list[Original]:
    """What programs can open of a case's originals now, and read in this version."""
    found = []
    for data in originals.opened(case, actor=actor):
        with suppress(OriginalError):
            found.append(parsed(data))
    return found


def read(key: CaseKey, row: Row, *, reason: str) -> Original:
    """A photo's facts for somebody with the case's key, after the audit log has the reason.

    Raises evidence.EvidenceError, and ValueError without a reason.
    """
    data = evidence.open_unseen(key, row.stored_as, reason=reason)
    try:
        return parsed(data)
    except OriginalError:
        raise evidence.EvidenceError("This was made by another version.") from None


def look_again(key: CaseKey) -> list[Sighting]:
    """Hold anew the kept copies of a case, so that the detector compares them, too.

    The newest ones, as many as one request can bear; a worker may ask for any other.
    """
    kept = key.case.sightings.exclude(captured_as="").filter(held_as="")
    again, left = [], MOST_AGAIN_BYTES
    for sighting in kept.order_by("-pk")[:MOST_AGAIN]:
        left -= sighting.size
        if left >= 0 and hold_again(key, sighting):
            again.append(sighting)
    return again


def hold_again(key: CaseKey, sighting: Sighting) -> bool:
    """Hold a kept copy for the detector once more.

    False if there is none to be opened, it is held already, or the victim does not agree.
    """
    if sighting.held_as or not sighting.captured_as:
        return False
    if not sighting.case.consents_to(Consent.Kind.CHECK):
        return False
    reason = "to be looked at by the detector again"
    try:
        data = evidence.open_unseen(key, sighting.captured_as, reason=reason)
    except evidence.EvidenceError:
        return False
    held = evidence.hold(data)
    same = Sighting.objects.active().filter(pk=sighting.pk, held_as="")
    if same.update(held_as=held):
        return True
    evidence.release(held)  # somebody else was first, or the case ended meanwhile
    return False


def _number(value: object, most: int) -> int:
    if type(value) is not int or not 0 < value < most:
        raise ValueError("No such number is of a photo.")
    return value
