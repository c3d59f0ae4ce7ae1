"""Likelihood ratios are right among pictures not seen, and no larger than they can bear."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from detector import metrics
from detector.training import calibration
from detector.training.calibration import Scored
from detector.training.pictures import PHOTO


@pytest.fixture(autouse=True)
def few_refits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "_RESAMPLES", 60)


def drawn(count: int, apart: float, unknown: int = 0) -> Scored:
    """As many photographs as fakes that a model knows, and fakes that look like photos."""
    random = np.random.default_rng(count)
    families = ["known"] * count + [PHOTO] * count + ["unknown"] * unknown
    known = np.array([family == "known" for family in families])
    names = tuple(map(str, range(len(families))))
    scores = random.normal(size=len(families)) + apart * known
    return Scored(scores, tuple(families), names, names, frozenset({"known"}))


def told(fit: calibration.Fit, scored: Scored) -> metrics.Numbers:
    return np.array([fit.table.at(float(score))[0] for score in scored.scores])


@pytest.mark.parametrize("count", [30, 100, 300])
def test_even_without_any_error_no_ratio_is_above_a_third_of_the_photographs(
    count: int,
) -> None:
    fit = calibration.fit(drawn(count, apart=20))

    assert 0.8 * count / 3 < fit.most <= count / 3
    assert 3 / count <= fit.least < 1.3 * 3 / count
    assert 10 ** max(fit.table.ratios + fit.table.high) <= 1.001 * fit.most
    assert 10 ** min(fit.table.ratios + fit.table.low) >= 0.999 * fit.least


def test_scores_that_say_nothing_bear_no_ratio() -> None:
    fit = calibration.fit(drawn(200, apart=0))

    assert fit.most < 2
    assert max(fit.table.at(3.0)) < 2


def test_a_few_pictures_bear_nothing_at_all() -> None:
    fit = calibration.fit(drawn(3, apart=20))

    assert fit.least == fit.most == 1


def test_no_score_rules_a_fake_out() -> None:
    fit = calibration.fit(drawn(300, apart=4))
    ratio, low, high = fit.table.at(-9)

    assert low <= ratio < 0.1 < high == 1


def test_the_ratio_grows_with_the_score_and_lies_in_its_interval() -> None:
    table = calibration.fit(drawn(200, apart=1.5)).table
    at = [table.at(score) for score in np.linspace(-4, 6, 20)]

    assert all(low <= ratio <= high for ratio, low, high in at)
    assert [ratio for ratio, _, _ in at] == sorted(ratio for ratio, _, _ in at)
    assert at[-1] == table.at(1e9)


def test_a_fit_is_scikit_learns_isotonic_regression(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scored = drawn(50, apart=1.5, unknown=30)
    monkeypatch.setattr(calibration, "_drawn_anew", lambda scored: [scored])
    peer = IsotonicRegression().fit(
        scored.scores, scored.labels, sample_weight=scored.weights
    )

    found = calibration.curve(scored)

    assert found.chances[0] == pytest.approx(peer.predict(found.scores), abs=1e-9)


@pytest.mark.parametrize("unknown", [0, 300])
def test_ratios_are_calibrated_on_pictures_not_seen(unknown: int) -> None:
    fit = calibration.fit(drawn(400, apart=1.5, unknown=unknown))
    others = drawn(3000, apart=1.5, unknown=10 * unknown)

    assert calibration.expected_error(others, told(fit, others)) < 0.05


def test_what_a_cross_fit_tells_of_a_picture_was_not_made_from_it() -> None:
    scored = drawn(60, apart=1.0)
    twice = scored[[*range(120), *range(120)]]
    marked = Scored(
        np.where(np.arange(240) % 120 == 7, 99.0, twice.scores),
        twice.families,
        twice.names,
        twice.groups,
        twice.known,
    )

    ratio, least = calibration.crossed(marked)
    of_others = calibration.fit(scored)

    assert ratio[7] == ratio[127] <= 1.2 * of_others.most
    assert (least <= ratio).all()
    assert len(set(calibration.crossed(scored)[0])) > 20


def test_families_weigh_alike_however_many_pictures_they_have() -> None:
    scored = Scored(
        np.zeros(7),
        (PHOTO, PHOTO, "known", "a", "b", "b", "b"),
        tuple("1234567"),
        tuple("1234567"),
        frozenset({"known"}),
    )

    assert scored.weights == pytest.approx(
        [1 / 4, 1 / 4, 1 / 4, 1 / 8, 1 / 24, 1 / 24, 1 / 24]
    )
    assert scored[[0, 2]].weights == pytest.approx([1 / 2, 1 / 2])


def test_a_picture_saved_often_is_one_picture() -> None:
    scored = drawn(5, apart=0)

    assert scored[[0, 0, 1, 1, 6]].pictures(fake=True) == 2
    assert scored[[0, 0, 1, 1, 6]].pictures(fake=False) == 1
