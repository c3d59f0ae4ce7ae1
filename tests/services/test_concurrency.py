"""What many workers do at once: a row has one holder, and numbers come without gaps.

Runs on the embedded database with all other tests, and once more on PostgreSQL.
"""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import IntegrityError, connection, transaction

import tracker
from portal.accounts.actions import audit, dismiss, hire, verify_audit
from portal.accounts.models import AuditEntry, Organisation, User
from portal.bank.actions import deposit
from portal.bank.models import Signal
from portal.cases.actions import submit_report
from portal.cases.models import Consent, Exhibit, Report
from portal.cases.receipts import Receipt
from portal.sightings import packing
from portal.sightings.models import Observation, Source
from tests.sightings.memory import observe
from tests.telling import told

MANY = 8
T = TypeVar("T")
pytestmark = pytest.mark.django_db(transaction=True)


def at_once(work: Callable[[int], T]) -> list[T]:
    """Do it in many threads, each with a connection of its own."""

    def one(number: int) -> T:
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(one, range(MANY)))


def a_report(token: str = "") -> Receipt:
    return submit_report(
        token=token or secrets.token_urlsafe(),
        told=told(
            urls=["https://elsewhere.example/post/1"],
            pictures=[b"some bytes"],
            consents=[Consent.Kind.MATCHING],
        ),
    )


def test_a_report_is_claimed_by_one_worker() -> None:
    report = a_report().report
    taken = at_once(lambda _: Report.objects.claim(report.pk))
    assert len([one for one in taken if one]) == 1


def test_a_source_is_visited_by_one_worker() -> None:
    source = Source.objects.create(
        kind="site", name="Site", config={}, purpose="a test", enabled=True
    )
    taken = at_once(lambda _: Source.objects.claim(source.pk))
    assert len([one for one in taken if one]) == 1


def test_no_row_appears_below_the_last_that_a_packer_took_for_settled() -> None:
    """Numbers are given out before rows are committed, and commits overtake each other."""
    settled: list[tuple[int, set[int]]] = []

    def crawl_or_pack(number: int) -> None:
        for _ in range(6):
            if number == 0:
                last = packing._settled()
                seen = Observation.objects.filter(pk__lte=last)
                settled.append((last, set(seen.values_list("pk", flat=True))))
                continue
            with transaction.atomic():
                observe(secrets.token_bytes(32))
                time.sleep(secrets.randbelow(20) / 1000)

    at_once(crawl_or_pack)
    every = set(Observation.objects.values_list("pk", flat=True))
    assert len(every) == 6 * (MANY - 1)
    assert [seen for _, seen in settled] == [
        {pk for pk in every if pk <= last} for last, _ in settled
    ]


def test_deposits_at_once_leave_no_gap_in_the_numbers() -> None:
    exhibits = [a_report().report.exhibits.get() for _ in range(MANY)]

    def bank(number: int) -> int:
        signal = tracker.Signal("sha256", secrets.token_hex(32), None, "1")
        other = tracker.Signal("pdq", secrets.token_hex(32), 100, "1")
        return len(deposit(exhibits[number], [signal, other]))

    assert at_once(bank) == [2] * MANY
    numbers = sorted(Signal.objects.values_list("seq", flat=True))
    assert numbers == list(range(numbers[0], numbers[0] + 2 * MANY))


def test_one_form_sent_many_times_at_once_is_one_report() -> None:
    token = secrets.token_urlsafe()

    def send(_: int) -> str | None:
        try:
            return a_report(token).passphrase
        except IntegrityError:  # the page then asks again, and gets the same receipt
            return a_report(token).passphrase

    assert len(set(at_once(send))) == 1
    assert Report.objects.count() == 1
    assert Exhibit.objects.count() == 1


def test_openings_at_once_never_fork_the_audit_log() -> None:
    entries = at_once(lambda number: audit("a task", "open", f"case:{number}", "x"))
    assert sorted(entry.number for entry in entries) == list(range(1, MANY + 1))
    assert verify_audit().last == MANY


def test_workers_dismissed_at_once_are_all_gone(organisation: Organisation) -> None:
    people = [
        hire(f"worker{number}", f"a long password {number}", organisation)
        for number in range(MANY)
    ]
    hire("boss", "a very long password", organisation, User.Role.SUPERVISOR)
    at_once(lambda number: dismiss(people[number], by="operator"))
    assert list(
        User.objects.filter(is_active=True).values_list("username", flat=True)
    ) == ["boss"]
    assert AuditEntry.objects.filter(verb="dismiss").count() == MANY
    assert verify_audit().last == 2 * MANY + 1


def test_supervisors_who_all_dismiss_each_other_leave_one(
    organisation: Organisation,
) -> None:
    people = [
        hire(f"boss{n}", f"a long password {n}", organisation, User.Role.SUPERVISOR)
        for n in range(MANY)
    ]

    def dismisses_the_next(number: int) -> bool:
        try:
            dismiss(people[(number + 1) % MANY], by=people[number])
        except ValueError:
            return False
        return True

    gone = sum(at_once(dismisses_the_next))
    left = User.objects.filter(is_active=True).count()
    assert left >= 1
    assert left == MANY - gone
