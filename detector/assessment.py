"""What the detector answers: a finding with its reasons, and how reasons become it.

It must not know where a piece of evidence comes from.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

Finding = Literal[
    "declared",  # made or altered by AI, and the file itself says so
    "strong signs",
    "some signs",
    "no sign found",  # never "authentic": nothing was found, that is all
    "cannot say",
]
Strength = Literal["declared", "strong", "medium", "weak", "measurement", "none"]

# What a placeholder of a sentence stands for, as JSON has it: a phrase where it is words.
Fact = str | int | float | Sequence["Fact"] | Mapping[str, "Fact"]
# `code`, a key of detector/words/, and the facts of that text: sayable in any language.
Phrase = Mapping[str, Fact]

FINDINGS: Final[tuple[Finding, ...]] = get_args(Finding)
STRENGTHS: Final[tuple[Strength, ...]] = get_args(Strength)

# A weak sign, and any number of measurements, raise nothing: without a calibrated
# model nobody knows how often an honest photograph shows them.
_RAISED_BY: Final[dict[Strength, Finding]] = {
    "declared": "declared",
    "strong": "strong signs",
    "medium": "some signs",
}

# How many times likelier for a synthetic picture than for a photograph a score must be,
# at the least that its calibration leaves open: the steps "moderate" and "moderately
# strong" of ENFSI's guideline for evaluative reporting (2015).
SOME_FROM: Final = 10.0
STRONG_FROM: Final = 100.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason: what was looked at, what it showed, how much that bears.

    `finding` and `detail` are English; `code` and `facts` say them in other languages.
    """

    kind: str
    finding: str
    strength: Strength
    detail: str
    code: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class ModelOpinion:
    """What one trained model says, or why it says nothing.

    The likelihood ratio is how much likelier this score is for a synthetic picture than
    for a photograph; `interval` holds it in 95 of 100 calibrations. Both are None for a
    model without a calibration. A model that abstains gives no number at all.
    """

    name: str
    probability: float | None
    likelihood_ratio: float | None = None
    interval: tuple[float, float] | None = None
    abstained: str = ""  # a code of words/, empty where it answered
    weights: str = ""  # SHA-256 of the file, in hex


@dataclass(frozen=True, slots=True)
class Assessment:
    """The detector's opinion with its reasons and its gaps, never proof.

    `not_tested` is English; `gaps` are the same sentences for any language.
    """

    finding: Finding
    evidence: tuple[Evidence, ...]
    models: tuple[ModelOpinion, ...]
    not_tested: tuple[str, ...]
    version: str
    gaps: tuple[Phrase, ...] = field(default=(), hash=False)


def fuse(
    evidence: Iterable[Evidence],
    opinions: Iterable[ModelOpinion] = (),
    *,
    measurable: bool,
) -> Finding:
    """Let the strongest single reason decide; none lowers what another one raised.

    Nothing is added up or multiplied: two labels in one file were most often written by
    the same hand, and two models that learned from like pictures err on the same ones,
    so they are one piece of evidence told twice.
    """
    strengths = {piece.strength for piece in evidence}
    if strength := strength_of(opinions):
        strengths.add(strength)
    for strength, finding in _RAISED_BY.items():
        if strength in strengths:
            return finding
    return "no sign found" if measurable else "cannot say"


def strength_of(opinions: Iterable[ModelOpinion]) -> Strength | None:
    """Return how much the best single model's opinion bears, or None.

    The lower end of the interval decides and not the ratio itself. What is not
    calibrated, or has no interval, decides nothing.
    """
    least = max(map(_least, opinions), default=0.0)
    if least >= STRONG_FROM:
        return "strong"
    return "medium" if least >= SOME_FROM else None


def _least(opinion: ModelOpinion) -> float:
    """Return the least likelihood ratio that an opinion's calibration leaves open."""
    if opinion.abstained or opinion.likelihood_ratio is None or not opinion.interval:
        return 0.0
    least = min(opinion.likelihood_ratio, *opinion.interval)
    return least if math.isfinite(least) else 0.0
