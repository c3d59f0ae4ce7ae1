"""Who steals the database cannot match a report with a log of the network: times are coarse."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.apps import apps
from django.db.models import DateTimeField, Model
from django.test import Client

from portal.accounts.models import User
from portal.cases.actions import revoke_consent, withdraw_case
from portal.cases.models import Consent, ReportedUrl
from portal.sightings import visiting
from portal.sightings.models import Sighting
from tests.desk.scene import a_case, a_copy, a_draft
from tests.portal.pages import open_a_case

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 7, 5, 10, 37, 21, 123456, tzinfo=UTC)
# Finer times, and why. They are of our own acts, not of the victim's, or do not stay.
FINE = {
    "accounts.AuditEntry": "who opened what, and when, must be told to the second",
    "accounts.User": "staff",
    "sightings.Sighting": "when we saw a copy is evidence",
    "sightings.Check": "the same, and notices' clocks hang on it",
    "sightings.Assessment": "a part of the evidence",
    "sightings.Alert": "when we told the desk about evidence",
    "sightings.Observation": "what a crawl saw, of nobody's case",
    "sightings.Source": "the crawl's own schedule",
    "notices.Notice": "the law counts hours from it",
    "notices.Delivery": "the same",
    "notices.Deadline": "the same",
    "platforms.Host": "the directory",
    "platforms.Platform": "the directory",
}
FINE_FIELDS = {
    # Forgotten by a sweep within minutes: the passphrase may be shown again until then.
    "cases.Report.receipt_until",
}


def finer_than_an_hour(at: datetime) -> bool:
    return bool(at.minute or at.second or at.microsecond)


def kept_times() -> Iterator[tuple[str, datetime]]:
    """Every time in every row, but for those that may be fine."""
    for model in apps.get_models():
        if model._meta.label in FINE or model._meta.app_label in {"sessions", "auth"}:
            continue
        for field in model._meta.get_fields():
            name = f"{model._meta.label}.{field.name}"
            if isinstance(field, DateTimeField) and name not in FINE_FIELDS:
                yield from ((name, at) for at in _values(model, field.name))


def _values(model: type[Model], name: str) -> Iterator[datetime]:
    filled = model._default_manager.exclude(**{name: None})
    yield from filled.values_list(name, flat=True)


@pytest.fixture
def a_clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def test_what_a_victim_does_is_kept_to_the_hour(
    client: Client, a_clock: None, chirp: object, wren: User
) -> None:
    ended = a_case()
    a_draft(a_copy(ended), wren)
    opened = open_a_case(client)
    revoke_consent(opened, Consent.Kind.NOTICES)
    withdraw_case(ended)
    kept = list(kept_times())
    assert {"cases.Case.created_at", "cases.Case.withdrawn_at"} <= {
        name for name, _ in kept
    }
    assert [name for name, at in kept if finer_than_an_hour(at)] == []


def test_a_visit_that_a_victim_set_off_is_kept_to_the_hour(a_clock: None) -> None:
    case = a_case()
    reported = ReportedUrl.objects.claim(ReportedUrl.objects.get().pk)
    assert reported
    # An address inside our own network: refused before anything is asked.
    reported.url = "http://127.0.0.1:9/"
    visiting.visit_reported(reported)
    reported.refresh_from_db()
    assert reported.visited_at
    assert not finer_than_an_hour(reported.visited_at)
    assert reported.claimed_at is None
    assert not Sighting.objects.filter(case=case).exists()


def test_the_list_of_finer_times_names_what_there_is() -> None:
    known = {model._meta.label for model in apps.get_models()}
    assert set(FINE) <= known
