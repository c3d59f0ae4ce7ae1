"""The feed while others write: whoever follows it ends with the truth, and skips nothing.

Runs on the embedded database with all other tests, and once more on PostgreSQL.
"""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

import tracker
from portal.accounts.models import User
from portal.bank.actions import deposit
from portal.bank.models import Signal, Told
from portal.cases import actions
from portal.cases.models import Case, Consent
from portal.exchange import feed
from portal.exchange.actions import issue_key
from portal.exchange.models import ApiKey
from portal.platforms.models import Platform
from tests import telling

WRITERS, EACH = 4, 4
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def key(chirp: Platform, wren: User, stella: User) -> ApiKey:
    return issue_key(chirp, ["feed"], issued_by=wren, approved_by=stella)[0]


def a_case(number: int) -> Case:
    consents = [Consent.Kind.MATCHING, Consent.Kind.SHARING]
    told = telling.told(pictures=[b"some bytes"], consents=consents)
    return actions.submit_report(token=f"token {number}", told=told).report.case


def write(case: Case) -> None:
    """Deposit one by one; every other case is withdrawn in the end."""
    try:
        for _ in range(EACH):
            signal = tracker.Signal("sha256", secrets.token_hex(32), None, "1")
            deposit(case.exhibits.get(), [signal])
        if case.pk % 2:
            actions.withdraw_case(case)
    finally:
        connection.close()


def test_a_reader_among_writers_skips_nothing_and_ends_with_the_truth(
    key: ApiKey,
) -> None:
    cases = [a_case(number) for number in range(WRITERS)]
    known: dict[str, str] = {}
    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(write, case) for case in cases]
        after = ""
        deadline = time.monotonic() + 30
        while True:
            assert time.monotonic() < deadline
            is_over = all(one.done() for one in writing)
            page = feed.read(key, after, limit=3)
            known |= {entry.match_id: entry.state for entry in page.entries}
            after = page.next
            if is_over and not page.entries:
                break
            time.sleep(
                0.01
            )  # SQLite gives its lock to whoever asks first, and we ask a lot
    for one in writing:
        one.result()
    active = {id_ for id_, state in known.items() if state == "active"}
    truth = set(Signal.objects.active().values_list("pk", flat=True))
    ids = dict(key.platform.match_ids.values_list("signal", "token"))
    assert active == {ids[pk] for pk in truth}
    assert len(active) == EACH * sum(case.pk % 2 == 0 for case in cases)


def test_two_readers_of_one_platform_share_one_order(key: ApiKey) -> None:
    case = a_case(1)
    made = [
        tracker.Signal("sha256", secrets.token_hex(32), None, "1") for _ in range(9)
    ]
    deposit(case.exhibits.get(), made)

    def read_all(_: int) -> list[str]:
        try:
            seen, after = [], ""
            while (page := feed.read(key, after, limit=2)).entries:
                seen += [entry.cursor for entry in page.entries]
                after = page.next
            return seen
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        orders = list(pool.map(read_all, range(WRITERS)))
    assert all(order == orders[0] for order in orders)
    assert len(set(orders[0])) == 9
    assert Told.objects.fed().count() == 9
