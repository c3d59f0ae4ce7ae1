"""Closing a case, and holds that two people agree to, by the desk's own buttons."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from portal.accounts.models import AuditEntry
from portal.cases.models import Case, Hold
from portal.platforms.models import Platform
from tests.desk.scene import a_case

pytestmark = pytest.mark.django_db
SOON = (datetime.now(UTC) + timedelta(days=30)).date()


@pytest.fixture
def case(worker: Client, second: Client, chirp: Platform) -> Case:
    return a_case()


def asks(client: Client, case: Case, **form: object) -> str:
    typed = {"hold-reason": "a court asked", "hold-until": SOON.isoformat()} | form
    page = client.post(f"/desk/cases/{case.pk}/hold/", typed, follow=True)
    return page.content.decode()


def test_a_hold_counts_once_a_second_person_agrees(
    worker: Client, second: Client, case: Case
) -> None:
    assert "It counts once a second person approves it." in asks(worker, case)
    hold = Hold.objects.get()
    assert (
        "Approve the hold" not in worker.get(f"/desk/cases/{case.pk}/").content.decode()
    )
    path = f"/desk/holds/{hold.pk}"
    refused = worker.post(f"{path}/approve/", follow=True).content.decode()
    assert "Another person than the one who asked" in refused
    assert not Hold.objects.in_force().exists()
    assert (
        "Approved by stella"
        in second.post(f"{path}/approve/", follow=True).content.decode()
    )
    assert list(Hold.objects.in_force()) == [hold]
    second.post(f"{path}/end/", {"reason": "the court is done"})
    assert not Hold.objects.in_force().exists()
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"ask_hold", "approve_hold", "end_hold"} <= verbs


@pytest.mark.parametrize(
    "form",
    [
        {"hold-reason": ""},
        {"hold-until": ""},
        {"hold-until": "soon"},
        {"hold-until": "1999-01-01"},
        {"hold-until": "2999-01-01"},
    ],
)
def test_a_hold_without_reason_or_sensible_day_is_refused_in_words(
    worker: Client, case: Case, form: dict[str, object]
) -> None:
    page = asks(worker, case, **form)
    assert "Please write why" in page or "A hold ends on a day to come" in page
    assert not Hold.objects.exists()


def test_a_case_is_closed_once_with_a_reason(worker: Client, case: Case) -> None:
    path = f"/desk/cases/{case.pk}/close/"
    assert "Please write why" in worker.post(path, follow=True).content.decode()
    worker.post(path, {"close-reason": "all copies are gone"})
    case.refresh_from_db()
    assert case.closed_at
    again = worker.post(path, {"close-reason": "again"}, follow=True).content.decode()
    assert "closed already" in again


def test_a_case_of_others_is_neither_held_nor_closed(
    client: Client, worker: Client, case: Case
) -> None:
    asks(worker, case)
    hold = Hold.objects.get()
    case.wraps.all().delete()
    mine = f"cases/{case.pk}"
    paths = f"{mine}/close {mine}/hold holds/{hold.pk}/approve holds/{hold.pk}/end"
    for path in paths.split():
        answer = worker.post(f"/desk/{path}/")
        assert answer.status_code == 404
    assert client.post(f"/desk/cases/{case.pk}/close/").status_code == 302
