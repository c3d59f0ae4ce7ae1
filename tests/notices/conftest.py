"""Amina's case with a confirmed copy on Chirp, made of rows: no picture is hashed here."""

from collections.abc import Sequence
from hashlib import blake2b
from itertools import count
from pathlib import Path

import pytest
from pytest_django import Settings

from portal.accounts.models import User
from portal.bank.models import Signal
from portal.cases.actions import submit_report
from portal.cases.models import Case, Consent
from portal.notices import actions
from portal.notices.models import Notice
from portal.platforms.models import Platform
from portal.sightings.models import Assessment, Sighting
from tests.telling import told

US, EU = "us-take-it-down", "eu-dsa-16"
CONSENTS = (Consent.Kind.MATCHING, Consent.Kind.NOTICES)
numbers = count(1)


def a_case(*, consents: Sequence[Consent.Kind] = CONSENTS) -> Case:
    number = next(numbers)
    report = submit_report(
        token=f"form {number}", told=told(pictures=[b"benign"], consents=consents)
    ).report
    return report.case


def a_sighting(
    case: Case,
    platform: Platform | None,
    *,
    path: str = "post/1",
    decision: Sighting.Decision = Sighting.Decision.CONFIRMED,
    finding: str = "",
    account: str = "mallory",
) -> Sighting:
    number = next(numbers)
    exhibit = case.exhibits.get()
    signal = Signal.objects.create(
        case=case, exhibit=exhibit, type="sha256", value=f"{number:064x}", seq=number
    )
    url = f"https://chirp.example/{path}"
    sighting = Sighting.objects.create(
        case=case,
        exhibit=exhibit,
        signal=signal,
        platform=platform,
        key=blake2b(f"{number}".encode(), digest_size=32).digest(),
        url=url,
        media_url=f"{url}.jpg",
        host="chirp.example",
        account=account,
        found=Sighting.Found.CRAWLED,
        kind=Sighting.Kind.EXACT,
        distance=0,
        matched_type="sha256",
        sha256="ab" * 32,
        decision=decision,
    )
    if finding:
        Assessment.objects.create(sighting=sighting, finding=finding, version="1")
    return sighting


def an_approved(sighting: Sighting, wren: User, stella: User) -> Notice:
    notice = actions.draft(sighting, wren, rule_id=US)
    return actions.approve(notice, stella)


def a_sent(sighting: Sighting, wren: User, stella: User) -> Notice:
    notice = Notice.objects.claim(an_approved(sighting, wren, stella).pk)
    assert notice
    actions.deliver(notice)
    assert notice.state == Notice.State.SENT
    return notice


@pytest.fixture
def case(db: None) -> Case:
    return a_case()


@pytest.fixture
def sighting(case: Case, chirp: Platform) -> Sighting:
    return a_sighting(case, chirp)


@pytest.fixture
def draft(sighting: Sighting, wren: User) -> Notice:
    return actions.draft(sighting, wren, rule_id=US)


@pytest.fixture
def outbox(settings: Settings, tmp_path: Path) -> Path:
    settings.OUTBOX = tmp_path / "outbox"
    return tmp_path / "outbox"


@pytest.fixture
def bells(transactional_db: None, bells: None) -> None:
    """A bell rings at once, when what rings it is committed."""
