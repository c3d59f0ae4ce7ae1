"""A decoded file examined, whatever it is: how the command lines reach the detector."""

from PIL import Image

from detector.assessment import Assessment
from detector.examination import assess
from detector.models import Model
from detector.provenance.trust import TrustList
from detector.reading import Moving, Photo
from detector.video import SECONDS, VideoAssessment, assess_frames


def assessed(
    found: Photo | Moving,
    original: Image.Image | None,
    models: tuple[Model, ...],
    trust: TrustList | None,
    seconds: float = SECONDS,
) -> Assessment | VideoAssessment:
    """Say what is known about how a picture or a video was made.

    Args:
        found: What a file was decoded to.
        original: The harmless picture that it may have been made from.
        models: The loaded models to ask.
        trust: Whose signed histories are trusted; nobody's if None.
        seconds: After this time no further frame of a video is begun.

    Raises:
        FileError: An animation breaks off.
    """
    if isinstance(found, Photo):
        return assess(
            found.image, data=found.data, original=original, models=models, trust=trust
        )
    return assess_frames(
        found.frames,
        data=found.data,
        still=found.still,
        original=original,
        models=models,
        trust=trust,
        seconds=seconds,
    )
