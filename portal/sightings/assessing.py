"""What the detector says of a captured copy, kept with its sighting."""

import functools
import logging
import os
import threading
from typing import Any

from django.conf import settings
from django.utils import timezone

import detector
import tracker
from portal.cases import evidence
from portal.sightings import comparing, examining, saying
from portal.sightings.checked import CheckedVideo
from portal.sightings.closest import closest
from portal.sightings.models import Assessment, Sighting

logger = logging.getLogger(__name__)
ACTOR = "task:assess_sighting"
# A worker's threads would load the weights beside each other.
_loading = threading.Lock()
Row = dict[str, Any]  # columns of an Assessment


def assess(sighting: Sighting) -> None:
    """Have the detector look at a copy that is held for it.

    Raises:
        EvidenceAwayError: The copy cannot be opened now.
        detector.WeightsError: A model is refused. Then the copy stays to be assessed.
        detector.TrustError: So is the trust list.
    """
    if not sighting.case.is_still_active():
        release_sighting(sighting)
        return
    try:
        models(), trusted()
    except (detector.WeightsError, detector.TrustError) as error:
        refused = type(error).__name__
        logger.error("sighting %s waits for its models: %s", sighting.pk, refused)  # noqa: TRY400
        raise
    try:
        row = _looked_at(sighting)
    except evidence.EvidenceAwayError:
        raise
    except (
        evidence.EvidenceError,
        tracker.ImageError,
        examining.CheckError,
    ):
        release_sighting(sighting)  # nothing to assess, and it is not asked for again
        return
    if sighting.case.is_still_active():
        row["at"] = timezone.now()
        Assessment.objects.update_or_create(sighting=sighting, defaults=row)
    release_sighting(sighting)


def release_sighting(sighting: Sighting) -> None:
    """Destroy the copy that was held for the detector."""
    evidence.release(sighting.held_as)
    Sighting.objects.filter(pk=sighting.pk).update(held_as="")


def models() -> tuple[detector.Model, ...]:
    """What gives opinions, loaded once by whoever asks first. Raises detector.WeightsError."""
    with _loading:
        return _loaded(settings.DETECTOR_MODEL)


def trusted() -> detector.TrustList | None:
    """Whose signed histories are trusted, read once. Raises detector.TrustError."""
    named = settings.DETECTOR_TRUST
    return _read(named) if named else None


def _looked_at(sighting: Sighting) -> Row:
    data = evidence.open_held(
        sighting.held_as, actor=ACTOR, reason="automatic assessment"
    )
    originals = comparing.originals_of(sighting.case, actor=ACTOR)
    features = [original.features for original in originals]
    if tracker.is_video(data):
        return _video(sighting, data, features)
    picture = tracker.decode(data)
    if picture.animated:
        return _video(sighting, data, features)
    opinion = detector.assess(
        picture.image,
        data=data,
        original=closest(picture.image, features),
        models=models(),
        trust=trusted(),
    )
    return saying.rows(opinion)


def _video(
    sighting: Sighting, data: bytes, features: list[detector.OriginalFeatures]
) -> Row:
    """Frame by frame, in a guarded program: a video is many pictures, and takes its time."""
    steps = examining.examine_video(data, [one.to_bytes() for one in features])
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: CheckedVideo = end.value
            return saying.video_rows(found)
        sighting.keep_claim()


@functools.cache
def _loaded(specification: str) -> tuple[detector.Model, ...]:
    # Half of the processors: two copies may be looked at, at a time.
    threads = max(1, len(os.sched_getaffinity(0)) // 2)
    return detector.models_with(specification, threads=threads)


@functools.cache
def _read(named: str) -> detector.TrustList:
    return detector.parse_trust(named)
