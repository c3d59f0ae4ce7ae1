"""A prepared QuerySet holds what the QuerySet itself would, whatever it is asked with."""

from threading import Thread

import pytest
from django.db import connection
from django.db.models import Q
from pytest_django.asserts import assertNumQueries

from portal.platforms.models import Platform
from portal.prepared import AT_ONCE, Prepared

pytestmark = pytest.mark.django_db
NAMES = ["Chirp", "Warble", "Peep 100%", "2000000000"]


@pytest.fixture
def platforms() -> list[Platform]:
    return [Platform.objects.create(name=name) for name in NAMES]


def test_values_are_numbers_text_and_numbers_within_text(
    platforms: list[Platform],
) -> None:
    by_name = Prepared(
        lambda name: Platform.objects.filter(name=name).values_list("pk")
    )
    containing = Prepared(
        lambda number: Platform.objects.filter(
            Q(name__contains=f"{number}"), ~Q(name="Warble")
        ).values_list("name")
    )
    for platform in platforms:
        assert by_name.rows(platform.name) == [(platform.pk,)]
    assert containing.rows(100) == [("Peep 100%",)]
    assert containing.rows(7) == []


@pytest.mark.parametrize("count", [0, 1, 3, 4, AT_ONCE, AT_ONCE + 1])
def test_a_list_of_any_length_yields_each_row_once(
    platforms: list[Platform], count: int
) -> None:
    among = Prepared(lambda *ids: Platform.objects.filter(pk__in=ids).values_list("pk"))
    wanted = [platform.pk for platform in platforms] + list(
        range(10_000, 10_000 + count)
    )
    with assertNumQueries(-(-count // AT_ONCE)):
        found = sorted(among.rows_in(wanted[:count]))
    assert found == [(platform.pk,) for platform in platforms[:count]]


def test_what_it_yields_is_of_the_fields_types(platforms: list[Platform]) -> None:
    names = [field.attname for field in Platform._meta.concrete_fields]
    whole = Prepared(lambda pk: Platform.objects.filter(pk=pk).values_list(*names))
    pk = platforms[0].pk
    assert whole.rows(pk) == list(Platform.objects.filter(pk=pk).values_list(*names))


def test_a_value_that_never_reaches_the_sql_is_refused() -> None:
    lost = Prepared(lambda _: Platform.objects.values_list("pk"))
    with pytest.raises(ValueError, match="reach the SQL"):
        lost.rows(1)


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_by_its_own_connection(platforms: list[Platform]) -> None:
    count = Prepared(lambda *ids: Platform.objects.filter(pk__in=ids).values_list("pk"))
    wanted = [platform.pk for platform in platforms]
    seen: list[int] = []

    def ask() -> None:
        seen.append(len(list(count.rows_in(wanted))))
        connection.close()

    threads = [Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [len(NAMES)] * 3
