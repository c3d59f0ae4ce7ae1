"""What trained models say, for a court: weights, ratio, its words, how often they err."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from detector import explain
from detector.assessment import Fact, ModelOpinion
from detector.report.document import Block, Facts, Grid, Item, Paragraph
from detector.report.examined import error_rates
from detector.words import Words

FAMILIES: Final = ("learned", "defenders")  # with a sentence about how they work
MOST_ROWS: Final = 16

# ENFSI guideline for evaluative reporting in forensic science (2015), table of verbal
# equivalents. Its first step begins at 2: below that nothing worth a word is supported.
SCALE: Final = (
    (1_000_000, "extremely_strong"),
    (10_000, "very_strong"),
    (1_000, "strong"),
    (100, "moderately_strong"),
    (10, "moderate"),
    (2, "weak"),
)


def told(given: Sequence[ModelOpinion], spoken: Words) -> Iterator[Block]:
    """Yield the blocks about all models."""
    if not given:
        yield Paragraph(spoken.phrases["report.models.none"])
    for opinion in given:
        yield from _one(opinion, spoken)
    if any(opinion.likelihood_ratio is not None for opinion in given):
        yield Paragraph(spoken.phrases["report.models.scale_rule"], quiet=True)
    if len(given) > 1:
        yield Paragraph(spoken.phrases["report.models.not_multiplied"], quiet=True)


def of_frames(asked: Sequence[ModelOpinion], spoken: Words) -> Iterator[Block]:
    """Yield what is known of the models that were asked about frames, not what they said."""
    if not asked:
        yield Paragraph(spoken.phrases["report.video.models.none"])
    for opinion in asked:
        yield Paragraph(_name(opinion, spoken))
        yield from _basis(opinion, spoken)


def support(opinion: ModelOpinion, spoken: Words) -> str:
    """Say on ENFSI's scale what a ratio supports, by its interval's end nearer to 1."""
    if not opinion.interval:
        return spoken.phrases["report.models.neither_supported"]
    low, high = opinion.interval
    for nearest, code in (
        (low, "first_supported"),
        (_inverse(high), "second_supported"),
    ):
        for step, word in SCALE:
            if nearest >= step:
                support = spoken.phrases[f"report.scale.{word}"]
                return spoken.say({"code": f"report.models.{code}", "support": support})
    return spoken.phrases["report.models.neither_supported"]


def _one(opinion: ModelOpinion, spoken: Words) -> Iterator[Block]:
    text = explain.opinion(opinion, spoken.locale)
    yield Item(
        about=_name(opinion, spoken),
        finding=text.finding,
        bears="",
        detail=text.detail,
    )
    if opinion.likelihood_ratio is not None:
        yield Paragraph(support(opinion, spoken))
    if rows := tuple(_numbers(opinion, spoken)):
        yield Facts(rows)
    yield from _basis(opinion, spoken)


def _name(opinion: ModelOpinion, spoken: Words) -> str:
    return f"{explain.kind('model', spoken.locale)}: {opinion.name}"


def _basis(opinion: ModelOpinion, spoken: Words) -> Iterator[Block]:
    weights = opinion.weights or spoken.phrases["report.models.no_weights"]
    yield Facts(((spoken.phrases["report.models.weights"], weights),), exact=True)
    yield from _errors(opinion, spoken)


def _numbers(opinion: ModelOpinion, spoken: Words) -> Iterator[tuple[str, str]]:
    calibrated = opinion.likelihood_ratio is not None
    if opinion.probability is not None:
        code = "probability" if calibrated else "uncalibrated_probability"
        yield spoken.phrases[f"report.models.{code}"], f"{opinion.probability:.1%}"
    if opinion.likelihood_ratio is not None:
        facts: dict[str, Fact] = {"ratio": opinion.likelihood_ratio}
        code = "without_interval"
        if opinion.interval:
            code = "with_interval"
            facts |= {"low": opinion.interval[0], "high": opinion.interval[1]}
        said = spoken.say({"code": f"report.models.{code}", **facts})
        yield spoken.phrases["report.models.ratio"], said


def _errors(opinion: ModelOpinion, spoken: Words) -> Iterator[Block]:
    rows = error_rates(opinion)
    if not rows:
        code = "report.errors.unknown"
        yield Paragraph(spoken.say({"code": code, "name": opinion.name}))
        return
    say = spoken.phrases
    yield Paragraph(spoken.say({"code": "report.errors.title", "name": opinion.name}))
    yield Paragraph(say["report.errors.intro"], quiet=True)
    header = tuple(say[f"report.errors.{name}"] for name in _COLUMNS)
    yield Grid(header, tuple(map(_row, rows[:MOST_ROWS])))
    more = len(rows) - MOST_ROWS
    if more > 0:
        said = spoken.say({"code": "report.errors.more", "n": more})
        yield Paragraph(said, quiet=True)


_COLUMNS: Final = (
    "set", "level", "counts", "auc", "null", "found_1", "found_5", "abstained",
)  # fmt: skip


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    low, high = row.get("interval") or (math.nan, math.nan)
    return (
        str(row.get("name", "")),
        str(row.get("level", "")),
        f"{row.get('fakes', '-')} / {row.get('photographs', '-')}",
        f"{_share(row, 'auc')} ({low:.2f}–{high:.2f})",
        _share(row, "null"),
        _share(row, "found_at_1"),
        _share(row, "found_at_5"),
        _share(row, "abstained"),
    )


def _share(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    known = isinstance(value, int | float) and math.isfinite(value)
    return f"{value:.2f}" if known else "-"


def _inverse(ratio: float) -> float:
    return 1 / ratio if ratio > 0 else 0.0
