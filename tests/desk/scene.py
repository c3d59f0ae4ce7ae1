"""Rows as the portal makes them: a case, copies of its picture, a notice. No network."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import tracker
from portal.accounts import sealing
from portal.accounts.models import User
from portal.cases.actions import submit_report
from portal.cases.keys import CaseKey, key_of_worker
from portal.cases.models import Case, Consent
from portal.notices import actions as notices
from portal.notices.models import Notice
from portal.sightings import actions, assessing
from portal.sightings.models import Sighting
from tests import drawing
from tests.conftest import PASSWORDS
from tests.telling import told

POSTED = datetime(2026, 3, 1, 10, tzinfo=UTC)


@cache
def picture(seed: int = 1, quality: int = 88) -> bytes:
    return drawing.encode(drawing.landscape(seed), "JPEG", quality=quality)


def a_case(
    token: str = "amina",
    *,
    seed: int = 1,
    threatened: bool = False,
    details: str = "",
    **more: Any,
) -> Case:
    said = told(
        urls=["https://chirp.example/seen"],
        pictures=[picture(seed)],
        details=details,
        threatened=threatened,
        consents=list(Consent.Kind),
    )
    report = submit_report(token=token, told=replace(said, **more)).report
    actions.process_report(report)
    return report.case


def a_find(
    path: str = "/1",
    *,
    host: str = "chirp.example",
    account: str = "mallory",
    seed: int = 1,
    posted_at: datetime = POSTED,
) -> tracker.Find:
    """A recompressed copy on a page."""
    url = f"https://{host}{path}"
    media = tracker.Media(f"{url}.jpg", picture(seed, 60), "image/jpeg")
    return tracker.Find(url, media, account, posted_at, "")


def a_copy(
    case: Case, path: str = "/1", *, is_assessed: bool = True, **found: Any
) -> Sighting:
    """A copy, recorded and assessed as a crawl would."""
    find = a_find(path, **found)
    (sighting,) = [
        sighting
        for sighting in actions.handle_find(find, found=Sighting.Found.CRAWLED)
        if sighting.case_id == case.pk
    ]
    if is_assessed:
        assessing.assess(sighting)
    return sighting


def a_draft(sighting: Sighting, worker: User) -> Notice:
    actions.decide(sighting, worker, confirmed=True)
    return notices.draft(sighting, worker, rule_id="us-take-it-down")


def key_in_hand(case: Case, worker: User, password: str = "") -> CaseKey:
    """The case's key, as a worker of the cast holds it while logged in."""
    private = sealing.unlock(worker, password or PASSWORDS[worker.username])
    return key_of_worker(case, worker, private)
