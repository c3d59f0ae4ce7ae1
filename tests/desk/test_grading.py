import pytest

from portal.cases.kinds import FEARS
from portal.sightings.grading import DANGER, EXPOSED, Counts, grade


@pytest.mark.parametrize(
    ("counts", "level"),
    [
        (Counts(), "IV"),
        (Counts(hosts=1), "IV"),
        (Counts(open=1), "III"),
        (Counts(hosts=4), "II"),
        (Counts(today=3), "II"),
        (Counts(today=3, before=2), "IV"),
        (Counts(today=2), "IV"),
        (Counts(overdue=1), "II"),
        (Counts(threatened=True), "I"),
        (Counts(fears=frozenset({"self_harm"})), "I"),
        (Counts(fears=frozenset({"money"})), "I"),
        (Counts(fears=frozenset({"threat"})), "I"),
        (Counts(days_left=3), "I"),
        (Counts(days_left=0), "I"),
        (Counts(days_left=4), "IV"),
        (Counts(fears=frozenset({"address_shown"})), "II"),
        (Counts(fears=frozenset({"name_shown"})), "II"),
        (Counts(fears=frozenset({"a code of tomorrow"})), "IV"),
        (Counts(threatened=True, open=1, hosts=9, today=9, overdue=1), "I"),
    ],
)
def test_the_worst_single_reason_decides(counts: Counts, level: str) -> None:
    assert grade(counts).level == level


def test_every_reason_is_named() -> None:
    reasons = grade(
        Counts(threatened=True, open=2, hosts=4, today=3, overdue=1)
    ).reasons
    assert [str(reason) for reason in reasons] == [
        "somebody threatens them",
        "a deadline passed",
        "3 new copies in a day",
        "on 4 sites",
        "2 copies to decide",
    ]


def test_what_the_victim_says_comes_first() -> None:
    fears = frozenset({"self_harm", "money", "phone_shown"})
    reasons = grade(Counts(fears=fears, days_left=1, open=1)).reasons
    assert [str(reason) for reason in reasons] == [
        "they may hurt themselves",
        "1 day until the day set them",
        "somebody threatens them",
        "their phone number is shown",
        "1 copy to decide",
    ]


def test_every_fear_that_grades_is_one_that_can_be_told() -> None:
    assert {DANGER, *EXPOSED} <= set(FEARS)
