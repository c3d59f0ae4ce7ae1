"""What hangs on a case that ended goes with it; and old cases are looked at again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from portal.accounts.models import User
from portal.cases import actions, evidence, retention
from portal.cases.holding import held_keys
from portal.cases.models import Case, Consent
from portal.sightings.models import Alert, Sighting
from portal.sightings.tasks import sweep_ended
from tests.sighted import a_case_of, a_sighting

pytestmark = pytest.mark.django_db


@pytest.fixture
def sighting() -> Sighting:
    """A captured copy, one more of it held for the detector."""
    case = a_case_of(Consent.Kind.EVIDENCE)
    captured, held = evidence.store(case, b"copy"), evidence.hold(b"copy")
    return a_sighting(case, captured_as=captured, held_as=held)


def there(sighting: Sighting) -> tuple[bool, bool]:
    """Whether the captured copy and the held one's key are still there."""
    key = held_keys().get(sighting.held_as.replace("/", "-"))
    return storages["evidence"].exists(sighting.captured_as), key is not None


@pytest.mark.parametrize(
    "ends",
    [
        actions.withdraw_case,
        lambda case: actions.end_case(case, Case.Ending.EXPIRED),
    ],
    ids=["withdrawn", "expired"],
)
def test_captures_of_an_ended_case_are_removed(
    sighting: Sighting, ends: Callable[[Case], None]
) -> None:
    sweep_ended()
    assert there(sighting) == (True, True)
    ends(sighting.case)
    sweep_ended()
    sweep_ended()
    assert there(sighting) == (False, False)
    kept = Sighting.objects.get()
    assert (kept.captured_as, kept.held_as) == ("", "")


def test_of_a_frozen_case_only_what_a_program_could_read_goes(
    sighting: Sighting, wren: User
) -> None:
    actions.freeze_case(sighting.case, wren, "looks young")
    sweep_ended()
    assert there(sighting) == (True, False)


def test_captures_of_a_closed_case_go_with_its_files_unless_held(
    sighting: Sighting, wren: User, stella: User
) -> None:
    case = sighting.case
    until = timezone.now().date() + timedelta(days=9)
    hold = retention.ask_hold(case, wren, reason="a court asked", until=until)
    retention.approve_hold(hold, stella)
    Case.objects.update(closed_at=timezone.now() - timedelta(days=31))
    sweep_ended()
    assert there(sighting)[0]
    retention.end_hold(hold, stella, "the court is done")
    sweep_ended()
    assert not there(sighting)[0]


def test_a_case_whose_day_of_review_has_come_is_shown_to_the_desk_once(
    sighting: Sighting,
) -> None:
    today = timezone.now().date()
    sweep_ended()
    assert not Alert.objects.exists()
    Case.objects.update(review_on=today)
    sweep_ended()
    sweep_ended()
    alert = Alert.objects.get()
    assert (alert.kind, alert.subject) == (Alert.Kind.REVIEW, f"review:{today}")
    actions.act(sighting.case)
    sweep_ended()
    assert Alert.objects.count() == 1
