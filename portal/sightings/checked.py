"""What the guarded program answers, in plain types, and whether it may have written it.

A stranger's file could speak in its place: whatever has not this form is no answer.
"""

from dataclasses import dataclass, fields
from typing import Any

import detector

Told = dict[str, Any]
EVIDENCE = {field.name for field in fields(detector.Evidence)}
OPINION = {field.name for field in fields(detector.ModelOpinion)}
LONGEST_VIDEO = 1e6  # seconds: far more than the tracker lets in, and no infinity


@dataclass(frozen=True, slots=True)
class CheckedPicture:
    """The detector's opinion in plain types, for a page: detector.Assessment as JSON has it."""

    finding: str
    evidence: list[dict[str, Any]]
    models: list[dict[str, Any]]
    not_tested: list[str]
    gaps: list[dict[str, Any]]  # the same, for any language
    version: str


@dataclass(frozen=True, slots=True)
class CheckedVideo:
    """The same of a video or an animation: detector.VideoAssessment as JSON has it."""

    finding: str
    evidence: list[dict[str, Any]]
    frames: list[dict[str, Any]]
    matter: list[int]
    stopped: bool
    not_tested: list[str]
    gaps: list[dict[str, Any]]
    version: str


Checked = CheckedPicture | CheckedVideo


def has_form(told: Told) -> bool:
    """Whether examiner.py may have written it."""
    if told.keys() == {"refused", "of"}:
        of = ("picture", "original", "video")
        return isinstance(told["refused"], str) and told["of"] in of
    try:
        if "video" in told:
            return _has_form_of_video(CheckedVideo(**told["video"]))
        checked = CheckedPicture(**told["assessment"])
        return _fits(checked, checked.models) and _says_gaps(checked)
    except (KeyError, TypeError, ValueError):
        return False


def _has_form_of_video(checked: CheckedVideo) -> bool:
    frames = checked.frames
    numbers = {frame["number"] for frame in frames}
    fits = _fits(checked, []) and _says_gaps(checked) and set(checked.matter) <= numbers
    return fits and all(
        isinstance(frame["number"], int)
        and 0 <= frame["at"] < LONGEST_VIDEO
        and _fits(CheckedPicture(**_as_picture(frame)), frame["models"])
        for frame in frames
    )


def _as_picture(frame: Told) -> Told:
    fields = {name: frame[name] for name in ("finding", "evidence", "models")}
    return fields | {"not_tested": [], "gaps": [], "version": ""}


def _fits(checked: Checked, models: list[dict[str, Any]]) -> bool:
    whole = all(item.keys() == EVIDENCE for item in checked.evidence)
    whole = whole and all(item.keys() == OPINION for item in models)
    named = all(isinstance(item["name"], str) for item in models)
    strengths = {item["strength"] for item in checked.evidence}
    known = checked.finding in detector.FINDINGS
    return whole and known and named and strengths <= set(detector.STRENGTHS)


def _says_gaps(checked: Checked) -> bool:
    pairs = [*zip(checked.gaps, checked.not_tested, strict=True)]
    return all(isinstance(gap, dict) and isinstance(said, str) for gap, said in pairs)
