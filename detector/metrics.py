"""How good scores are: separation, error at a threshold, calibration, places.

Numbers in, numbers out: it must not know any model. Label 1 is synthetic, 0 is a
photograph; a higher score says synthetic.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Numbers = NDArray[np.float64]
Labels = NDArray[np.bool_]

RESAMPLES: Final = 500
_BINS: Final = 10


def auc(labels: Labels, scores: Numbers) -> float:
    """Return the area under the ROC curve: how often a fake scores above a photograph.

    By ranks (Mann and Whitney 1947), ties count half; nan where a class is missing.
    """
    fakes = int(labels.sum())
    reals = labels.size - fakes
    if not fakes or not reals:
        return float("nan")
    ranks = stats.rankdata(scores)
    return float((ranks[labels].sum() - fakes * (fakes + 1) / 2) / (fakes * reals))


def rate_found(labels: Labels, scores: Numbers, false_alarms: float) -> float:
    """Return the share of fakes found at a threshold with at most that many alarms.

    Args:
        labels: (n,).
        scores: (n,).
        false_alarms: The share of photographs that may be called fakes.
    """
    reals = np.sort(scores[~labels])[::-1]
    if not reals.size or not labels.any():
        return float("nan")
    allowed = int(false_alarms * reals.size)  # only scores above the next one count
    return float(np.mean(scores[labels] > reals[allowed]))


def calibration_error(
    labels: Labels, probabilities: Numbers, weights: Numbers | None = None
) -> float:
    """Return the expected calibration error at equal odds, over ten equal bins.

    Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using
    Bayesian binning" (2015).

    Args:
        labels: (n,).
        probabilities: (n,), of being a fake.
        weights: (n,), with the sum 1; without them both classes weigh the same, however
            many of each there are.
    """
    if not labels.size:
        return float("nan")
    weights = balanced(labels) if weights is None else weights
    bins = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
    claimed = np.bincount(bins, weights * probabilities, _BINS)
    found = np.bincount(bins, weights * labels, _BINS)
    return float(np.abs(claimed - found).sum())


def cllr(labels: Labels, ratios: Numbers) -> float:
    """Return the cost of likelihood ratios in bits: 0 is perfect, 1 says nothing.

    Brummer and du Preez, "Application-independent evaluation of speaker detection"
    (2006).
    """
    if not labels.any() or labels.all():
        return float("nan")
    fakes = np.log2(1 + 1 / ratios[labels]).mean()
    reals = np.log2(1 + ratios[~labels]).mean()
    return float((fakes + reals) / 2)


def overlap(mask: Labels, chosen: Labels) -> float:
    """Return the intersection over the union of two sets of pixels."""
    union = np.logical_or(mask, chosen).sum()
    return float(np.logical_and(mask, chosen).sum() / union) if union else 1.0


def balanced(labels: Labels) -> Numbers:
    """Return weights (n,) that sum to 1 and give both classes the same share."""
    classes = max(1, int(labels.any()) + int((~labels).any()))
    fakes, reals = max(1, labels.sum()), max(1, (~labels).sum())
    weights: Numbers = np.where(labels, 1 / fakes, 1 / reals) / classes
    return weights


def interval(
    labels: Labels,
    scores: Numbers,
    metric: Callable[[Labels, Numbers], float],
    resamples: int = RESAMPLES,
) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a metric, classes resampled apart."""
    random = np.random.default_rng(0)
    fakes, reals = scores[labels], scores[~labels]
    if not fakes.size or not reals.size:
        return float("nan"), float("nan")
    again = np.arange(labels.size) < fakes.size
    values = [
        metric(
            again,
            np.concatenate(
                (random.choice(fakes, fakes.size), random.choice(reals, reals.size))
            ),
        )
        for _ in range(resamples)
    ]
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)
