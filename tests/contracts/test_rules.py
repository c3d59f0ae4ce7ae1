"""What every regime in platforms/rules must keep: a new one is tested by existing.

For each rule: a notice that passes, one that fails for each required element, and one for
each forbidden element. Others may reuse these lists: they are the rule's own.
"""

import re
from datetime import date

import pytest

from portal.accounts.models import User
from portal.notices import actions, compose
from portal.notices.models import Notice
from portal.notices.validation import problems
from portal.platforms.models import Platform
from portal.platforms.rules import ELEMENTS, LANGUAGES, Rule, all_rules, rule
from portal.sightings.models import Sighting
from tests.notices.conftest import a_case, a_sighting

pytestmark = pytest.mark.django_db

RULES = [found.id for found in all_rules()]
REQUIRED = [(found.id, name) for found in all_rules() for name in found.required]
FORBIDDEN = [(found.id, name) for found in all_rules() for name in found.forbidden]
TOPIC = re.compile(
    r"nud|sex|porn|intimate|explicit|fake|victim|abuse|裸|私密|色情|伪造|受害"
    r"|나체|성적|음란|딥페이크|피해",
    re.IGNORECASE,
)


@pytest.fixture
def sighting(chirp: Platform) -> Sighting:
    return a_sighting(a_case(), chirp, finding="declared")


def a_notice(found: Rule, sighting: Sighting, worker: User) -> Notice:
    return actions.draft(sighting, worker, rule_id=found.id)


def recompose(notice: Notice) -> Notice:
    notice.body = compose.body_of(notice, rule(notice.rule))
    return notice


@pytest.mark.parametrize("rule_id", RULES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fresh_draft_passes(
    rule_id: str, language: str, sighting: Sighting, wren: User
) -> None:
    Platform.objects.update(language=language)
    notice = a_notice(rule(rule_id), Sighting.objects.get(pk=sighting.pk), wren)
    assert notice.language == language
    assert problems(notice) == []


@pytest.mark.parametrize("rule_id", RULES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_letter_says_every_element_and_leaves_no_placeholder(
    rule_id: str, language: str, sighting: Sighting, wren: User
) -> None:
    Platform.objects.update(language=language)
    notice = a_notice(rule(rule_id), Sighting.objects.get(pk=sighting.pk), wren)
    said = compose.worded(notice.elements, rule(rule_id).letter(language))
    assert set(rule(rule_id).required) <= set(said)
    for text in said.values():
        assert text in notice.body
    assert "$" not in notice.subject + notice.body
    assert "None" not in notice.body


@pytest.mark.parametrize("rule_id", RULES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_subject_gives_nothing_away(rule_id: str, language: str) -> None:
    assert not TOPIC.search(rule(rule_id).letter(language).subject)


@pytest.mark.parametrize(("rule_id", "name"), REQUIRED)
def test_a_missing_element_is_named(
    rule_id: str, name: str, sighting: Sighting, wren: User
) -> None:
    notice = a_notice(rule(rule_id), sighting, wren)
    notice.elements.pop(name)
    (problem,) = problems(recompose(notice))
    assert (problem.element, problem.kind) == (name, "missing")
    assert str(ELEMENTS[name]) in problem.message


@pytest.mark.parametrize(("rule_id", "name"), FORBIDDEN)
def test_a_forbidden_element_is_named(
    rule_id: str, name: str, sighting: Sighting, wren: User
) -> None:
    notice = a_notice(rule(rule_id), sighting, wren)
    notice.elements[name] = "anything"
    (problem,) = problems(recompose(notice))
    assert (problem.element, problem.kind) == (name, "forbidden")
    assert str(ELEMENTS[name]) in problem.message


@pytest.mark.parametrize(("rule_id", "name"), FORBIDDEN)
def test_a_forbidden_element_is_seen_in_what_a_worker_writes(
    rule_id: str, name: str, sighting: Sighting, wren: User
) -> None:
    notice = a_notice(rule(rule_id), sighting, wren)
    for phrase in rule(rule_id).forbidden[name]:
        notice.elements["identical_copies"] = f"Please note: {phrase.title()}."
        found = {problem.element for problem in problems(recompose(notice))}
        assert name in found, phrase


@pytest.mark.parametrize("rule_id", RULES)
def test_a_rule_refuses_every_recipient_that_it_does_not_bind(rule_id: str) -> None:
    found = rule(rule_id)
    for kind in set(Platform.Kind.values) - set(found.recipient_kinds):
        recipient = Platform(name="Somebody", kind=kind, in_us=True, in_eu=True)
        assert found.refusal(recipient, date(2026, 11, 21))


@pytest.mark.parametrize("rule_id", RULES)
def test_a_rule_says_where_and_when_it_was_read(rule_id: str) -> None:
    for source in rule(rule_id).sources:
        assert source.url.startswith("https://")
        assert source.read_on >= rule(rule_id).in_force_from
