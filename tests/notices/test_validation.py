"""What the contract over the rules does not reach: shapes, pairings and borders."""

import pytest

from portal.notices import compose
from portal.notices.models import Notice
from portal.notices.validation import problems
from portal.platforms import rules
from portal.platforms.models import Platform
from portal.platforms.rules import rule

pytestmark = pytest.mark.django_db


def found(notice: Notice) -> set[tuple[str, str]]:
    notice.body = compose.body_of(notice, rule(notice.rule))
    return {(problem.element, problem.kind) for problem in problems(notice)}


@pytest.mark.parametrize(
    "text",
    [
        "chirp.example/post/1",
        "ftp://chirp.example/post/1",
        "https://",
        "https://chirp.example/a b",
        "https://chirp.example/1\nsomewhere on Chirp",
        "javascript:alert(1)",
    ],
)
def test_an_address_must_be_exact(draft: Notice, text: str) -> None:
    draft.elements["identification"] = text
    assert found(draft) == {("identification", "missing")}


def test_a_contact_needs_an_address_that_answers_reach(draft: Notice) -> None:
    draft.elements["contact"] = "Lantern, 1 Harbour Street"
    assert found(draft) == {("contact", "missing")}


def test_a_recipient_without_an_address_is_named(draft: Notice) -> None:
    draft.recipient.contact = ""
    assert found(draft) == {("recipient", "missing")}


def test_a_wrong_pairing_is_named(draft: Notice) -> None:
    draft.recipient.kind = Platform.Kind.HOST
    assert found(draft) == {("recipient", "pairing")}


def test_an_unknown_rule_is_named(draft: Notice) -> None:
    draft.rule = "my-own-law"
    (problem,) = problems(draft)
    assert (problem.element, problem.kind) == ("rule", "pairing")


def test_a_rule_that_lets_nobody_act_for_another_is_named(
    draft: Notice, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (rules.FOLDER / f"{draft.rule}.yaml").read_text(encoding="utf-8")
    owners = rules.load(
        text.replace("[depicted_person, rep", "[depicted_person] #"), draft.rule
    )
    monkeypatch.setattr(rules, "all_rules", lambda: (owners,))
    assert found(draft) == {("sender", "pairing")}


def test_words_that_are_not_the_rule_s_must_be_revised(draft: Notice) -> None:
    draft.body += "Pay us."
    assert [problem.element for problem in problems(draft)] == ["rule"]
    draft.rule_version = "older"
    assert found(draft) == {("rule", "pairing")}


def test_the_case_s_own_reference_never_leaves(draft: Notice) -> None:
    draft.elements["identical_copies"] = f"See {draft.case.reference}."
    assert found(draft) == {("case_reference", "forbidden")}


def test_a_platform_s_own_addresses_and_names_give_nothing_away(draft: Notice) -> None:
    draft.elements["identification"] = "https://chirp.example/children/perjury"
    draft.elements["account"] = "passphrase"
    assert found(draft) == set()


@pytest.mark.parametrize("text", ["A minority agrees.", "Rothschild", "grandchildren"])
def test_a_phrase_is_found_as_a_whole_word_only(draft: Notice, text: str) -> None:
    draft.elements["identical_copies"] = text
    assert found(draft) == set()
