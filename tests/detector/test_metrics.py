"""Metrics equal scikit-learn's where it has them, and their definitions elsewhere."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from detector import metrics


@pytest.fixture(scope="module")
def drawn() -> tuple[metrics.Labels, metrics.Numbers]:
    """Scores that overlap, with ties, one class twice as often."""
    random = np.random.default_rng(0)
    labels = np.arange(300) < 100
    return labels, np.round(random.normal(size=300) + labels, 1)


def test_the_area_under_the_curve_is_scikit_learns(
    drawn: tuple[metrics.Labels, metrics.Numbers],
) -> None:
    labels, scores = drawn

    assert metrics.auc(labels, scores) == pytest.approx(
        sklearn_metrics.roc_auc_score(labels, scores)
    )
    assert np.isnan(metrics.auc(np.ones(3, dtype=bool), scores[:3]))


@pytest.mark.parametrize("alarms", [0.01, 0.05, 0.2])
def test_the_rate_found_is_a_point_of_scikit_learns_curve(
    drawn: tuple[metrics.Labels, metrics.Numbers], alarms: float
) -> None:
    labels, scores = drawn
    false, true, _ = sklearn_metrics.roc_curve(labels, scores, drop_intermediate=False)

    found = metrics.rate_found(labels, scores, alarms)

    assert found == pytest.approx(true[false <= alarms].max())


def test_chances_that_are_right_have_no_calibration_error() -> None:
    labels = np.arange(100) < 50
    right = np.where(np.arange(100) % 10 < 8, labels, ~labels)
    said: metrics.Numbers = np.where(right, 0.8, 0.2)

    assert metrics.calibration_error(labels, said) == pytest.approx(0)
    assert metrics.calibration_error(labels, np.full(100, 0.9)) == pytest.approx(0.4)
    assert metrics.calibration_error(
        labels, (~labels).astype(np.float64)
    ) == pytest.approx(1)


def test_the_cost_of_ratios_is_one_bit_where_they_say_nothing() -> None:
    labels = np.arange(10) < 4

    assert metrics.cllr(labels, np.ones(10)) == pytest.approx(1)
    assert metrics.cllr(labels, np.where(labels, 1e6, 1e-6)) < 1e-5
    assert metrics.cllr(labels, np.where(labels, 0.1, 10.0)) > 3


def test_the_overlap_is_intersection_over_union() -> None:
    mask = np.array([True, True, False, False])

    assert metrics.overlap(mask, np.array([True, False, True, False])) == 1 / 3
    assert metrics.overlap(~mask & mask, ~mask & mask) == 1


def test_the_interval_holds_the_value_and_is_the_same_each_time(
    drawn: tuple[metrics.Labels, metrics.Numbers],
) -> None:
    low, high = metrics.interval(*drawn, metrics.auc, resamples=100)

    assert low < metrics.auc(*drawn) < high
    assert high - low < 0.2
    assert (low, high) == metrics.interval(*drawn, metrics.auc, resamples=100)


def test_what_rows_weigh_counts_in_the_calibration_error() -> None:
    labels, said = np.array([True, False]), np.array([1.0, 1.0])

    alike = metrics.calibration_error(labels, said)
    first = metrics.calibration_error(labels, said, weights=np.array([1.0, 0.0]))

    assert (alike, first) == (0.5, 0.0)
