import pytest

from portal.sightings.grading import Counts, grade


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
