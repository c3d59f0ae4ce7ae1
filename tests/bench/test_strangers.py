import numpy as np
import pytest

from bench import strangers
from tracker import WHOLE, Signal, bits_apart
from tracker.rates import WIDEST

PICTURES = 9
CHANCE = np.random.default_rng(4)


def some(count: int) -> tuple[Signal, ...]:
    """Wholes and parts whose values are few bits apart, so that many meet."""
    values = 2 ** CHANCE.integers(0, 250, (count, 40)).astype(object)
    return tuple(
        Signal(
            type_,
            f"{int(np.bitwise_or.reduce(row)):064x}",
            int(CHANCE.choice([50, 75, 95, 100])) if type_ == "pdq" else None,
            "",
            WHOLE if place % 2 else "region 1",
        )
        for place, row in enumerate(values)
        for type_ in strangers.TYPES
    )


@pytest.mark.parametrize("roles", strangers.ROLES)
def test_pairs_and_distances_are_those_of_a_slow_count(roles: tuple[str, str]) -> None:
    every = {role for pair in strangers.ROLES for role in pair}
    made = [{role: some(3) for role in every} for _ in range(PICTURES)]
    count = strangers.counted(strangers.gathered(made))
    related = strangers.related(PICTURES, *roles)
    for type_ in strangers.TYPES:
        distances = [
            bits_apart(one.value, other.value)
            for a in range(PICTURES)
            for b in range(PICTURES)
            if not related[a, b]
            for one in made[a][roles[0]]
            for other in made[b][roles[1]]
            if one.type == other.type == type_
        ]
        name = " / ".join(roles)
        mine = [row for key, row in count.rows.items() if key[:2] == (type_, name)]
        seen = np.bincount(
            [d for d in distances if d <= WIDEST], minlength=81
        )
        assert sum(row.pairs for row in mine) == len(distances)
        assert np.array_equal(sum(row.false for row in mine), seen)
        assert seen.any()


def test_a_collage_is_no_stranger_to_what_it_shows() -> None:
    related = strangers.related(PICTURES, "asked in a frame", "banked")
    collage = strangers.FRAMES.index("collage")
    assert list(np.flatnonzero(related[collage])) == [3, 4, 5, 6]
    assert list(np.flatnonzero(related[collage + 1])) == [4]
    both = strangers.related(PICTURES, "asked in a frame", "banked in a frame")
    assert both[collage, collage + 2]
    assert not both[collage, collage + len(strangers.FRAMES)]


def test_the_table_is_python_that_says_what_was_counted() -> None:
    roles = {role for pair in strangers.ROLES for role in pair}
    made = [{role: some(3) for role in roles} for _ in range(PICTURES)]
    signals = strangers.gathered(made)
    count = strangers.counted(signals)
    told: dict[str, dict[str, strangers.Row]] = {}
    exec(strangers.measured(count, signals, PICTURES), told)  # noqa: S102 (our own)
    pdq = sum(row.pairs for key, row in count.rows.items() if key[0] == "pdq")
    assert told["MEASURED"]["pdq"].pairs == pdq
