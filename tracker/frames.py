"""Signals of a video: plain PDQ of its distinct frames, in the shape of vPDQ.

A video is a bag of pictures (facebook/ThreatExchange, vpdq/README.md): so a bank of stills
finds a video, and a bank of videos finds a still. It must not know how frames are decoded.
"""

from dataclasses import dataclass, replace
from functools import cached_property

from tracker.comparing import compare
from tracker.images import Picture
from tracker.matching import Comparison, Kind, kind_of
from tracker.signals import Reading, Signal, ask_picture, bits_apart
from tracker.signals.pdq import Pdq
from tracker.signals.sha256 import Sha256
from tracker.video import Frame, Video

FRAME = "frame "  # what Signal.of begins with, the moment in seconds behind it
# Bits within which a frame repeats one before it. To save a frame again moves up to that
# many; portal/static/js/hashing/video.js drops as much.
ALIKE = 8
LOOKED_INTO = 6  # frames, or a few more: bars and app windows stay where they are
# Of the frames of one of two videos, those that must be near for both to be called so.
# vPDQ asks for 80 % of the query; half of either side also finds excerpts that were
# mirrored or captioned in part, and no title, logo or intro that strangers share.
LEAST_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class FrameSignal:
    """One feature of vPDQ: PDQ with its quality, number of the frame, and seconds."""

    number: int
    at: float
    signal: Signal


@dataclass(frozen=True, slots=True)
class VideoSignals:
    """`sha256` is of the file; `frames` are empty where every one is too plain."""

    sha256: Signal
    frames: tuple[FrameSignal, ...]

    @property
    def all(self) -> tuple[Signal, ...]:
        return (self.sha256, *(frame.signal for frame in self.frames))


@dataclass(frozen=True, slots=True)
class VideoComparison(Comparison):
    """What two videos, or a video and a picture, are to each other.

    `share_a` and `share_b` are of the distinct frames of each that are near one of the
    other, from 0 to 1. A picture counts as a video of one frame.
    """

    share_a: float
    share_b: float


def is_whole(of: str) -> bool:
    """Whether a signal is of all that was shown at once, and no region cut out of it.

    >>> is_whole("whole"), is_whole("frame 12.5"), is_whole("region 7")
    (True, True, False)
    """
    return not of.startswith("region ")


def distinct_frames(video: Video) -> tuple[tuple[Frame, Signal], ...]:
    """The frames that tell something, with their PDQ: no plain ones, no repeats."""
    kept: list[tuple[Frame, Signal]] = []
    for frame in video.frames:
        signal = _pdq(frame.picture)
        if signal is not None and all(
            bits_apart(signal.value, other.value) > ALIKE for _, other in kept
        ):
            kept.append((frame, replace(signal, of=f"{FRAME}{frame.at:.1f}")))
    return tuple(kept)


def pictures_of(media: Picture | Video) -> list[Picture]:
    """A picture, or the distinct frames of a video."""
    if isinstance(media, Picture):
        return [media]
    return [frame.picture for frame, _ in distinct_frames(media)]


def hash_video(video: Video) -> VideoSignals:
    """What a bank keeps of a video."""
    sha256 = Sha256().hash(Reading(video.frames[0].picture))
    frames = (FrameSignal(f.number, f.at, s) for f, s in distinct_frames(video))
    return VideoSignals(sha256, tuple(frames))


def ask_video(video: Video, *, whole: bool = False) -> tuple[tuple[Signal, ...], ...]:
    """What a lookup asks with: for each distinct frame what it asks for a picture.

    Each question holds the file's SHA-256; there is always one. What a frame around the
    picture may hide is looked for in LOOKED_INTO of them, and with `whole` in none.
    """
    pictures = pictures_of(video)
    if not pictures:
        return ((hash_video(video).sha256,),)
    step = max(1, len(pictures) // LOOKED_INTO)
    return tuple(
        ask_picture(picture, whole=whole or place % step > 0)
        for place, picture in enumerate(pictures)
    )


def recall_video(video: Video) -> tuple[Signal, ...]:
    """What a memory of whole pictures is asked with, for a video that is banked.

    The file's SHA-256, and PDQ of its distinct frames in all forms: what the bank has.
    """
    asked = (s for question in ask_video(video, whole=True) for s in question)
    return tuple(dict.fromkeys(s for s in asked if s.type in {"sha256", "pdq"}))


def share_kind(best: Kind | None, *shares: float) -> Kind | None:
    """What two videos are, by their best pair of frames and both shares of near frames.

    >>> share_kind("near", 0.1, 0.9), share_kind("near", 0.1, 0.2), share_kind(None, 0)
    ('near', 'possible', None)
    """
    if best == "near" and max(shares) < LEAST_SHARE:
        return "possible"
    return best


def compare_media(a: Picture | Video, b: Picture | Video) -> Comparison:
    """How two files are related. `a` is turned and mirrored, as the asking side is."""
    if isinstance(a, Picture) and isinstance(b, Picture):
        return compare(a, b)
    return compare_videos(a, b)


def compare_videos(a: Picture | Video, b: Picture | Video) -> VideoComparison:
    """As compare_media, where at least one of them is a video."""
    if a.sha256 == b.sha256:
        return VideoComparison("exact", 0, "same bytes", 1.0, 1.0)
    asked, kept = _Side(a), _Side(b)
    if not asked.forms or not kept.upright:
        why = "different bytes, and too plain frames to compare by looks"
        return VideoComparison(None, None, why, 0.0, 0.0)
    apart = [
        [_nearest(forms, value) for value in kept.upright] for forms in asked.forms
    ]
    best = min(min(row) for row in apart)
    share_a = sum(min(row) <= Pdq.near for row in apart) / len(apart)
    share_b = sum(min(column) <= Pdq.near for column in zip(*apart, strict=True)) / len(
        apart[0]
    )
    kind = share_kind(kind_of("pdq", best), share_a, share_b)
    why = (
        f"{share_a:.0%} of the frames of the first and {share_b:.0%} of the second are "
        f"near; PDQ of the nearest is {best} of 256 bits apart"
    )
    return VideoComparison(kind, best, why, share_a, share_b)


class _Side:
    """The distinct pictures of one file, as PDQ."""

    def __init__(self, media: Picture | Video) -> None:
        self._pictures = [p for p in pictures_of(media) if _pdq(p)]

    @cached_property
    def upright(self) -> list[str]:
        return [forms[0] for forms in self.forms]

    @cached_property
    def forms(self) -> list[list[str]]:
        asked = (ask_picture(picture, whole=True) for picture in self._pictures)
        return [[s.value for s in signals if s.type == "pdq"] for signals in asked]


def _nearest(forms: list[str], value: str) -> int:
    return min(bits_apart(form, value) for form in forms)


def _pdq(picture: Picture) -> Signal | None:
    return Pdq().hash(Reading(picture))
