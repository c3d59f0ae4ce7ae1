"""What the detector says of a picture: of a captured copy, and of one that anybody brings."""

from dataclasses import asdict, dataclass
from typing import Any

import detector
import tracker
from portal.cases import evidence
from portal.sightings import saying
from portal.sightings.models import Assessment, Sighting


class CheckError(Exception):
    """A picture that cannot be checked, and why: `code` is that of tracker.ImageError."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class CheckedPicture:
    """The detector's opinion in plain types, for a page."""

    finding: str
    evidence: list[dict[str, Any]]  # kind, finding, strength, detail, code, facts
    not_tested: list[str]
    version: str


def assess(sighting: Sighting) -> None:
    """Have the detector look at a captured copy, once. Raises EvidenceAwayError."""
    if not sighting.case.is_still_active():
        release_sighting(sighting)
        return
    try:
        data = evidence.open_held(
            sighting.held_as,
            actor="task:assess_sighting",
            reason="automatic assessment",
        )
        opinion = detector.assess(tracker.decode(data).image, data=data)
    except evidence.EvidenceAwayError:
        raise
    except (evidence.EvidenceError, tracker.ImageError):
        release_sighting(sighting)  # nothing to assess, and it is not asked for again
        return
    if sighting.case.is_still_active():
        _keep_assessment(sighting, opinion)
    release_sighting(sighting)


def _keep_assessment(sighting: Sighting, opinion: detector.Assessment) -> None:
    Assessment.objects.get_or_create(
        sighting=sighting,
        defaults={
            "finding": opinion.finding,
            **saying.rows(opinion),
            "version": opinion.version,
        },
    )


def release_sighting(sighting: Sighting) -> None:
    """Destroy the copy that was held for the detector."""
    evidence.release(sighting.held_as)
    Sighting.objects.filter(pk=sighting.pk).update(held_as="")


def check_picture(data: bytes) -> CheckedPicture:
    """Assess a picture that anybody brings, and keep nothing. Raises CheckError."""
    try:
        picture = tracker.decode(data)
    except tracker.ImageError as error:
        raise CheckError(error.code) from None
    opinion = detector.assess(picture.image, data=data)
    return CheckedPicture(
        finding=opinion.finding,
        evidence=[asdict(item) for item in opinion.evidence],
        not_tested=list(opinion.not_tested),
        version=opinion.version,
    )
