"""The feed: complete, in order, only what is shared, and every withdrawal in it."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from pytest_django import Settings

import tracker
from portal.accounts.models import User
from portal.bank.actions import deposit
from portal.bank.models import Feed, Told
from portal.cases import actions, ending, tombstones
from portal.cases.actions import submit_report
from portal.cases.models import Case, Consent
from portal.exchange.models import ApiKey
from portal.exchange.serializers import FeedPage
from portal.platforms.models import Platform
from tests import telling
from tests.exchange.conftest import Answer, Machine, as_json, picture, signals_of

pytestmark = pytest.mark.django_db
Issue = Callable[..., tuple[ApiKey, str]]
FIELDS = {"cursor", "match_id", "type", "value", "version", "quality", "state"}


@pytest.fixture
def reader(a_key: Issue, chirp: Platform) -> Machine:
    return Machine(a_key(chirp, "feed", "lookup", "feedback")[1])


@pytest.fixture
def warble(a_key: Issue) -> Machine:
    platform = Platform.objects.create(name="Warble")
    return Machine(a_key(platform, "feed")[1])


def asks(machine: Machine, **query: object) -> Answer:
    return machine.client.get(f"/api/v1/feed?{urlencode(query)}")


def reads(machine: Machine, after: str = "", **query: object) -> dict[str, Any]:
    """One page of the feed."""
    answer = asks(machine, **({"after": after} if after else {}), **query)
    assert answer.status_code == 200, answer.content
    page: dict[str, Any] = answer.json()
    return page


def states(page: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["type"], entry["state"]) for entry in page["entries"]]


def a_shared_case(
    seed: int = 1, token: str = "amina", scope: Sequence[str] | None = ()
) -> Case:
    """A case with three banked signals, shared with these platforms; None: with nobody."""
    report = submit_report(
        token=token,
        told=telling.told(pictures=[picture(seed)], consents=[Consent.Kind.MATCHING]),
    ).report
    if scope is not None:
        actions.give_consent(report.case, Consent.Kind.SHARING, scope)
    deposit(report.exhibits.get(), signals_of(seed).values())
    return report.case


def test_a_platform_reads_every_signal_that_is_shared_with_it(reader: Machine) -> None:
    a_shared_case()
    page = reads(reader)
    assert [as_json_of(entry) for entry in page["entries"]] == [
        as_json(signal) for signal in signals_of().values()
    ]
    assert {entry["state"] for entry in page["entries"]} == {"active"}
    assert set(page["entries"][0]) == FIELDS


def as_json_of(entry: dict[str, Any]) -> dict[str, str]:
    return {"type": entry["type"], "value": entry["value"]}


def test_regions_of_a_picture_never_leave(reader: Machine) -> None:
    case = a_shared_case()
    regions = tracker.hash_picture(tracker.decode(picture(1)))[3:]
    assert deposit(case.exhibits.get(), regions)
    told = [as_json_of(entry) for entry in reads(reader)["entries"]]
    assert told == [as_json(signal) for signal in signals_of().values()]


def test_pages_follow_each_other_without_a_gap_or_a_repeat(reader: Machine) -> None:
    a_shared_case(1)
    a_shared_case(2, token="ben")
    seen, after = [], ""
    for _ in range(3):
        page = reads(reader, after, limit=2)
        seen += [entry["cursor"] for entry in page["entries"]]
        after = page["next"]
    assert len(set(seen)) == 6
    assert seen == sorted(seen)
    assert reads(reader, after) == {"entries": [], "next": after}


def test_an_empty_feed_has_a_cursor_to_go_on_from(reader: Machine) -> None:
    after = reads(reader)["next"]
    a_shared_case()
    assert len(reads(reader, after)["entries"]) == 3


def test_what_is_not_shared_is_not_in_the_feed(
    reader: Machine, warble: Machine
) -> None:
    chirp = Platform.objects.get(name="Chirp")
    a_shared_case(1, scope=None)
    a_shared_case(2, token="ben", scope=[str(chirp.pk)])
    a_shared_case(3, token="cho", scope=[f"{chirp.pk}7", f"7{chirp.pk}"])
    assert len(reads(reader)["entries"]) == 3
    assert reads(warble)["entries"] == []


def test_a_lookup_honours_to_whom_the_consent_reaches(
    reader: Machine, a_key: Issue
) -> None:
    other = Platform.objects.create(name="Warble")
    a_shared_case(scope=[str(other.pk)])
    known = signals_of()["sha256"]
    assert reader.asks(known) == [{"matches": []}]
    assert Machine(a_key(other, "lookup")[1]).asks(known)[0]["matches"]


def test_a_withdrawn_case_comes_once_more_as_something_to_forget(
    reader: Machine,
) -> None:
    case = a_shared_case()
    after = reads(reader)["next"]
    actions.withdraw_case(case)
    page = reads(reader, after)
    assert states(page) == [(type_, "withdrawn") for type_ in signals_of()]
    assert reads(reader, page["next"])["entries"] == []


@pytest.mark.parametrize("end", ["consent", "frozen", "expired", "scope"])
def test_whatever_takes_a_signal_from_a_platform_is_told_to_it(
    reader: Machine, wren: User, end: str
) -> None:
    case = a_shared_case()
    after = reads(reader)["next"]
    match end:
        case "consent":
            actions.revoke_consent(case, Consent.Kind.SHARING)
        case "frozen":
            actions.freeze_case(case, wren, "looks young")
        case "expired":
            actions.end_case(case, Case.Ending.EXPIRED)
        case _:
            actions.give_consent(case, Consent.Kind.SHARING, ["0"])
    assert {state for _, state in states(reads(reader, after))} == {"withdrawn"}


def test_a_consent_given_again_makes_its_signals_active_again(reader: Machine) -> None:
    case = a_shared_case()
    reads(reader)
    actions.revoke_consent(case, Consent.Kind.SHARING)
    after = reads(reader)["next"]
    actions.give_consent(case, Consent.Kind.SHARING)
    assert {state for _, state in states(reads(reader, after))} == {"active"}


def test_a_signal_that_a_platform_never_got_leaves_no_trace(
    reader: Machine, warble: Machine
) -> None:
    case = a_shared_case()
    reads(reader, limit=1)
    actions.withdraw_case(case)
    assert len(reads(reader)["entries"]) == 1, "two were never sent"
    assert reads(warble)["entries"] == []


def test_a_match_alone_gives_nothing_to_forget(reader: Machine) -> None:
    case = a_shared_case()
    assert reader.asks(signals_of()["pdq"])[0]["matches"]
    actions.withdraw_case(case)
    assert reads(reader)["entries"] == []


def test_a_reader_that_starts_over_never_sees_a_withdrawn_signal_as_active(
    reader: Machine,
) -> None:
    case = a_shared_case()
    a_shared_case(2, token="ben")
    reads(reader)
    actions.withdraw_case(case)
    seen, after = [], ""
    for _ in range(6):
        page = reads(reader, after, limit=1)
        seen += states(page)
        after = page["next"]
    gone = [type_ for type_, state in seen if state == "withdrawn"]
    assert gone == list(signals_of())
    assert len(seen) == 6


def test_asking_for_what_comes_after_is_the_acknowledgement(reader: Machine) -> None:
    case = a_shared_case()
    after = reads(reader)["next"]
    actions.withdraw_case(case)
    told = Told.objects.of_case(case)
    page = reads(reader, after)
    assert not told.filter(acknowledged_at__isnull=False)
    first = page["entries"][0]["cursor"]
    reads(reader, first)
    assert told.filter(acknowledged_at=None).count() == 2
    reads(reader, page["next"])
    assert not told.filter(acknowledged_at=None).exists()


def test_two_victims_of_one_picture_are_told_apart(reader: Machine) -> None:
    amina, _ = a_shared_case(), a_shared_case(token="ben")
    before = reads(reader)
    actions.withdraw_case(amina)
    after = reads(reader, before["next"])
    gone = {entry["match_id"] for entry in after["entries"]}
    all_ = {entry["match_id"] for entry in before["entries"]}
    assert (len(gone), len(all_)) == (3, 6)
    assert gone < all_


def test_ids_lead_to_feedback_and_differ_between_platforms(
    reader: Machine, warble: Machine
) -> None:
    a_shared_case()
    ours, theirs = (reads(one)["entries"][0] for one in (reader, warble))
    assert ours["match_id"] != theirs["match_id"]
    assert ours["cursor"] != theirs["cursor"]
    assert reader.tells(ours["match_id"]).status_code == 201
    assert reader.tells(theirs["match_id"]).status_code == 404


def test_a_cursor_that_we_did_not_give_is_refused(
    reader: Machine, warble: Machine
) -> None:
    a_shared_case()
    ours = reads(reader)["next"]
    reads(warble)
    for wrong in (
        "0" * 48,
        f"{9:016x}{ours[16:]}",
        reads(warble)["next"],
        "f" * 48,
    ):
        answer = asks(reader, after=wrong)
        assert (answer.status_code, answer.json()["error"]) == (400, "bad_cursor")
    for malformed in ("1", "x" * 48, ours.upper() + "A", "\x00", "-" * 48):
        assert asks(reader, after=malformed).json()["error"] == "invalid"
    for limit in (0, -1, 1001, "many"):
        assert asks(reader, limit=limit).json()["error"] == "invalid"


def test_a_cursor_from_before_a_restored_backup_starts_over(reader: Machine) -> None:
    a_shared_case()
    after = reads(reader)["next"]
    Feed.objects.update(last=0)
    Told.objects.all().delete()
    answer = asks(reader, after=after)
    assert (answer.status_code, answer.json()["error"]) == (410, "cursor_lost")
    assert len(reads(reader)["entries"]) == 3


def test_the_feed_needs_its_scope(a_key: Issue, chirp: Platform) -> None:
    asking = Machine(a_key(chirp, "lookup", "feedback")[1])
    assert asks(asking).json()["error"] == "wrong_scope"


def test_only_named_fields_leave() -> None:
    entry = dict.fromkeys(FIELDS | {"case", "reference"}, "x") | {"quality": 1}
    shown = FeedPage({"entries": [entry], "next": "x", "case": 1}).data
    assert set(json.loads(json.dumps(shown))["entries"][0]) == FIELDS
    assert set(shown) == {"entries", "next"}


def test_a_signal_that_a_restored_backup_brings_back_is_never_active_again(
    reader: Machine, settings: Settings, tmp_path: Path
) -> None:
    settings.TOMBSTONES = tmp_path
    case = a_shared_case()
    after = reads(reader)["next"]
    tombstones.write(bytes(case.locator), Case.Ending.WITHDRAWN)
    ending._applied.clear()  # a new process, on a database from before the withdrawal
    assert {state for _, state in states(reads(reader, after))} == {"withdrawn"}
    assert {state for _, state in states(reads(reader))} == {"withdrawn"}
