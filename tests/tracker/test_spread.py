import doctest
import math
from datetime import UTC, date, datetime, timedelta, timezone
from importlib import import_module

import numpy as np
import pytest

from tracker import Point, spread

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_point(
    number: int = 1,
    host: str = "forum.example",
    account: str = "kim",
    hours: float = 0,
    kind: str = "near",
) -> Point:
    return Point(number, host, account, NOON + timedelta(hours=hours), kind)


@pytest.mark.parametrize(
    "name", ["tracker.spread", "tracker.matching", "tracker.signals.base"]
)
def test_the_examples_in_the_documentation_are_true(name: str) -> None:
    failed, tried = doctest.testmod(import_module(name))
    assert tried
    assert not failed


def test_of_nothing_nothing_is_known() -> None:
    known = spread([])
    assert (known.first, known.lanes, known.days) == (None, (), ())
    assert (known.doubling, known.repeaters) == (None, ())


def test_hosts_stand_in_the_order_in_which_they_came_in() -> None:
    points = [
        a_point(1, "late.example", hours=9),
        a_point(2, "early.example", hours=1),
        a_point(3, "early.example", hours=20),
    ]
    known = spread(points)
    assert known.first == points[1]
    assert [lane.host for lane in known.lanes] == ["early.example", "late.example"]
    assert [point.id for point in known.lanes[0].points] == [2, 3]
    assert known.lanes[0].first == points[1].at


def test_copies_of_the_same_moment_stand_in_the_order_of_their_ids() -> None:
    known = spread([a_point(3), a_point(1), a_point(2)])
    assert [point.id for point in known.lanes[0].points] == [1, 2, 3]


def test_days_are_counted_in_utc_and_add_up() -> None:
    shanghai = timezone(timedelta(hours=8))
    morning = datetime(2026, 3, 3, 7, tzinfo=shanghai)
    late = Point(9, "b.example", "lee", morning, "near")
    days = spread([a_point(1), a_point(2, hours=1), late]).days
    assert [(day.date, day.new, day.total) for day in days] == [
        (date(2026, 3, 1), 2, 2),
        (date(2026, 3, 2), 1, 3),
    ]


def test_a_time_without_a_zone_is_refused() -> None:
    naive = Point(1, "a.example", "kim", NOON.replace(tzinfo=None), "near")
    with pytest.raises(ValueError, match="zone"):
        spread([naive])


def test_an_account_with_two_copies_is_named_and_a_nameless_one_is_not() -> None:
    points = [
        a_point(1, account="kim"),
        a_point(2, account="kim"),
        a_point(3, account="lee"),
        a_point(4, account=""),
        a_point(5, account=""),
    ]
    assert [(r.account, r.copies) for r in spread(points).repeaters] == [("kim", 2)]


def test_one_name_on_two_hosts_is_two_accounts() -> None:
    assert spread([a_point(1, "a.example"), a_point(2, "b.example")]).repeaters == ()


@pytest.mark.parametrize("hours", [2, 6, 48])
def test_a_spread_that_doubles_is_measured(hours: int) -> None:
    points = [a_point(n, hours=hours * math.log2(n)) for n in range(1, 40)]
    doubling = spread(points).doubling
    assert doubling is not None
    assert 0.8 * hours < doubling / timedelta(hours=1) < 1.25 * hours


@pytest.mark.parametrize(
    "hours",
    [
        [0, 1, 2, 3],
        [0, 0, 0, 0, 0, 0],
        [0, 5, 5, 5, 5, 5],
        [0, 10, 20, 30, 40, 50, 60, 70],
        [0, 1, 2, 3, 5, 8, 13, 21, 34, 55],
    ],
)
def test_too_few_copies_a_trickle_or_a_decline_get_no_number(
    hours: list[float],
) -> None:
    assert spread(a_point(n, hours=at) for n, at in enumerate(hours)).doubling is None


def test_chance_is_taken_for_growth_no_more_often_than_one_time_in_ten() -> None:
    rng = np.random.default_rng(0)
    taken = 0
    for _ in range(400):
        hours = rng.uniform(0, 99, 12)
        known = spread(a_point(n, hours=at) for n, at in enumerate(hours))
        taken += known.doubling is not None
    assert taken <= 40
