"""The law as data: one record in rules/*.yaml for each regime, read strictly.

Everything that is law stands in the records; this only interprets them. It must not know
a notice, a case or a database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from datetime import date
from functools import cache
from pathlib import Path
from string import Template
from types import MappingProxyType, UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

import yaml
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from portal.platforms.models import Platform

FOLDER: Final = Path(__file__).parent / "rules"
LANGUAGES: Final = ("en", "zh-Hans", "ko")
STATUSES: Final = ("in_force", "enacted_not_commenced", "proposed")
SENDERS: Final = ("anyone", "depicted_person", "representative", "copyright_owner")
BASES: Final = ("law", "ours")  # who set the hours
STARTS: Final = ("sent",)  # moments from which a clock can run

# What a notice can hold or must not hold, as a case worker reads it.
ELEMENTS: Final = {
    "signature": _("signature"),
    "identification": _("exact addresses of the copy"),
    "account": _("account that published it"),
    "good_faith": _("statement of good faith"),
    "bona_fide": _("statement that the notice is accurate and complete"),
    "explanation": _("reasons why it is illegal"),
    "provision": _("provision of law"),
    "contact": _("contact of the organisation"),
    "notifier": _("name and e-mail address of the organisation"),
    "generated_or_altered": _("whether it was generated or altered"),
    "identical_copies": _("request for identical copies"),
    "penalty_of_perjury": _("oath under penalty of perjury"),
    "identity_document": _("identity document"),
    "picture": _("picture"),
    "victim_name": _("name of the person shown"),
    "passphrase": _("passphrase of the case"),
    "child_offence": _("offence against a child (stop, and hand the matter over)"),
}
# What a letter may name besides its elements, and what the elements are made of.
LETTER: Final = frozenset({"recipient", "reference", "hours"})
FACTS: Final = frozenset(
    {"urls", "account", "sha256", "organisation", "email", "address"}
)


class RuleError(Exception):
    """A record that cannot be read as a rule, and why."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How long the recipient has, in hours, from when, and who says so."""

    hours: int
    starts: str
    basis: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Where the law was read, and on which day."""

    url: str
    read_on: date


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Kinds of recipients that the rule does not bind, and why, by language."""

    kinds: tuple[str, ...]
    reason: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Letter:
    """The words of a notice in one language, with $placeholders."""

    subject: str
    body: str  # a paragraph with an empty placeholder is left out
    elements: Mapping[str, str]  # by name; made of FACTS
    choices: Mapping[str, Mapping[str, str]]  # by name, then by answer


