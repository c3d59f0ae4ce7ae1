"""What the detector says of a captured copy, kept with its sighting."""

import functools
import logging
import os
import threading

from django.conf import settings

import detector
import tracker
from portal.cases import evidence
from portal.sightings import saying
from portal.sightings.models import Assessment, Sighting

logger = logging.getLogger(__name__)
# A worker's threads would load the weights beside each other.
_loading = threading.Lock()


def assess(sighting: Sighting) -> None:
    """Have the detector look at a captured copy, once.

    Raises:
        EvidenceAwayError: The copy cannot be opened now.
        detector.WeightsError: A model is refused. Then the copy stays to be assessed.
    """
    if not sighting.case.is_still_active():
        release_sighting(sighting)
        return
    try:
        given = models()
    except detector.WeightsError as error:
        refused = type(error).__name__
        logger.error("sighting %s waits for its models: %s", sighting.pk, refused)  # noqa: TRY400
        raise
    try:
        data = evidence.open_held(
            sighting.held_as,
            actor="task:assess_sighting",
            reason="automatic assessment",
        )
        opinion = detector.assess(tracker.decode(data).image, data=data, models=given)
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


def models() -> tuple[detector.Model, ...]:
    """What gives opinions, loaded once by whoever asks first. Raises detector.WeightsError."""
    with _loading:
        return _loaded(settings.DETECTOR_MODEL)


@functools.cache
def _loaded(specification: str) -> tuple[detector.Model, ...]:
    # Half of the processors: two copies may be looked at, at a time.
    threads = max(1, len(os.sched_getaffinity(0)) // 2)
    return detector.models_with(specification, threads=threads)
