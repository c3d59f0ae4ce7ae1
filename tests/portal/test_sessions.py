"""Sessions do not tell when somebody was here, and do not stay when they left."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from portal.accounts.tasks import sweep_sessions
from portal.sessions import STEP
from tests.portal.pages import open_a_case

pytestmark = pytest.mark.django_db

# 13 seconds after a step, which is the longest wait for the next one.
CLICK = datetime(2026, 3, 5, 10, 35, 13, 123456, tzinfo=UTC)


@pytest.mark.parametrize("later", [0, 47, 100, 286])
def test_the_end_of_a_session_is_told_in_steps(client: Client, later: int) -> None:
    click = CLICK + timedelta(seconds=later)
    with time_machine.travel(click, tick=False):
        open_a_case(client)
    end = Session.objects.get().expire_date
    assert end.timestamp() % STEP.total_seconds() == 0
    lifetime = (end - click).total_seconds()
    assert 0 <= lifetime - settings.SESSION_COOKIE_AGE < STEP.total_seconds()


def test_every_click_keeps_the_case_open_and_idleness_closes_it(client: Client) -> None:
    with time_machine.travel(CLICK, tick=False) as clock:
        open_a_case(client)
        for _ in range(3):
            clock.shift(timedelta(minutes=14))
            assert client.get("/case/status/").status_code == 200
        clock.shift(timedelta(minutes=20))
        assert client.get("/case/status/").status_code == 302


def test_a_session_that_is_over_is_swept_away_and_another_is_not(
    client: Client,
) -> None:
    with time_machine.travel(CLICK, tick=False):
        open_a_case(client)
    with time_machine.travel(CLICK + timedelta(minutes=10), tick=False):
        sweep_sessions()
        assert Session.objects.exists()
    sweep_sessions()
    assert not Session.objects.exists()
    assert "portal.accounts.tasks.sweep_sessions" in {
        entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()
    }