@dataclass(frozen=True, slots=True)
class Rule:
    """One regime: what a notice under it must hold, to whom it may go, and the clock."""

    id: str
    version: str
    regime: str
    jurisdiction: tuple[str, ...]  # "US", "EU", or an ISO 3166-1 country
    status: str
    in_force_from: date
    in_force_to: date | None
    recipient_kinds: tuple[str, ...]
    not_for: tuple[Exclusion, ...]
    sender_kinds: tuple[str, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    forbidden: Mapping[str, tuple[str, ...]]  # the phrases that give each away
    clock: Clock
    appeal: str
    penalty_note: str
    sources: tuple[Reading, ...]
    reviewed_by: tuple[str, ...]
    unchecked: tuple[str, ...]  # facts that nobody has read at their source yet
    statements: Mapping[str, Letter]

    @property
    def elements(self) -> tuple[str, ...]:
        """The names of all that a notice under this rule may hold."""
        return self.required + self.optional

    def language_for(self, code: str) -> str:
        """The language to write in: `code` if we have it, else English."""
        return _language(code, self.statements)

    def letter(self, code: str) -> Letter:
        return self.statements[self.language_for(code)]

    def is_in_force(self, on: date) -> bool:
        begun = self.status == "in_force" and self.in_force_from <= on
        return begun and (self.in_force_to is None or on <= self.in_force_to)

    def may_be_sent_by(self, kind: str) -> bool:
        return kind in self.sender_kinds or "anyone" in self.sender_kinds

    def refusal(self, platform: Platform, on: date) -> str | None:
        """Why this rule does not fit this recipient on that day, or None if it does."""
        if not self.is_in_force(on):
            return gettext("%(rule)s is not in force.") % {"rule": self.regime}
        for exclusion in self.not_for:
            if platform.kind in exclusion.kinds:
                spoken = _language(get_language() or "en", exclusion.reason)
                return exclusion.reason[spoken]
        if not any(_is_within(platform, place) for place in self.jurisdiction):
            return gettext("%(rule)s does not reach %(recipient)s: wrong place.") % {
                "rule": self.regime,
                "recipient": platform.name,
            }
        return None


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every record, in the order of their ids. Raises RuleError."""
    paths = sorted(FOLDER.glob("*.yaml"))
    rules = tuple(load(path.read_text(encoding="utf-8"), path.stem) for path in paths)
    return tuple(sorted(rules, key=lambda rule: rule.id))


def rule(rule_id: str) -> Rule:
    """The rule of this id. Raises RuleError if there is none."""
    for found in all_rules():
        if found.id == rule_id:
            return found
    raise RuleError(gettext("There is no such rule."))


def applicable(platform: Platform, on: date) -> list[Rule]:
    """The rules that bind this recipient on that day."""
    return [found for found in all_rules() if found.refusal(platform, on) is None]


def load(text: str, name: str) -> Rule:
    """Read one record. `name` is its file's stem, and must be its id. Raises RuleError."""
    try:
        read: Rule = _read(Rule, yaml.safe_load(text))
        _check(read, name)
    except (yaml.YAMLError, RuleError) as error:
        raise RuleError(f"{name}: {error}") from None
    return read


def _is_within(platform: Platform, place: str) -> bool:
    if place == "US":
        return platform.in_us
    if place == "EU":
        return platform.in_eu
    return platform.country == place


def _language(code: str, texts: Mapping[str, object]) -> str:
    for language in texts:
        if language.casefold() == code.casefold():
            return language
    return "en"


# -- reading strictly: the dataclasses above are the schema ------------------------------
def _read(shape: Any, value: Any) -> Any:  # shapes and YAML are known at run time only
    """`value` as `shape`: a dataclass, tuple[X, ...], Mapping[str, X], X | None or X."""
    inner = get_args(shape)
    if isinstance(shape, type) and is_dataclass(shape):
        record = _read(dict[str, object], value)
        hints = get_type_hints(shape)
        if wrong := hints.keys() ^ record.keys():
            raise RuleError(f"unknown or missing: {', '.join(sorted(wrong))}")
        return shape(**{name: _read(hints[name], record[name]) for name in hints})
    if get_origin(shape) is tuple and type(value) is list:
        return tuple(_read(inner[0], item) for item in value)
    if get_origin(shape) in {dict, Mapping} and type(value) is dict:
        return MappingProxyType(
            {_read(str, name): _read(inner[1], item) for name, item in value.items()}
        )
    if get_origin(shape) is UnionType:
        return None if value is None else _read(inner[0], value)
    if shape is not object and type(value) is not shape:
        raise RuleError(f"{value!r} is not what belongs there")
    return value


def _check(read: Rule, name: str) -> None:
    """Refuse a record that contradicts itself. Raises RuleError."""
    excluded = [kind for exclusion in read.not_for for kind in exclusion.kinds]
    asked = set(read.elements)
    _demand(read.id == name, "the id is not the file's name")
    _demand(read.status in STATUSES, "unknown status")
    _demand(set(read.sender_kinds) <= set(SENDERS), "unknown kind of sender")
    _demand(read.clock.hours > 0, "a clock needs hours")
    _demand(read.clock.starts in STARTS, "unknown start of the clock")
    _demand(read.clock.basis in BASES, "unknown basis of the clock")
    _demand(bool(read.jurisdiction and read.sources), "no jurisdiction or no source")
    _demand(
        sorted([*read.recipient_kinds, *excluded]) == sorted(Platform.Kind.values),
        "every kind of recipient must be either bound or excluded, once",
    )
    _demand(len(asked) == len(read.elements), "an element is named twice")
    _demand(bool(read.required), "nothing is required")
    _demand(not asked & read.forbidden.keys(), "an element is asked for and forbidden")
    _demand(asked | read.forbidden.keys() <= ELEMENTS.keys(), "unknown element")
    for texts in (read.statements, *(item.reason for item in read.not_for)):
        _demand(set(texts) == set(LANGUAGES), "a language is missing or unknown")
    for letter in read.statements.values():
        _check_letter(letter, asked)


def _check_letter(letter: Letter, asked: set[str]) -> None:
    words = [letter.subject, letter.body, *letter.elements.values()]
    _demand(all(Template(text).is_valid() for text in words), "a stray $")
    named = set(letter.elements) | set(letter.choices)
    _demand(named == asked, "a letter must word exactly the elements asked for")
    body = set(Template(letter.body).get_identifiers())
    _demand(asked <= body <= asked | LETTER, "a letter's body misses or adds a name")
    _demand(
        Template(letter.subject).get_identifiers() == ["reference"],
        "a subject names the reference and nothing else",
    )
    for text in letter.elements.values():
        known = set(Template(text).get_identifiers()) <= FACTS
        _demand(known, "an element is made of something unknown")


def _demand(truth: bool, complaint: str) -> None:  # noqa: FBT001 (reads as a sentence)
    if not truth:
        raise RuleError(complaint)
