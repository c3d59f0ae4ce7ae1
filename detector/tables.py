"""An evaluation's rows as Markdown, for docs/detector.md."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_RATES = (
    "| against | level | fakes / photos | AUC (95 %) | null (which) "
    "| found at 1 % | at 5 % | calibration error | Cllr | abstained |"
)
_ANSWERS = (
    "| set | asked | abstained | mean log10 of the ratio | some signs | strong signs |"
)
_PLACES = "| edits | pictures | AUC of places | overlap (IoU) |"


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison at one level of laundering."""

    name: str
    level: str
    matched: bool  # the photographs show the same and were processed the same
    fakes: int
    photographs: int
    auc: float
    interval: tuple[float, float]  # of the AUC, 95 %
    found_at_1: float  # share of fakes found at 1 % false alarms
    found_at_5: float
    calibration_error: float
    cllr: float  # bits
    abstained: float  # share of all pictures
    null: float  # the best AUC that one statistic reaches, in either direction
    null_name: str


@dataclass(frozen=True, slots=True)
class Place:
    """How well the heatmap shows where pictures of one kind were altered."""

    name: str
    pictures: int
    auc: float  # over the places of a picture, mean over pictures
    overlap: float  # intersection over union, likewise


@dataclass(frozen=True, slots=True)
class Answers:
    """How one set of pictures was answered, all levels together."""

    name: str
    fake: bool
    asked: int
    abstained: float  # share of those asked
    ratio: float  # mean common logarithm of the likelihood ratios
    some: float  # share of the answers that bear "some signs" or more
    strong: float


def markdown(
    rows: Iterable[Row], places: Sequence[Place] = (), answers: Sequence[Answers] = ()
) -> str:
    """Write the tables, in the order given."""
    lines = [_RATES, _rule(_RATES), *map(_rates, rows)]
    if answers:
        lines += ["", _ANSWERS, _rule(_ANSWERS), *map(_answers, answers)]
    if places:
        lines += ["", _PLACES, _rule(_PLACES), *map(_place, places)]
    return "\n".join(lines)


def _rates(row: Row) -> str:
    low, high = row.interval
    name = f"{row.name}, content matched" if row.matched else row.name
    return (
        f"| {name} | {row.level} | {row.fakes} / {row.photographs} "
        f"| **{row.auc:.3f}** ({low:.2f} to {high:.2f}) "
        f"| {row.null:.3f} ({row.null_name}) "
        f"| {row.found_at_1:.2f} | {row.found_at_5:.2f} | {row.calibration_error:.3f} "
        f"| {row.cllr:.3f} | {row.abstained:.0%} |"
    )


def _answers(answers: Answers) -> str:
    kind = "fakes" if answers.fake else "photos"
    return (
        f"| {kind}: {answers.name} | {answers.asked} | {answers.abstained:.1%} "
        f"| {answers.ratio:+.2f} | {answers.some:.1%} | {answers.strong:.1%} |"
    )


def _place(place: Place) -> str:
    return (
        f"| {place.name} | {place.pictures} | {place.auc:.3f} | {place.overlap:.3f} |"
    )


def _rule(header: str) -> str:
    return "|" + "---|" * (header.count("|") - 1)
