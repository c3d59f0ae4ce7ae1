"""The examination of a video or an animation, frame by frame, under a deadline.

It must not know how frames are decoded or chosen: its caller hands them over in order.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector import explain, provenance
from detector.assessment import (
    FINDINGS,
    Evidence,
    Finding,
    ModelOpinion,
    Phrase,
    Strength,
    fuse,
)
from detector.continuity import Look, continuity, look
from detector.derivation import OriginalFeatures
from detector.examination import VERSION, assess
from detector.models import Model, shipped_models
from detector.provenance.trust import TrustList

SECONDS: Final = 60.0
MATTER: Final = 5  # frames that are named, at most
_SHARE: Final = 4  # a quarter of the frames that can be judged

_RAISING: Final[dict[Finding, Strength]] = {
    "declared": "declared",
    "strong signs": "strong",
    "some signs": "medium",
}


@dataclass(frozen=True, slots=True)
class FrameAssessment:
    """What one sampled frame shows by itself; of its evidence what raised its finding."""

    number: int  # among the sampled frames, from 0
    at: float  # seconds from the beginning
    finding: Finding
    evidence: tuple[Evidence, ...]
    models: tuple[ModelOpinion, ...]


@dataclass(frozen=True, slots=True)
class VideoAssessment:
    """The detector's opinion of a video with its reasons and its gaps, never proof.

    `evidence` is what the file says and how its frames agree and run; `matter` are the
    numbers of at most five frames, the worst first, and none where no frame shows a
    sign. `stopped` says that time was over before the frames were.
    `not_tested` is English; `gaps` are the same sentences for any language.
    """

    finding: Finding
    evidence: tuple[Evidence, ...]
    frames: tuple[FrameAssessment, ...]
    matter: tuple[int, ...]
    stopped: bool
    not_tested: tuple[str, ...]
    version: str
    gaps: tuple[Phrase, ...] = field(default=(), hash=False)

    @property
    def models(self) -> tuple[ModelOpinion, ...]:
        """Of each model an opinion on some frame; where it gave none, why not.

        It tells which models were asked. What they said of the whole is in no one of these.
        """
        return tuple(_answers(self.frames))

    @property
    def reasons(self) -> frozenset[str]:
        """The kinds of evidence that raised the finding; "models" where an opinion did."""
        raised_by = _RAISING.get(self.finding)
        if raised_by is None:
            return frozenset()
        said = {e.kind for e in self.evidence if e.strength == raised_by}
        least = FINDINGS.index(self.finding)
        shown = [f for f in self.frames if FINDINGS.index(f.finding) <= least]
        kinds = {e.kind for frame in shown for e in frame.evidence}
        silent = {"models" for frame in shown if not frame.evidence}
        return frozenset((said - {"frames"}) | kinds | silent)


@runtime_checkable
class Mapping(Model, Protocol):
    """A model that can show how synthetic each place looks."""

    def mapped(
        self, image: Image.Image
    ) -> tuple[ModelOpinion, NDArray[np.float32] | None]:
        """Return its opinion and, where it has one, 0 to 1 for each place."""


@dataclass(slots=True)
class _Drawing:
    """A model that is asked once for its opinion and for its map, which is kept."""

    model: Mapping
    latest: NDArray[np.float32] | None = None

    def opinion(self, image: Image.Image) -> ModelOpinion:
        given, self.latest = self.model.mapped(image)
        return given


@dataclass(slots=True)
class _Course:
    """What is kept while frames go by; none of them is kept itself."""

    frames: list[FrameAssessment] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    stopped: bool = False


def assess_frames(
    frames: Iterable[tuple[float, Image.Image]],
    *,
    data: bytes | None = None,
    still: Image.Image | None = None,
    original: Image.Image | OriginalFeatures | None = None,
    models: tuple[Model, ...] | None = None,
    trust: TrustList | None = None,
    seconds: float = SECONDS,
) -> VideoAssessment:
    """Say what is known about how a video was made, with reasons and gaps.

    What the file declares decides alone. Else the finding is the worst that at least a
    quarter of the frames that can be judged share, two at least where there are two:
    the frames of one video resemble each other, so their signs are not multiplied, and
    one frame of many that looks strange is no finding about the whole.

    Args:
        frames: (seconds from the beginning, upright RGB) in order, taken one at a time
            and only as long as there is time.
        data: The bytes of the file, read for what its container says.
        still: Of an animation its first picture, whose `info` is read as by assess().
        original: The harmless picture that it may have been made from.
        models: The loaded models to ask; those that ship with the detector if None.
        trust: Whose signed histories are trusted; nobody's if None.
        seconds: After this time no further frame is begun.
    """
    said = provenance.read(still or Image.new("RGB", (1, 1)), data, trust)
    asked = shipped_models() if models is None else models
    course = _course(frames, original, asked, time.monotonic() + seconds)
    findings = [frame.finding for frame in course.frames]
    of_file = fuse(said, measurable=False)
    shared = shared_finding(findings)
    gaps = (
        *explain.video_gaps(
            [frame.at for frame in course.frames], stopped=course.stopped
        ),
        *explain.gaps(
            list(_answers(course.frames)),
            manifest=data is not None,
            original=original is not None,
        ),
    )
    return VideoAssessment(
        finding=min(of_file, shared, key=FINDINGS.index),
        evidence=(*said, _agreement(course.frames, shared), _run(course.looks)),
        frames=tuple(course.frames),
        matter=_matter(course.frames),
        stopped=course.stopped,
        not_tested=tuple(map(explain.sentence, gaps)),
        gaps=gaps,
        version=VERSION,
    )


def shared_finding(findings: Sequence[Finding]) -> Finding:
    """Return the worst finding that enough frames share, or exceed.

    >>> shared_finding(["strong signs", "some signs", "no sign found", "cannot say"])
    'some signs'
    """
    judged = [FINDINGS.index(one) for one in findings if one != "cannot say"]
    if not judged:
        return "cannot say"
    return FINDINGS[sorted(judged)[_enough(len(judged)) - 1]]


def _enough(judged: int) -> int:
    """How many frames must share a finding: a quarter, rounded up, and two if there are."""
    return max(min(2, judged), -(-judged // _SHARE))


def _course(
    frames: Iterable[tuple[float, Image.Image]],
    original: Image.Image | OriginalFeatures | None,
    models: tuple[Model, ...],
    deadline: float,
) -> _Course:
    course, drawing = _Course(), _drawing(models)
    asked = tuple(drawing if drawing and drawing.model is m else m for m in models)
    for number, (at, image) in enumerate(frames):
        # A frame that has come is one that was not looked at.
        if time.monotonic() >= deadline:
            course.stopped = True
            break
        bare = image.copy()
        bare.info = {}  # what the file says is told once, for all frames
        opinion = assess(bare, original=original, models=asked, measuring=False)
        raised_by = _RAISING.get(opinion.finding)
        reasons = tuple(e for e in opinion.evidence if e.strength == raised_by)
        course.frames.append(
            FrameAssessment(number, at, opinion.finding, reasons, opinion.models)
        )
        if seen := look(at, bare, drawing.latest if drawing else None):
            course.looks.append(seen)
    return course


def _drawing(models: tuple[Model, ...]) -> _Drawing | None:
    """The first model that can draw."""
    drawing = (_Drawing(model) for model in models if isinstance(model, Mapping))
    return next(drawing, None)


def _signs(frames: Iterable[FrameAssessment]) -> list[FrameAssessment]:
    return [frame for frame in frames if frame.finding in _RAISING]


def _matter(frames: Sequence[FrameAssessment]) -> tuple[int, ...]:
    worst = sorted(_signs(frames), key=_badness)
    return tuple(frame.number for frame in worst[:MATTER])


def _badness(frame: FrameAssessment) -> tuple[int, float]:
    ratios = [one.likelihood_ratio or 0.0 for one in frame.models]
    return FINDINGS.index(frame.finding), -max(ratios, default=0.0)


def _agreement(frames: Sequence[FrameAssessment], shared: Finding) -> Evidence:
    judged = [frame for frame in frames if frame.finding != "cannot say"]
    signs = _signs(judged)
    if not judged:
        return explain.evidence("frames.none", "none", looked_at=len(frames))
    if not signs:
        return explain.evidence("frames.clear", "none", judged=len(judged))
    by_number = {frame.number: frame for frame in signs}
    named = sorted(by_number[number].at for number in _matter(frames))
    return explain.evidence(
        f"frames.{'raised' if shared in _RAISING else 'few'}",
        _RAISING.get(shared, "weak"),
        count=len(signs),
        judged=len(judged),
        enough=_enough(len(judged)),
        moments=explain.joined("places", map(explain.moment, named)),
    )


def _run(looks: Sequence[Look]) -> Evidence:
    run = continuity(looks)
    if run is None:
        return explain.evidence("continuity.single", "none")
    return explain.evidence(
        "continuity.measured",
        "measurement",
        moment=explain.moment(run.moment),
        pairs=run.pairs,
        noise=run.noise,
        sharpness=run.sharpness,
        most_noise=run.most_noise,
        most_sharpness=run.most_sharpness,
        patches=explain.phrase("video.no_patches")
        if run.patches is None
        else explain.phrase("video.patches", patches=run.patches),
    )


def _answers(frames: Sequence[FrameAssessment]) -> Iterator[ModelOpinion]:
    """Yield for each model an answer where it gave one, else why it gave none."""
    for given in zip(*(frame.models for frame in frames), strict=True):
        yield next((one for one in given if not one.abstained), given[0])
