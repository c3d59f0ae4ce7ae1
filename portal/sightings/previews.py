"""A look at evidence for one worker: made in memory, on record before the first pixel.

A preview carries pixels only: no EXIF, no name, no time. It is kept nowhere, and no more
leaves the server than the worker chose to see.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from PIL import Image, ImageFilter, ImageOps

import tracker
from portal.accounts.models import User
from portal.cases import evidence, exposure
from portal.cases.keys import CaseKey
from portal.cases.models import Exhibit
from portal.sightings.models import Sighting
from tracker.images import frames_of

SIDE = 640  # pixels at most
COARSE = 20  # what is left of SIDE after blurring: fields on the longer side
FRAME_SIDE = 320  # of one of several frames
ONE_FRAME = tracker.VideoLimits(seconds=20, frames=1)  # somebody waits for it
SOME_FRAMES = tracker.VideoLimits(seconds=20)
Style = User.Preview
BLURRED = {Style.BLURRED, Style.BLURRED_GREY}
GREY = {Style.GREY, Style.BLURRED_GREY}


class PreviewError(Exception):
    """Nothing to show, and why, in a plain sentence."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A small JPEG and its size in pixels."""

    jpeg: bytes
    width: int
    height: int


def of_exhibit(
    key: CaseKey, exhibit: Exhibit, *, reason: str, style: str = Style.BLURRED_GREY
) -> bytes:
    """The victim's own picture, or a frame of their video, as a small JPEG.

    Raises PreviewError, SpentError when the worker has seen enough for today, and
    ValueError without a reason.
    """
    return _look(key, exhibit.stored_as, reason, Style(style))


def of_sighting(
    key: CaseKey, sighting: Sighting, *, reason: str, style: str = Style.BLURRED_GREY
) -> bytes:
    """The captured copy as a small JPEG. Raises as `of_exhibit` does."""
    return _look(key, sighting.captured_as, reason, Style(style))


def of_both(
    key: CaseKey, sighting: Sighting, *, reason: str, style: str = Style.BLURRED_GREY
) -> tuple[Preview | None, Preview | None]:
    """The captured copy and the victim's own picture: two looks, for one reason.

    None is one that was not kept or cannot be read. Raises as `of_exhibit` does, and
    SpentError before either is opened if fewer looks are left than there are pictures.
    """
    names = (sighting.captured_as, sighting.exhibit.stored_as)
    if isinstance(key.holder, User):
        exposure.require_budget(key.holder, sum(map(bool, names)))
    copy, reported = (_if_any(key, name, reason, Style(style)) for name in names)
    if copy is reported is None:
        raise PreviewError(_("No copy was kept, or it could not be read."))
    return copy, reported


def of_frames(
    key: CaseKey,
    sighting: Sighting,
    numbers: Sequence[int],
    *,
    reason: str,
    style: str = Style.BLURRED_GREY,
) -> dict[int, bytes]:
    """Frames of a captured video or animation as small JPEGs, by their numbers: one look.

    Numbers count from 0 among those that the detector was shown. Those that can no longer
    be read are left out. Raises as `of_exhibit` does.
    """
    data = _opened(key, sighting.captured_as, reason)
    wanted, made = set(numbers), {}
    try:
        for number, image in enumerate(_frames(data)):
            if number in wanted:
                made[number] = _bare(image, Style(style), FRAME_SIDE)
            if len(made) == len(wanted):
                break
    except (tracker.ImageError, tracker.VideoError) as error:
        raise PreviewError(str(error)) from None
    return made


def _if_any(key: CaseKey, name: str, reason: str, style: Style) -> Preview | None:
    try:
        jpeg = _look(key, name, reason, style)
    except PreviewError:
        return None
    with Image.open(io.BytesIO(jpeg)) as own:
        return Preview(jpeg, own.width, own.height)


def _look(key: CaseKey, name: str, reason: str, style: Style) -> bytes:
    return _small(_opened(key, name, reason), style)


def _opened(key: CaseKey, name: str, reason: str) -> bytes:
    if not name:
        raise PreviewError(_("No copy was kept, or it could not be read."))
    if isinstance(key.holder, User):
        exposure.require_budget(key.holder)
    try:
        return evidence.open_stored(key, name, reason=reason)
    except evidence.EvidenceError as error:
        raise PreviewError(str(error)) from None


def _small(data: bytes, style: Style) -> bytes:
    try:
        return _bare(_picture(data).image, style, SIDE)
    except (tracker.ImageError, tracker.VideoError) as error:
        raise PreviewError(str(error)) from None


def _bare(image: Image.Image, style: Style, side: int) -> bytes:
    image.thumbnail((side, side))
    bare = Image.new("RGB", image.size)  # whatever hangs on the old image stays there
    bare.paste(image)
    if style in BLURRED:
        bare = _blurred(bare)
    if style in GREY:
        bare = ImageOps.grayscale(bare)
    made = io.BytesIO()
    bare.save(made, "JPEG", quality=80)
    return made.getvalue()


def _picture(data: bytes) -> tracker.Picture:
    """A picture, or of a video the frame in its middle."""
    if tracker.is_video(data):
        return tracker.decode_video(data, ONE_FRAME).frames[0].picture
    return tracker.decode(data)


def _frames(data: bytes) -> Iterator[Image.Image]:
    """In the order in which the detector was shown them (examiner.py)."""
    if tracker.is_video(data):
        for frame in tracker.decode_video(data, SOME_FRAMES).frames:
            yield frame.picture.image
    else:
        for _at, image in frames_of(data):
            yield image


def _blurred(image: Image.Image) -> Image.Image:
    """A few soft fields of colour. No sharpening brings back what is not sent."""
    factor = COARSE / max(image.size)
    few = tuple(max(1, round(side * factor)) for side in image.size)
    coarse = image.resize((few[0], few[1]), Image.Resampling.BOX)
    soft = coarse.resize(image.size, Image.Resampling.BICUBIC)
    return soft.filter(ImageFilter.GaussianBlur(max(image.size) / COARSE / 2))
