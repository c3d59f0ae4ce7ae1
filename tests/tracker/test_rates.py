from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from tracker import SIGNALS, Wanted, kind_of, radii, radius_of, rate, signal_type
from tracker.__main__ import main
from tracker.measured import MEASURED
from tracker.rates import FEW, WIDEST, at_most

names = st.sampled_from(sorted(SIGNALS))
sizes = st.integers(0, 10**12)
shares = st.floats(1e-15, 1, exclude_min=True)
wishes = st.builds(
    Wanted,
    near=shares,
    possible=shares,
    shown=st.floats(1e-6, 1e4),
    questions=st.floats(1e-6, 1e4),
)


@given(names, sizes, sizes, wishes)
def test_radii_never_grow_with_the_bank(
    name: str, one: int, other: int, wanted: Wanted
) -> None:
    small = radii(name, min(one, other), wanted)
    large = radii(name, max(one, other), wanted)
    assert large.near <= small.near
    assert large.possible <= small.possible


@given(names, sizes, wishes)
def test_radii_are_never_wider_than_the_types_own(
    name: str, size: int, wanted: Wanted
) -> None:
    held, judge = radii(name, size, wanted), signal_type(name)
    assert 0 <= held.near <= judge.near
    assert held.near <= held.possible <= judge.possible


@given(st.sampled_from(sorted(MEASURED)), st.integers(1, 10**12), wishes)
def test_no_more_is_expected_to_be_false_than_is_wanted(
    name: str, size: int, wanted: Wanted
) -> None:
    held = radii(name, size, wanted)
    pairs = 1_000 * MEASURED[name].asked * size
    if held.near:
        assert rate(name, held.near) <= wanted.near
        assert rate(name, held.near) * pairs <= wanted.shown * 1.000001
    if held.possible > held.near:
        assert rate(name, held.possible) <= wanted.possible
        assert rate(name, held.possible) * pairs <= wanted.questions * 1.000001


@given(names, sizes, wishes, st.integers(0, 256))
def test_what_is_within_the_radius_has_a_kind_and_nothing_else_has(
    name: str, size: int, wanted: Wanted, distance: int
) -> None:
    held = radii(name, size, wanted)
    inside = distance <= radius_of(name, "possible", held)
    assert (kind_of(name, distance, held) is not None) == inside
    told = kind_of(name, distance, held) in {"exact", "near"}
    assert told == (distance <= radius_of(name, "near", held))


def test_the_rates_of_pdq_rest_on_more_than_a_thousand_million_pairs() -> None:
    assert MEASURED["pdq"].pairs > 10**9


def test_a_small_bank_has_the_widest_near() -> None:
    assert radii("pdq", 1).near == 31
    assert radii("sha256", 10**9) == radii("sha256", 0)


@pytest.mark.parametrize("name", sorted(MEASURED))
def test_rates_never_fall_with_the_distance(name: str) -> None:
    rates = [rate(name, distance) for distance in range(WIDEST + 5)]
    assert all(a <= b for a, b in pairwise(rates))
    assert rates[0] > 0
    assert rates[-1] == rate(name, WIDEST), "wider than what was counted is not told"


@pytest.mark.parametrize("name", sorted(MEASURED))
def test_a_rate_is_no_lower_than_what_was_seen(name: str) -> None:
    measured = MEASURED[name]
    for distance in measured.false:
        seen = sum(n for at, n in measured.false.items() if at <= distance)
        assert rate(name, distance) > seen / measured.pairs


@pytest.mark.parametrize("seen", [0, 1, 2, FEW, 100, 10_000])
def test_the_bound_is_garwoods_within_a_hundredth(seen: int) -> None:
    assert at_most(seen) == pytest.approx(chi2.ppf(0.95, 2 * seen + 2) / 2, rel=0.01)


def test_the_command_line_tells_which_radii_hold(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["tracker", "rates", "--questions", "1"])
    assert main() == 0
    told = capsys.readouterr().out
    assert "100,000,000" in told
    assert "different pictures" in told


@pytest.mark.parametrize("given_", ["0", "-1", "nan", "inf", "many"])
def test_what_cannot_be_wanted_is_refused(
    given_: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["tracker", "rates", "--near", given_])
    with pytest.raises(SystemExit):
        main()
    assert "--near" in capsys.readouterr().err
