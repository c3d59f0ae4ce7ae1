"""What the detector found, in the language of its reader. Plain rows in, plain text out.

Rows from before codes were kept have English alone, and are told in it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, cast

from django.conf import settings
from django.utils.translation import get_language

from detector import Assessment, Evidence, ModelOpinion, VideoAssessment, explain
from detector.assessment import Finding
from detector.video import FrameAssessment
from detector.words import LOCALES, words
from portal.sightings.checked import CheckedVideo
from portal.sightings.models import Assessment as Stored

Row = Mapping[str, Any]
_FRAMES = "frames"  # evidence that every video has, and no picture


def language() -> str:
    """The language in which details are told: English where the detector has no other."""
    return words(get_language() or "en").locale


def languages() -> list[tuple[str, str]]:
    """Those that the detector speaks, by code and by their own name."""
    return [(code, name) for code, name in settings.LANGUAGES if code in LOCALES]


def rows(opinion: Assessment) -> dict[str, Any]:
    """An opinion of a picture, by the columns of an Assessment."""
    return {
        "finding": opinion.finding,
        "evidence": [asdict(item) for item in opinion.evidence],
        "opinions": [asdict(item) for item in opinion.models],
        "not_tested": _not_tested(opinion),
        "frames": [],
        "version": opinion.version,
    }


def video_rows(opinion: CheckedVideo) -> dict[str, Any]:
    """The same of a video, with the frames that matter, the worst first."""
    frames = {frame["number"]: frame for frame in opinion.frames}
    return {
        "finding": opinion.finding,
        "evidence": opinion.evidence,
        "opinions": [],
        "not_tested": _not_tested(opinion),
        "frames": [frames[number] for number in opinion.matter],
        "version": opinion.version,
    }


def as_said(row: Stored) -> Assessment | VideoAssessment:
    """An opinion again, from a row of this version: the reverse of `rows` and `video_rows`.

    Of a video's frames there are those that matter. Raises LookupError, TypeError or
    ValueError for a row of another version.
    """
    evidence = _evidence(row.evidence)
    not_tested = tuple(gap["english"] for gap in row.not_tested)
    gaps = tuple(
        {name: fact for name, fact in gap.items() if name != "english"}
        for gap in row.not_tested
    )
    if _FRAMES not in {piece.kind for piece in evidence}:
        return Assessment(
            finding=cast("Finding", row.finding),
            evidence=evidence,
            models=_models(row.opinions),
            not_tested=not_tested,
            version=row.version,
            gaps=gaps,
        )
    return VideoAssessment(
        finding=cast("Finding", row.finding),
        evidence=evidence,
        frames=tuple(_frame(told) for told in row.frames),
        matter=tuple(told["number"] for told in row.frames),
        stopped=any(gap["code"] == "untested.stopped" for gap in gaps),
        not_tested=not_tested,
        version=row.version,
        gaps=gaps,
    )


def reasons(rows: Iterable[Row]) -> list[dict[str, str]]:
    """Evidence as Assessment.evidence keeps it: about, finding, strength, detail, kind."""
    locale = get_language() or "en"
    return [_reason(row, locale) for row in rows]


def opinions(rows: Iterable[Row]) -> list[dict[str, str]]:
    """What trained models said, as Assessment.opinions keeps it: name, finding, detail."""
    locale = get_language() or "en"
    return [_opinion(row, locale) for row in rows]


def gaps(rows: Iterable[Row | str]) -> list[str]:
    """What was not tested, as Assessment.not_tested keeps it, as sentences."""
    locale = get_language() or "en"
    return [_gap(row, locale) for row in rows]


def frames(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Frames that matter, as Assessment.frames keeps them: number (from 1), at, why."""
    return [
        {
            "number": row["number"] + 1,
            "at": explain.moment(row["at"]),
            "finding": row["finding"],
            "reasons": reasons(row["evidence"]),
            "opinions": opinions(row["models"]),
        }
        for row in rows
    ]


def is_compared(rows: Iterable[Row | str]) -> bool:
    """Whether there was an original to compare with, by Assessment.not_tested."""
    codes = {row.get("code") for row in rows if not isinstance(row, str)}
    return "untested.original" not in codes


def _evidence(told: Iterable[Row]) -> tuple[Evidence, ...]:
    return tuple(Evidence(**one) for one in told)


def _models(told: Iterable[Row]) -> tuple[ModelOpinion, ...]:
    """JSON has no pairs, only lists."""
    return tuple(
        ModelOpinion(**{**one, "interval": one["interval"] and tuple(one["interval"])})
        for one in told
    )


def _frame(told: Row) -> FrameAssessment:
    evidence, models = _evidence(told["evidence"]), _models(told["models"])
    return FrameAssessment(**{**told, "evidence": evidence, "models": models})


def _not_tested(opinion: Assessment | CheckedVideo) -> list[dict[str, Any]]:
    gaps = zip(opinion.gaps, opinion.not_tested, strict=True)
    return [{**gap, "english": english} for gap, english in gaps]


def _reason(row: Row, locale: str) -> dict[str, str]:
    text = explain.said(Evidence(**row), locale)
    return {
        "kind": row["kind"],
        "about": explain.kind(row["kind"], locale),
        "finding": text.finding,
        "strength": row["strength"],
        "bears": explain.strength(row["strength"], locale),
        "detail": text.detail,
    }


def _opinion(row: Row, locale: str) -> dict[str, str]:
    try:
        finding, detail = explain.opinion(ModelOpinion(**row), locale)
    except (LookupError, ValueError, TypeError, AttributeError):
        finding = detail = ""  # of a version whose words or numbers we do not have
    return {"name": row["name"], "finding": finding, "detail": detail}


def _gap(row: Row | str, locale: str) -> str:
    if isinstance(row, str):
        return row
    try:
        return explain.sentence(row, locale)
    except (LookupError, ValueError, TypeError, AttributeError):
        return str(row["english"])
