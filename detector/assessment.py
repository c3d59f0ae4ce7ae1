"""What the detector answers: a finding with its reasons, and how reasons become it.

It must not know where a piece of evidence comes from.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

Finding = Literal[
    "declared",  # made or altered by AI, and the file itself says so
    "strong signs",
    "some signs",
    "no sign found",  # never "authentic": nothing was found, that is all
    "cannot say",
]
Strength = Literal["declared", "strong", "medium", "weak", "measurement", "none"]

FINDINGS: Final[tuple[Finding, ...]] = get_args(Finding)
STRENGTHS: Final[tuple[Strength, ...]] = get_args(Strength)

# A weak sign, and any number of measurements, raise nothing: without a calibrated
# model nobody knows how often an honest photograph shows them.
_RAISED_BY: Final[dict[Strength, Finding]] = {
    "declared": "declared",
    "strong": "strong signs",
    "medium": "some signs",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason: what was looked at, what it showed, how much that bears."""

    kind: str
    finding: str
    strength: Strength
    detail: str


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
    abstained: str = ""  # a code of explain.py, empty where it answered
    weights: str = ""  # SHA-256 of the file, in hex


@dataclass(frozen=True, slots=True)
class Assessment:
    """The detector's opinion with its reasons and its gaps, never proof."""

    finding: Finding
    evidence: tuple[Evidence, ...]
    models: tuple[ModelOpinion, ...]
    not_tested: tuple[str, ...]
    version: str


def fuse(evidence: Iterable[Evidence], *, measurable: bool) -> Finding:
    """Let the strongest single piece of evidence decide.

    Strengths are not added up or multiplied: two labels in one file were most often
    written by the same hand, so they are one piece of evidence told twice.
    """
    strengths = {piece.strength for piece in evidence}
    for strength, finding in _RAISED_BY.items():
        if strength in strengths:
            return finding
    return "no sign found" if measurable else "cannot say"
