"""From scores to likelihood ratios, no larger than the pictures at hand can bear.

It must not know any model: scores and families in, the table of a card out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from detector.metrics import Labels, Numbers, calibration_error
from detector.models.learned import Calibration
from detector.training.pictures import PHOTO

_ROWS: Final = 41
_RESAMPLES: Final = 500
_LEAST: Final = 1e-6  # a chance of 0 or 1 has no odds; bounds() cuts far inside

# As many misleading pictures as may exist unseen: if none of n was misleading, the
# rate is below 3 / n with 95 % confidence (Hanley and Lippman-Hand 1983).
_UNSEEN: Final = 3


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of pictures that a model was not trained on.

    One picture may have several rows, as it was saved several times.
    """

    scores: Numbers  # (n,)
    families: tuple[str, ...]  # (n,), PHOTO or what kind of fake
    names: tuple[str, ...]  # (n,), of the pictures; an edit bears its photograph's name
    groups: tuple[str, ...]  # (n,), of what is alike: never both seen and unseen
    known: frozenset[str]  # the kinds of fakes that the model had enough of to learn

    @property
    def labels(self) -> Labels:
        """True for fakes."""
        return np.array([family != PHOTO for family in self.families])

    @property
    def weights(self) -> Numbers:
        """What each row weighs (n,), 1 in all.

        Photographs and fakes weigh the same; among fakes those that the model knows and
        those that it does not; within these, all kinds the same. Nobody knows what comes
        to be judged, and how many pictures of a kind we have says nothing about it.
        """
        kinds, places, rows = np.unique(
            np.array(self.families), return_inverse=True, return_counts=True
        )
        sides = np.array([0 if k == PHOTO else 1 + (k in self.known) for k in kinds])
        halves = 2 if len(set(sides) - {0}) == 2 else 1
        alike = np.array([(sides == side).sum() for side in sides])
        share = np.where(sides == 0, 0.5, 0.5 / halves / alike) / rows
        weights: Numbers = share[places] / share[places].sum()
        return weights

    def pictures(self, *, fake: bool) -> int:
        """Count different pictures, however often each was saved."""
        rows = zip(self.names, self.families, self.labels, strict=True)
        return len(
            {(name, family) for name, family, is_fake in rows if is_fake == fake}
        )

    def __getitem__(self, rows: Sequence[int] | NDArray[np.integer]) -> "Scored":
        return Scored(
            self.scores[rows],
            tuple(self.families[row] for row in rows),
            tuple(self.names[row] for row in rows),
            tuple(self.groups[row] for row in rows),
            self.known,
        )


@dataclass(frozen=True, slots=True)
class Curve:
    """The chance of a fake at equal odds, growing with the score, fitted many times.

    Each fit is the best growing function (isotonic regression, Zadrozny and Elkan 2002)
    for pictures drawn anew; their mean has no steps (bagging, Breiman 1996), and their
    spread is the interval.
    """

    scores: Numbers  # (rows,)
    chances: Numbers  # (resamples, rows)

    def at(self, scores: Numbers) -> Numbers:
        """Return likelihood ratios, not cut to anything."""
        return np.interp(scores, self.scores, odds(self.chances.mean(axis=0)))

    def interval(self) -> tuple[Numbers, Numbers]:
        """Return the ends of the 95 % interval of the ratio, at every row."""
        low, high = np.percentile(self.chances, (2.5, 97.5), axis=0)
        return odds(low), odds(high)


@dataclass(frozen=True, slots=True)
class Fit:
    """The calibration, and what it was made from."""

    table: Calibration
    least: float  # the smallest likelihood ratio that the pictures can bear
    most: float
    photographs: int
    fakes: dict[str, int]  # pictures of each kind


def fit(scored: Scored) -> Fit:
    """Calibrate scores; both classes must be present."""
    found = curve(scored)
    least, most = bounds(scored, found.at(scored.scores))
    low, high = found.interval()
    # To a model a kind of fake that it does not know can look as photographs do. That such
    # a picture is as common among fakes is never excluded, so no score rules a fake out.
    tables = [
        tuple(np.round(np.log10(np.clip(ratios, least, most)), 4).tolist())
        for ratios in (found.at(found.scores), low, np.maximum(high, 1.0))
    ]
    families = np.array(scored.families)
    return Fit(
        table=Calibration(tuple(np.round(found.scores, 4).tolist()), *tables),
        least=least,
        most=most,
        photographs=scored.pictures(fake=False),
        fakes={
            kind: scored[np.flatnonzero(families == kind)].pictures(fake=True)
            for kind in sorted(set(scored.families) - {PHOTO})
        },
    )


