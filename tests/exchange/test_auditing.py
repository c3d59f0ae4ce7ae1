"""A row for each request of a quiet key, one a second for a busy one, and nothing lost."""

import time
from collections.abc import Callable

import pytest
from django.db import DatabaseError
from django.db.models import Sum
from pytest_django import Settings

from portal.exchange.auditing import Audit
from portal.exchange.models import ApiKey, Lookup
from portal.platforms.models import Platform

pytestmark = pytest.mark.django_db(transaction=True)

Issue = Callable[..., tuple[ApiKey, str]]


@pytest.fixture
def key(a_key: Issue, chirp: Platform) -> ApiKey:
    return a_key(chirp)[0]


def wait_for_two_rows() -> None:
    ends = time.monotonic() + 10
    while Lookup.objects.count() < 2 and time.monotonic() < ends:
        time.sleep(0.05)


def test_the_first_of_many_requests_is_written_at_once_and_the_rest_together(
    key: ApiKey, settings: Settings
) -> None:
    settings.LOOKUP_AUDIT_SECONDS = 1
    audit = Audit()
    for _ in range(5):
        audit.note(key, 10, 2)
    assert Lookup.objects.get().requests == 1
    wait_for_two_rows()
    row = Lookup.objects.latest("pk")
    assert (row.requests, row.asked, row.matched) == (4, 40, 8)


def test_with_no_seconds_each_request_has_its_row(key: ApiKey) -> None:
    audit = Audit()
    for _ in range(3):
        audit.note(key, 1, 0)
    assert Lookup.objects.count() == 3


def test_what_the_database_did_not_take_is_written_with_the_next(
    key: ApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = Audit()

    def full(*_: object, **__: object) -> None:
        raise DatabaseError

    with monkeypatch.context() as down:
        down.setattr(Lookup.objects, "bulk_create", full)
        with pytest.raises(DatabaseError):
            audit.note(key, 5, 1)
    audit.note(key, 7, 0)
    told = Lookup.objects.aggregate(Sum("requests"), Sum("asked"), Sum("matched"))
    assert list(told.values()) == [2, 12, 1]


def test_a_platform_that_is_gone_by_then_keeps_nobody_elses_rows_back(
    key: ApiKey, a_key: Issue, settings: Settings
) -> None:
    settings.LOOKUP_AUDIT_SECONDS = 1
    audit, (gone, _) = Audit(), a_key(Platform.objects.create(name="Warble"))
    audit.note(key, 1, 0)
    audit.note(key, 1, 0)
    audit.note(gone, 1, 0)
    gone.delete()
    wait_for_two_rows()
    assert list(Lookup.objects.values_list("key", "requests")) == [(key.pk, 1)] * 2
