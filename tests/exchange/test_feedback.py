import pytest
from pytest_django import Settings

from portal.cases.actions import revoke_consent, withdraw_case
from portal.cases.events import sentence
from portal.cases.models import Case, Consent
from portal.exchange.models import Feedback, MatchId
from tests.exchange.conftest import Machine, a_case, signals_of

pytestmark = pytest.mark.django_db


def a_match(machine: Machine) -> str:
    found: str = machine.asks(signals_of()["pdq"])[0]["matches"][0]["match_id"]
    return found


def told(case: Case) -> list[str]:
    return [sentence(event) for event in case.events.filter(kind="feedback")]


def test_what_a_platform_did_is_on_the_victims_timeline(machine: Machine) -> None:
    case = a_case()
    match_id = a_match(machine)
    answer = machine.tells(match_id, "removed", count=3)
    assert answer.status_code == 201
    assert answer.json() == {"match_id": match_id, "outcome": "removed", "count": 3}
    assert told(case) == ["A platform told us about a copy: removed."]
    assert Feedback.objects.get().count == 3


def test_telling_it_again_corrects_the_count_and_is_no_second_event(
    machine: Machine,
) -> None:
    case = a_case()
    match_id = a_match(machine)
    machine.tells(match_id)
    answer = machine.tells(match_id, count=2)
    assert answer.status_code == 200
    assert Feedback.objects.get().count == 2
    assert len(told(case)) == 1


def test_each_further_step_is_told(machine: Machine) -> None:
    case = a_case()
    match_id = a_match(machine)
    for outcome in ("received", "pending_review", "geo_blocked"):
        assert machine.tells(match_id, outcome).status_code == 201
    assert told(case)[-1].endswith("blocked in some countries.")
    assert len(told(case)) == 3


def test_the_step_is_said_in_the_victims_language_not_the_machines(
    machine: Machine,
) -> None:
    case = a_case()
    Case.objects.filter(pk=case.pk).update(language="zh-hans")
    machine.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "ko"
    machine.tells(a_match(machine))
    assert told(case)


def test_an_unknown_id_and_another_platforms_id_are_refused_in_the_same_words(
    machine: Machine, other_machine: Machine
) -> None:
    a_case()
    theirs = a_match(other_machine)
    answers = [machine.tells(theirs), machine.tells("0" * 32)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["error"] == "unknown_match"
    assert not Feedback.objects.exists()


def test_feedback_on_a_withdrawn_case_finds_nothing_any_longer(
    machine: Machine,
) -> None:
    case = a_case()
    match_id = a_match(machine)
    withdraw_case(case)
    assert machine.tells(match_id).status_code == 404
    assert told(case) == []


def test_feedback_still_counts_when_sharing_has_ended_since(machine: Machine) -> None:
    case = a_case()
    match_id = a_match(machine)
    revoke_consent(case, Consent.Kind.SHARING)
    assert machine.tells(match_id).status_code == 201


def test_an_old_id_still_leads_to_its_match_when_the_key_of_ids_changed(
    machine: Machine, settings: Settings
) -> None:
    a_case()
    old = a_match(machine)
    settings.MATCH_ID_KEY = "another key"
    new = a_match(machine)
    assert old != new
    assert MatchId.objects.count() == 2
    assert machine.tells(old).status_code == 201
    assert machine.tells(new).status_code == 200  # the same match, told already
