import pytest
from django.test import Client

from portal.cases.models import Case
from portal.public.counting import coarse

pytestmark = pytest.mark.django_db


def shown_with(cases: int) -> str:
    Case.objects.bulk_create(
        Case(locator=bytes([number]) * 32, public_key=bytes(32))
        for number in range(cases)
    )
    return Client().get("/transparency/").content.decode()


def test_a_small_count_is_not_shown() -> None:
    shown = shown_with(9)
    assert shown.count("too few to show") == 4
    assert "9" not in shown.partition("<li class")[2].partition("</ul>")[0]


def test_a_count_is_rounded_down_so_that_nobody_sees_it_go_up_by_one() -> None:
    shown = shown_with(19)
    assert "10 or more" in shown
    assert "19" not in shown.partition("<li class")[2].partition("</ul>")[0]


@pytest.mark.parametrize(("count", "told"), [(0, None), (9, None), (10, 10), (29, 20)])
def test_what_may_be_told(count: int, told: int | None) -> None:
    assert coarse(count) == told
