"""From scores to likelihood ratios, no larger than the pictures at hand can bear.

It must not know any model: labels and scores in, the table of a card out.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from detector.metrics import Labels, Numbers, balanced
from detector.models.learned import Calibration

_ROWS: Final = 41
_RESAMPLES: Final = 500
_PENALTY: Final = 1e-3  # keeps the slope finite where the classes do not overlap

# As many misleading pictures as may exist unseen: if none of n was misleading, the
# rate is below 3 / n with 95 % confidence (Hanley and Lippman-Hand 1983).
_UNSEEN: Final = 3


@dataclass(frozen=True, slots=True)
class Fit:
    """The calibration, and what it was made from."""

    table: Calibration
    least: float  # the smallest likelihood ratio that the pictures can bear
    most: float
    photographs: int
    fakes: int


def fit(labels: Labels, scores: Numbers, told_from: float = 0.0) -> Fit:
    """Calibrate scores of pictures that the model was not trained on.

    A straight line from score to log odds (Platt 1999), cut at bounds(); its interval
    is that of refits to pictures drawn anew.

    Args:
        labels: (n,), both classes present.
        scores: (n,).
        told_from: Smaller ratios are told as this one; the interval's lower end is not.
            1 for a model to which an unknown kind of fake looks like a photograph.
    """
    slope, offset = line(labels, scores)
    ratios = slope * scores + offset
    least, most = bounds(labels, ratios)
    rows = np.linspace(scores.min(), scores.max(), _ROWS)
    refits = _refits(labels, scores)
    family = refits[:, :1] * rows + refits[:, 1:]  # (resamples, rows)
    low, high = np.percentile(family, (2.5, 97.5), axis=0)
    told = max(least, told_from)
    tables = [
        tuple(np.round(np.log10(np.clip(np.exp(table), start, most)), 4).tolist())
        for table, start in ((slope * rows + offset, told), (low, least), (high, told))
    ]
    return Fit(
        table=Calibration(tuple(np.round(rows, 4).tolist()), *tables),
        least=least,
        most=most,
        photographs=int((~labels).sum()),
        fakes=int(labels.sum()),
    )


def line(labels: Labels, scores: Numbers) -> tuple[float, float]:
    """Fit log odds = slope * score + offset, classes weighing the same (Newton)."""
    weights = balanced(labels)
    inputs = np.stack((scores, np.ones_like(scores)), axis=1)
    shrink = np.diag((_PENALTY, 0.0))
    found = np.zeros(2)
    for _ in range(50):
        chances = 1 / (1 + np.exp(-np.clip(inputs @ found, -30, 30)))
        slope = inputs.T @ (weights * (chances - labels)) + shrink @ found
        curve = (inputs.T * (weights * chances * (1 - chances))) @ inputs + shrink
        step = np.linalg.solve(curve + 1e-9 * np.eye(2), slope)
        found = found - step
        if np.abs(step).max() < 1e-9:
            break
    return float(found[0]), float(found[1])


def bounds(labels: Labels, ratios: Numbers) -> tuple[float, float]:
    """Return the least and the largest likelihood ratio that may be reported.

    Empirical lower and upper bounds (Vergeer et al., "Numerical likelihood ratios
    outputted by LR systems are often based on extrapolation", 2016): a ratio t is
    supported as long as deciding at t costs less than not looking at all, counting a
    few misleading pictures more than were seen. With n photographs and no error at
    all that is about n / 3, never more.

    Args:
        labels: (n,).
        ratios: (n,), natural logarithms.
    """
    thresholds = np.linspace(0, np.log(max(labels.size, 2)), 400)
    fakes, reals = ratios[labels], ratios[~labels]
    most = np.exp(thresholds[_borne(thresholds, fakes, reals)])
    least = np.exp(-thresholds[_borne(thresholds, -reals, -fakes)])
    return float(least), float(most)


def _borne(thresholds: Numbers, fakes: Numbers, reals: Numbers) -> int:
    """Return the last threshold up to which deciding pays, as an index."""
    missed = (fakes[None] < thresholds[:, None]).sum(1) + _UNSEEN
    alarms = (reals[None] >= thresholds[:, None]).sum(1) + _UNSEEN
    cost = missed / fakes.size + np.exp(thresholds) * alarms / reals.size
    pays = cost < 1  # what it costs to call nothing a fake
    end = len(pays) if pays.all() else int(np.argmin(pays))
    return max(end - 1, 0)


def _refits(labels: Labels, scores: Numbers) -> Numbers:
    """Fit the line to pictures drawn anew, classes apart: (resamples, 2)."""
    random = np.random.default_rng(0)
    fakes, reals = scores[labels], scores[~labels]
    again = np.arange(labels.size) < fakes.size
    return np.array(
        [
            line(
                again,
                np.concatenate(
                    (random.choice(fakes, fakes.size), random.choice(reals, reals.size))
                ),
            )
            for _ in range(_RESAMPLES)
        ]
    )
