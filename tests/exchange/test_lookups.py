import pytest
from django.core.files.storage import storages

from portal.cases.actions import give_consent, revoke_consent, withdraw_case
from portal.cases.models import Consent
from portal.exchange.models import Lookup, MatchId
from tests import drawing
from tests.exchange.conftest import (
    Machine,
    a_case,
    as_json,
    moved,
    picture,
    results,
    signals_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def answered_once(machine: Machine) -> None:
    """A host's first lookup goes around: what is asked here goes straight."""
    machine.asks(signals_of(9)["pdq"])
    Lookup.objects.all().delete()


def test_a_known_signal_matches_exactly(machine: Machine) -> None:
    a_case()
    (result,) = machine.asks(signals_of()["sha256"])
    (match,) = result["matches"]
    assert match["match_id"]
    del match["match_id"]
    assert match == {"kind": "exact", "type": "sha256", "distance": 0}


def test_a_signal_within_the_radius_matches_nearly(machine: Machine) -> None:
    a_case()
    (result,) = machine.asks(moved(signals_of()["pdq"], 20))
    (match,) = result["matches"]
    assert (match["kind"], match["type"], match["distance"]) == ("near", "pdq", 20)


def test_a_possible_match_is_not_told(machine: Machine) -> None:
    a_case()
    assert machine.asks(moved(signals_of()["pdq"], 40)) == [{"matches": []}]


def test_results_come_in_the_order_asked(machine: Machine) -> None:
    a_case(1)
    known, unknown = signals_of(1)["pdq"], signals_of(2)["pdq"]
    found = machine.asks(unknown, known, unknown, known)
    assert [len(result["matches"]) for result in found] == [0, 1, 0, 1]


def test_a_picture_asked_by_all_its_signals_is_one_question(machine: Machine) -> None:
    a_case(1)
    known, unknown = ([as_json(s) for s in signals_of(n).values()] for n in (1, 2))
    found = results(machine.posts("lookups", {"pictures": [unknown, known]}))
    assert [len(result["matches"]) for result in found] == [0, 1]
    assert found[1]["matches"][0]["kind"] == "exact"


def test_what_the_command_line_prints_can_be_sent_as_it_is(machine: Machine) -> None:
    a_case()
    signal = signals_of()["pdq"]
    sent = as_json(signal) | {"quality": signal.quality, "version": signal.version}
    (result,) = results(machine.posts("lookups", {"signals": [sent]}))
    assert len(result["matches"]) == 1


def test_an_uploaded_re_post_is_found_mirrored_and_recompressed(
    machine: Machine,
) -> None:
    a_case()
    image = drawing.recompress(drawing.mirror(drawing.landscape(1)), 60)
    (result,) = results(machine.uploads(drawing.encode(image, "JPEG")))
    assert [match["kind"] for match in result["matches"]] == ["near"]


def test_nothing_of_an_uploaded_picture_is_kept(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[str] = []
    monkeypatch.setattr(
        storages["evidence"], "save", lambda name, *_: stored.append(name)
    )
    assert results(machine.uploads(picture(3))) == [{"matches": []}]
    assert stored == []
    assert (Lookup.objects.get().asked, Lookup.objects.get().matched) == (1, 0)


def test_without_consent_to_share_a_platform_learns_nothing(machine: Machine) -> None:
    a_case(consents=[Consent.Kind.MATCHING, Consent.Kind.NOTICES])
    assert machine.asks(*signals_of().values()) == [{"matches": []}] * 3
    assert not MatchId.objects.exists()


def test_consent_taken_back_counts_at_once_and_so_does_consent_given(
    machine: Machine,
) -> None:
    case = a_case()
    known = signals_of()["pdq"]
    revoke_consent(case, Consent.Kind.SHARING)
    assert machine.asks(known) == [{"matches": []}]
    give_consent(case, Consent.Kind.SHARING)
    assert machine.asks(known)[0]["matches"]


def test_a_withdrawn_case_is_never_matched_again(machine: Machine) -> None:
    case = a_case()
    known = signals_of()["pdq"]
    assert machine.asks(known)[0]["matches"]
    withdraw_case(case)
    assert machine.asks(known) == [{"matches": []}]


def test_two_victims_of_one_picture_are_two_matches(machine: Machine) -> None:
    a_case(1, token="amina")
    a_case(1, token="ben")
    (result,) = machine.asks(signals_of(1)["pdq"])
    ids = {match["match_id"] for match in result["matches"]}
    assert len(ids) == 2


def test_one_platform_is_always_given_the_same_id_and_another_a_different_one(
    machine: Machine, other_machine: Machine
) -> None:
    a_case()
    known = signals_of()["pdq"]
    first, again, other = (
        asking.asks(known)[0]["matches"][0]["match_id"]
        for asking in (machine, machine, other_machine)
    )
    assert first == again
    assert first != other


def test_an_id_leads_nowhere_without_our_row(machine: Machine) -> None:
    case = a_case()
    given = machine.asks(signals_of()["pdq"])[0]["matches"][0]["match_id"]
    assert len(given) == 32
    assert MatchId.objects.get(token=given).signal.case == case


def test_the_audit_row_has_counts_and_nothing_asked(machine: Machine) -> None:
    a_case(1)
    machine.asks(signals_of(1)["pdq"], signals_of(2)["pdq"], signals_of(3)["pdq"])
    row = Lookup.objects.get()
    assert (row.asked, row.matched) == (3, 1)
    fields = {field.name for field in Lookup._meta.get_fields()}
    assert fields == {"id", "key", "at", "requests", "asked", "matched"}


def test_a_question_that_is_refused_leaves_no_audit_row(machine: Machine) -> None:
    assert machine.posts("lookups", {"signals": []}).status_code == 400
    assert not Lookup.objects.exists()


def test_a_thousand_questions_are_answered_in_one_request(machine: Machine) -> None:
    a_case()
    known = signals_of()["pdq"]
    found = machine.asks(*[known] * 1000)
    assert len(found) == 1000
    assert all(result["matches"] for result in found)
