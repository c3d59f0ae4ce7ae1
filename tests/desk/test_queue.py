from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from portal.accounts.models import User
from portal.cases.actions import withdraw_case
from portal.cases.models import Case
from portal.desk.queue import counts_of, graded
from portal.notices.models import Deadline, Notice
from portal.platforms.models import Platform
from portal.sightings.models import Alert, Sighting
from tests.desk.scene import a_case, a_copy, a_draft

pytestmark = pytest.mark.django_db


def test_the_most_urgent_case_comes_first(chirp: Platform) -> None:
    threatened = a_case("amina", threatened=True)
    calm = a_case("ben", seed=2)
    found = a_case("carol", seed=3)
    a_copy(found, seed=3)
    order = [(row.case.pk, row.grade.level) for row in graded(Case.objects.active())]
    assert order == [(threatened.pk, "I"), (found.pk, "III"), (calm.pk, "IV")]


def test_of_two_threatened_the_nearer_day_comes_first(chirp: Platform) -> None:
    today = timezone.now().date()
    days = {"amina": 20, "ben": 2, "carol": -1}
    cases = {
        name: a_case(
            name, threatened=True, threatened_until=today + timedelta(days=left)
        )
        for name, left in days.items()
    }
    rows = graded(Case.objects.active())
    assert [row.case for row in rows[:2]] == [cases["ben"], cases["amina"]]
    assert {row.grade.level for row in rows} == {"I"}


def test_a_case_says_what_happened_and_what_they_fear(
    worker: Client, chirp: Platform
) -> None:
    day = timezone.now().date() + timedelta(days=2)
    case = a_case(
        kinds=["face_swap"], fears=["self_harm", "money"], threatened_until=day
    )
    page = worker.get(f"/desk/cases/{case.pk}/").content.decode()
    for words in ["A face was put on", "Thoughts of self-harm", day.isoformat()]:
        assert words in page
    assert "they may hurt themselves" in worker.get("/desk/").content.decode()


def test_a_grade_counts_what_is_there(
    wren: User, stella: User, chirp: Platform
) -> None:
    case = a_case()
    confirmed = a_copy(case, "/1")
    a_copy(case, "/2", host="boards.example")
    gone = a_copy(case, "/3", host="gallery.example")
    Sighting.objects.filter(pk=gone.pk).update(status=Sighting.Status.GONE)
    rejected = a_copy(case, "/4", host="other.example")
    Sighting.objects.filter(pk=rejected.pk).update(decision=Sighting.Decision.REJECTED)
    notice = a_draft(confirmed, wren)
    Notice.objects.update(state=Notice.State.SENT, approved_by=stella)
    now = timezone.now()
    Deadline.objects.create(notice=notice, due_at=now, missed_at=now)
    counts = counts_of(Case.objects.active())[case.pk]
    assert (counts.open, counts.hosts, counts.today, counts.overdue) == (2, 2, 3, 1)


def test_grading_costs_the_same_for_many_cases(
    chirp: Platform, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for seed in (1, 2, 3):
        a_copy(a_case(str(seed), seed=seed), seed=seed)
    with django_assert_num_queries(4):
        graded(Case.objects.active())


def test_the_queue_shows_what_waits(
    worker: Client, wren: User, chirp: Platform
) -> None:
    case = a_case()
    a_draft(a_copy(case, "/1"), wren)
    a_copy(case, "/2", host="boards.example")
    page = worker.get("/desk/").content.decode()
    assert case.reference in page
    assert "boards.example" in page
    assert "first copy found" in page
    assert "by wren" in page


def test_a_withdrawn_case_leaves_the_queue(worker: Client, chirp: Platform) -> None:
    case = a_case()
    a_copy(case)
    withdraw_case(case)
    assert case.reference not in worker.get("/desk/").content.decode()


def test_an_alert_is_put_away_once(worker: Client, wren: User, chirp: Platform) -> None:
    a_copy(a_case())
    alert = Alert.objects.get()
    assert worker.post(f"/desk/alerts/{alert.pk}/seen/").status_code == 302
    alert.refresh_from_db()
    assert alert.seen_by == wren
    assert "first copy found" not in worker.get("/desk/").content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999"])
def test_a_page_that_is_not_there_shows_one_that_is(worker: Client, page: str) -> None:
    assert worker.get(f"/desk/?page={page}").status_code == 200
