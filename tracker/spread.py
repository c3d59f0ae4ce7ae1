"""How copies moved in time, across hosts and accounts.

Pure: points in, Spread out. It must not know what a case is, nor guess who began it.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, groupby

LEAST_MOMENTS = 5

# One-sided 5 % of the standard normal: how sure growth must be before it gets a number.
_SIGNIFICANT = 1.645


@dataclass(frozen=True, slots=True)
class Point:
    """One copy seen: `at` is an aware time, `kind` how it matched; `id` is opaque."""

    id: int
    host: str
    account: str
    at: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class Lane:
    """The copies on one host, the earliest first."""

    host: str
    first: datetime
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A day (UTC) on which copies were seen, and how many there were by its end."""

    date: date
    new: int
    total: int


@dataclass(frozen=True, slots=True)
class Repeater:
    """An account that holds more than one copy. A fact about copies, no accusation."""

    host: str
    account: str
    copies: int


@dataclass(frozen=True, slots=True)
class Spread:
    """What is known of a spread.

    `first` is the earliest copy that we know, which is not to say the first there was.
    `lanes` are in the order in which hosts came in; `days` leave out those without a
    new copy; `doubling` is None unless growth can be told from chance.
    """

    first: Point | None
    lanes: tuple[Lane, ...]
    days: tuple[Day, ...]
    doubling: timedelta | None
    repeaters: tuple[Repeater, ...]


def spread(points: Iterable[Point]) -> Spread:
    """Order what was seen; raises ValueError for a time without a zone.

    >>> at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> seen = [
    ...     Point(1, "forum.example", "kim", at, "exact"),
    ...     Point(2, "gallery.example", "lee", at + timedelta(days=1), "near"),
    ...     Point(3, "forum.example", "kim", at + timedelta(days=1), "near"),
    ... ]
    >>> known = spread(reversed(seen))
    >>> known.first.id, [lane.host for lane in known.lanes]
    (1, ['forum.example', 'gallery.example'])
    >>> [(day.date.day, day.new, day.total) for day in known.days]
    [(1, 1, 1), (2, 2, 3)]
    >>> known.repeaters
    (Repeater(host='forum.example', account='kim', copies=2),)
    """
    seen = list(points)
    if any(point.at.utcoffset() is None for point in seen):
        raise ValueError("The time of a point has a zone.")
    seen.sort(key=lambda point: (point.at, point.id))
    return Spread(
        first=seen[0] if seen else None,
        lanes=_lanes(seen),
        days=_days(seen),
        doubling=doubling_time([point.at for point in seen]),
        repeaters=_repeaters(seen),
    )


def doubling_time(times: Iterable[datetime]) -> timedelta | None:
    """How long the number of copies took to double, up to the last one seen.

    None below five different moments, and wherever a steady trickle would explain them:
    growth must pass Laplace's trend test (Cox and Lewis, The Statistical Analysis of
    Series of Events, 1966, 3.3). The rate is then the most likely one under exponential
    growth between the first and the last sighting. It measures sightings: a crawl that
    looks more often sees more.

    >>> start = datetime(2026, 3, 1, tzinfo=UTC)
    >>> daily = [start + timedelta(days=n) for n in range(12)]
    >>> doubling_time(daily) is None
    True
    >>> doubled = [start + timedelta(days=math.log2(n)) for n in range(1, 65)]
    >>> round(doubling_time(doubled) / timedelta(days=1), 1)
    1.0
    """
    ordered = sorted(times)
    if len(set(ordered)) < LEAST_MOMENTS:
        return None
    length = ordered[-1] - ordered[0]
    inner = [(time - ordered[0]) / length for time in ordered[1:-1]]
    mean = sum(inner) / len(inner)
    if (mean - 0.5) * math.sqrt(12 * len(inner)) < _SIGNIFICANT:
        return None
    return length * (math.log(2) / _growth(mean))


def _growth(mean: float) -> float:
    """The rate r at which density r e^rt / (e^r - 1) on [0, 1] has that mean, over 1/2.

    The mean is 1 / (1 - e^-r) - 1 / r and rises with r, so halving finds it.
    """
    low, high = 1e-6, 1e6
    while high - low > 1e-9 * high:
        rate = (low + high) / 2
        if 1 / -math.expm1(-rate) - 1 / rate < mean:
            low = rate
        else:
            high = rate
    return high


def _lanes(seen: list[Point]) -> tuple[Lane, ...]:
    hosts: dict[str, list[Point]] = {}
    for point in seen:
        hosts.setdefault(point.host, []).append(point)
    return tuple(Lane(host, own[0].at, tuple(own)) for host, own in hosts.items())


def _days(seen: list[Point]) -> tuple[Day, ...]:
    dated = [
        (day, len(list(group)))
        for day, group in groupby(
            seen, key=lambda point: point.at.astimezone(UTC).date()
        )
    ]
    totals = accumulate(new for _, new in dated)
    return tuple(
        Day(day, new, total) for (day, new), total in zip(dated, totals, strict=True)
    )


def _repeaters(seen: list[Point]) -> tuple[Repeater, ...]:
    """Accounts are told apart by host: one name on two hosts may be two people."""
    copies = Counter((point.host, point.account) for point in seen if point.account)
    return tuple(
        Repeater(host, account, count)
        for (host, account), count in copies.most_common()
        if count > 1
    )
