"""A copy on record, in few words for tests that need none to be found."""

from typing import Any

import tracker
from portal.bank.actions import deposit
from portal.cases import actions
from portal.cases.models import Case, Consent
from portal.sightings.models import Sighting
from tests.telling import told


def a_case_of(consent: Consent.Kind) -> Case:
    """A case with one exhibit, and that consent alone."""
    said = told(pictures=[b"a"], consents=[consent])
    return actions.submit_report(token="amina", told=said).report.case


def a_sighting(case: Case, **more: Any) -> Sighting:
    """The same file as the case's exhibit, seen on chirp.example."""
    exhibit = case.exhibits.get()
    signal = tracker.Signal("sha256", "9c1e" * 16, None, "1")
    (banked,) = deposit(exhibit, [signal])
    return Sighting.objects.create(
        case=case,
        exhibit=exhibit,
        signal=banked,
        key=bytes(32),
        url="https://chirp.example/1",
        media_url="https://chirp.example/1.jpg",
        host="chirp.example",
        found=Sighting.Found.CRAWLED,
        kind=Sighting.Kind.EXACT,
        distance=0,
        **more,
    )
