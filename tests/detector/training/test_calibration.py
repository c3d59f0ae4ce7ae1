"""Likelihood ratios are no larger than the calibration's pictures can bear."""

import numpy as np
import pytest

from detector import metrics
from detector.training import calibration


def drawn(count: int, apart: float) -> tuple[metrics.Labels, metrics.Numbers]:
    random = np.random.default_rng(count)
    labels = np.arange(2 * count) < count
    return labels, random.normal(size=2 * count) + apart * labels


@pytest.mark.parametrize("count", [30, 100, 300])
def test_even_without_any_error_no_ratio_is_above_a_third_of_the_photographs(
    count: int,
) -> None:
    fit = calibration.fit(*drawn(count, apart=20))

    assert 0.8 * count / 3 < fit.most <= count / 3
    assert 3 / count <= fit.least < 1.3 * 3 / count
    assert 10 ** max(fit.table.ratios + fit.table.high) <= 1.001 * fit.most
    assert 10 ** min(fit.table.ratios + fit.table.low) >= 0.999 * fit.least


def test_scores_that_say_nothing_bear_no_ratio() -> None:
    fit = calibration.fit(*drawn(200, apart=0))

    assert fit.most < 2
    assert max(fit.table.at(3.0)) < 2


def test_a_ratio_below_what_may_be_told_is_told_as_that() -> None:
    table = calibration.fit(*drawn(200, apart=1.5), told_from=1).table
    ratio, low, high = table.at(-9)

    assert ratio == high == 1 > low


def test_a_few_pictures_bear_nothing_at_all() -> None:
    fit = calibration.fit(*drawn(3, apart=20))

    assert fit.least == fit.most == 1


def test_the_ratio_grows_with_the_score_and_lies_in_its_interval() -> None:
    table = calibration.fit(*drawn(200, apart=1.5)).table
    at = [table.at(score) for score in np.linspace(-4, 6, 20)]

    assert all(low <= ratio <= high for ratio, low, high in at)
    assert [ratio for ratio, _, _ in at] == sorted(ratio for ratio, _, _ in at)
    assert at[-1] == table.at(1e9)


def test_ratios_are_calibrated_on_pictures_not_seen() -> None:
    table = calibration.fit(*drawn(400, apart=1.5)).table
    labels, scores = drawn(3000, apart=1.5)

    ratios = np.array([table.at(score)[0] for score in scores])

    assert metrics.calibration_error(labels, ratios / (1 + ratios)) < 0.05
    assert metrics.cllr(labels, ratios) < 0.75
