"""A record is read strictly, and a rule knows whom it binds."""

from collections.abc import Callable
from datetime import date

import pytest
import yaml
from django.utils import translation

from portal.platforms import rules
from portal.platforms.models import Platform
from portal.platforms.rules import RuleError, all_rules, applicable, load, rule

TODAY = date(2026, 11, 21)
US, EU = "us-take-it-down", "eu-dsa-16"
Record = dict[str, object]


def a_platform(kind: str = "ugc", **over: object) -> Platform:
    given = {"name": "Chirp", "kind": kind, "in_us": True, "in_eu": True} | over
    return Platform(**given)


def a_record(change: Callable[[dict[str, object]], object] = dict) -> str:
    text = (rules.FOLDER / f"{US}.yaml").read_text(encoding="utf-8")
    record = yaml.safe_load(text)
    change(record)
    return yaml.safe_dump(record, allow_unicode=True)


def test_a_rule_is_found_by_its_id_and_an_unknown_one_is_refused() -> None:
    assert rule(US).clock.hours == 48
    with pytest.raises(RuleError, match="no such rule"):
        rule("my-own-law")


def test_the_rules_are_read_once() -> None:
    assert all_rules() is all_rules()


def test_a_platform_with_users_content_in_both_places_is_bound_by_both() -> None:
    assert [found.id for found in applicable(a_platform(), TODAY)] == [EU, US]


@pytest.mark.parametrize(
    ("platform", "expected"),
    [(a_platform(in_us=False), [EU]), (a_platform(in_eu=False), [US])],
)
def test_a_rule_binds_only_those_who_serve_its_place(
    platform: Platform, expected: list[str]
) -> None:
    assert [found.id for found in applicable(platform, TODAY)] == expected


@pytest.mark.parametrize("kind", ["host", "cdn", "registrar", "search", "email"])
def test_223a_is_refused_to_anybody_but_a_platform_with_a_reason(kind: str) -> None:
    reason = rule(US).refusal(a_platform(kind), TODAY)
    assert reason
    assert "This law binds" in reason or "excluded" in reason


def test_a_host_in_the_union_is_bound_by_article_16_alone() -> None:
    assert [found.id for found in applicable(a_platform("host"), TODAY)] == [EU]


def test_a_reason_is_given_in_the_reader_s_language() -> None:
    with translation.override("ko"):
        reason = rule(US).refusal(a_platform("email"), TODAY)
    assert reason
    assert "전자우편" in reason


def test_a_rule_with_a_country_binds_those_established_there() -> None:
    text = a_record(lambda record: record.update(jurisdiction=["KR"]))
    korean = load(text, US)
    assert korean.refusal(a_platform(country="KR"), TODAY) is None
    assert "wrong place" in (korean.refusal(a_platform(country="US"), TODAY) or "")


@pytest.mark.parametrize(
    ("change", "day", "in_force"),
    [
        ({}, date(2026, 5, 18), False),
        ({}, date(2026, 5, 19), True),
        ({"in_force_to": date(2026, 12, 31)}, date(2026, 12, 31), True),
        ({"in_force_to": date(2026, 12, 31)}, date(2027, 1, 1), False),
        ({"status": "enacted_not_commenced"}, TODAY, False),
    ],
)
def test_a_rule_binds_only_while_it_is_in_force(
    change: Record, day: date, *, in_force: bool
) -> None:
    read = load(a_record(lambda record: record.update(change)), US)
    assert read.is_in_force(day) is in_force
    assert (read.refusal(a_platform(), day) is None) is in_force


def test_a_letter_falls_back_to_english() -> None:
    assert rule(US).language_for("zh-hans") == "zh-Hans"
    assert rule(US).language_for("fi") == "en"
    assert rule(US).letter("fi") is rule(US).letter("en")


def test_who_may_send_is_the_rule_s_to_say() -> None:
    owners = a_record(lambda record: record.update(sender_kinds=["copyright_owner"]))
    assert rule(EU).may_be_sent_by("representative")
    assert not load(owners, US).may_be_sent_by("representative")


def _at(record: Record, *path: str) -> Record:
    inner: object = record
    for name in path:
        assert isinstance(inner, dict)
        inner = inner[name]
    assert isinstance(inner, dict)
    return inner


def _drop(record: Record, *path: str) -> None:
    del _at(record, *path[:-1])[path[-1]]


def _put(record: Record, value: object, *path: str) -> None:
    _at(record, *path[:-1])[path[-1]] = value


BROKEN: dict[str, tuple[Callable[[Record], object], str]] = {
    "unknown key": (lambda r: r.update(mood="grim"), "unknown or missing: mood"),
    "missing key": (lambda r: _drop(r, "penalty_note"), "missing: penalty_note"),
    "unknown key inside": (lambda r: _put(r, 1, "clock", "days"), "missing: days"),
    "missing language": (lambda r: _drop(r, "statements", "ko"), "language"),
    "unknown language": (
        lambda r: _put(r, _at(r, "statements", "en"), "statements", "xx"),
        "language",
    ),
    "required and forbidden": (
        lambda r: r.update(required=["contact", "good_faith", "picture"]),
        "forbidden",
    ),
    "unknown element": (lambda r: r.update(optional=["aura"]), "unknown element"),
    "named twice": (lambda r: r.update(optional=["contact"]), "twice"),
    "nothing required": (lambda r: r.update(required=[]), "nothing is required"),
    "other id": (lambda r: r.update(id="another"), "file's name"),
    "unknown status": (lambda r: r.update(status="maybe"), "status"),
    "unknown sender": (lambda r: r.update(sender_kinds=["cat"]), "sender"),
    "no hours": (lambda r: _put(r, 0, "clock", "hours"), "hours"),
    "hours as text": (lambda r: _put(r, "48", "clock", "hours"), "'48' is not"),
    "hours as fraction": (lambda r: _put(r, 48.0, "clock", "hours"), "48.0 is not"),
    "unknown start": (lambda r: _put(r, "soon", "clock", "starts"), "start"),
    "unknown basis": (lambda r: _put(r, "hope", "clock", "basis"), "basis"),
    "no source": (lambda r: r.update(sources=[]), "no source"),
    "date as text": (lambda r: r.update(in_force_from="soon"), "'soon' is not"),
    "text for a list": (lambda r: r.update(required="contact"), "'contact' is not"),
    "undecided recipient": (lambda r: r.update(recipient_kinds=[]), "recipient"),
    "bound and excluded": (
        lambda r: r.update(recipient_kinds=["ugc", "host"]),
        "recipient",
    ),
    "subject that tells": (
        lambda r: _put(r, "$reference $account", "statements", "en", "subject"),
        "subject",
    ),
    "body without an element": (
        lambda r: _put(r, "Dear $recipient", "statements", "ko", "body"),
        "body",
    ),
    "stray dollar": (
        lambda r: _put(r, "costs $ 5", "statements", "en", "elements", "contact"),
        "stray",
    ),
    "unknown fact": (
        lambda r: _put(r, "$name", "statements", "en", "elements", "contact"),
        "something unknown",
    ),
    "unworded element": (
        lambda r: _drop(r, "statements", "zh-Hans", "elements", "contact"),
        "word exactly",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_record_is_refused_and_says_why(name: str) -> None:
    change, complaint = BROKEN[name]
    with pytest.raises(RuleError, match=complaint) as refused:
        load(a_record(change), US)
    assert str(refused.value).startswith(f"{US}: ")


@pytest.mark.parametrize("text", ["", "- a list", "a: [", "!!python/name:os.system x"])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(RuleError):
        load(text, US)