def crossed(scored: Scored, folds: int = 5) -> Numbers:
    """Return for each row its ratio and the least that its interval leaves open.

    They come from calibrations that saw nothing of the row's group: what a calibration
    promises holds for pictures that it was not made from, or it does not hold.

    Returns:
        (2, n).
    """
    fold = _folds(scored.groups, folds)
    told = np.ones((2, scored.scores.size))
    for number in range(folds):
        table = fit(scored[np.flatnonzero(fold != number)]).table
        unseen = np.flatnonzero(fold == number)
        at = [table.at(float(score)) for score in scored.scores[unseen]]
        told[:, unseen] = np.array([(ratio, low) for ratio, low, _ in at]).T
    return told


def expected_error(scored: Scored, ratios: Numbers) -> float:
    """Return the expected calibration error at equal odds, weighed as in fitting."""
    chances = ratios / (1 + ratios)
    return calibration_error(scored.labels, chances, scored.weights)


def curve(scored: Scored) -> Curve:
    """Fit to pictures drawn anew, many times."""
    rows = np.linspace(scored.scores.min(), scored.scores.max(), _ROWS)
    chances = []
    for again in _drawn_anew(scored):
        order = np.argsort(again.scores, kind="stable")
        found = isotonic_regression(
            again.labels[order].astype(float), weights=again.weights[order]
        )
        chances.append(np.interp(rows, again.scores[order], found.x))
    return Curve(rows, np.array(chances))


def odds(chances: Numbers) -> Numbers:
    """Return odds, finite ones."""
    kept: Numbers = np.clip(chances, _LEAST, 1 - _LEAST)
    return kept / (1 - kept)


def bounds(scored: Scored, ratios: Numbers) -> tuple[float, float]:
    """Return the least and the largest likelihood ratio that may be reported.

    Empirical lower and upper bounds (Vergeer et al., "Numerical likelihood ratios
    outputted by LR systems are often based on extrapolation", 2016): a ratio t is
    supported as long as deciding at t costs less than not looking at all, counting a
    few misleading pictures more than were seen. With n photographs and no error at
    all that is about n / 3, never more.

    Args:
        scored: Both classes present.
        ratios: (n,).
    """
    labels, weights = scored.labels, 2 * scored.weights
    fakes, photographs = scored.pictures(fake=True), scored.pictures(fake=False)
    thresholds = np.linspace(0, np.log(max(fakes + photographs, 2)), 400)

    def borne(wanted: Labels, signed: Numbers, few: int, others: int) -> int:
        above = signed[None] >= thresholds[:, None]
        missed = (~above * (weights * wanted)).sum(1) + _UNSEEN / few
        alarms = (above * (weights * ~wanted)).sum(1) + _UNSEEN / others
        pays = missed + np.exp(thresholds) * alarms < 1  # the cost of calling nothing
        return max((len(pays) if pays.all() else int(np.argmin(pays))) - 1, 0)

    logs = np.log(ratios)
    most = np.exp(thresholds[borne(labels, logs, fakes, photographs)])
    least = np.exp(-thresholds[borne(~labels, -logs, photographs, fakes)])
    return float(least), float(most)


def _drawn_anew(scored: Scored) -> Iterator[Scored]:
    """Draw as many groups again, families apart, each with all its rows."""
    random = np.random.default_rng(0)
    rows: dict[str, dict[str, list[int]]] = {}
    for row, place in enumerate(zip(scored.families, scored.groups, strict=True)):
        family, group = place
        rows.setdefault(family, {}).setdefault(group, []).append(row)
    for _ in range(_RESAMPLES):
        drawn = [
            row
            for of_family in map(list, map(dict.values, rows.values()))
            for place in random.integers(len(of_family), size=len(of_family))
            for row in of_family[place]
        ]
        yield scored[drawn]


def _folds(groups: tuple[str, ...], folds: int) -> NDArray[np.integer]:
    """Deal the rows out, all of one group to the same fold."""
    different = sorted(set(groups))
    order = np.random.default_rng(0).permutation(len(different)) % folds
    dealt = dict(zip(different, order.tolist(), strict=True))
    return np.array([dealt[group] for group in groups])
