"""Says what is wrong with a notice before a person may send it, in plain words.

What is required and what is forbidden stands in the rule; this only looks for it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from django.utils import timezone
from django.utils.translation import gettext as _

from portal.notices import compose
from portal.notices.models import Notice
from portal.platforms.rules import ELEMENTS, Rule, RuleError
from portal.platforms.rules import rule as rule_of

EXACT_ADDRESS = re.compile(r"https?://[^\s/]+\S*")
# The recipient's own addresses and names: no phrase in them gives anything away.
QUOTED = ("identification", "account")
ADDRESSED = ("contact", "notifier")  # without an e-mail address they reach nobody
MAX_ELEMENT = 5000  # characters
SENDER = "representative"  # what the portal is under any rule: it acts for the victim


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: with which element, of what kind, in plain words."""

    element: str
    kind: Literal["missing", "forbidden", "pairing"]
    message: str


def refusal(elements: Mapping[str, str], rule: Rule, language: str) -> str | None:
    """Why these elements cannot be put into a notice under this rule, or None."""
    if unknown := sorted(set(elements) - set(rule.elements)):
        words = {"rule": rule.regime, "names": ", ".join(unknown)}
        return _("%(rule)s has no place for: %(names)s.") % words
    if any(len(text) > MAX_ELEMENT for text in elements.values()):
        return _("At most %d characters, please.") % MAX_ELEMENT
    for name, answers in rule.letter(language).choices.items():
        if elements.get(name, "") not in {"", *answers}:
            return _("Choose one of: %s.") % ", ".join(answers)
    return None


def problems(notice: Notice) -> list[Problem]:
    """All that keeps the notice from being sent; empty if nothing does."""
    try:
        rule = rule_of(notice.rule)
    except RuleError as error:
        return [Problem("rule", "pairing", str(error))]
    return [
        *_wrong_pairing(notice, rule),
        *_missing(notice, rule),
        *_forbidden(notice, rule),
    ]


def _wrong_pairing(notice: Notice, rule: Rule) -> Iterator[Problem]:
    if reason := rule.refusal(notice.recipient, timezone.now().date()):
        yield Problem("recipient", "pairing", reason)
    if not rule.may_be_sent_by(SENDER):
        message = _("%(rule)s does not let an organisation act for somebody.")
        yield Problem("sender", "pairing", message % {"rule": rule.regime})
    if notice.rule_version != rule.version or notice.body != compose.body_of(
        notice, rule
    ):
        message = _("The words are not those of the rule as it stands: revise them.")
        yield Problem("rule", "pairing", message)


def _missing(notice: Notice, rule: Rule) -> Iterator[Problem]:
    if not notice.recipient.contact:
        message = _("Missing: an e-mail address of %(recipient)s.")
        words = {"recipient": notice.recipient.name}
        yield Problem("recipient", "missing", message % words)
    said = compose.worded(notice.elements, rule.letter(notice.language))
    for name in rule.required:
        text = said.get(name, "").strip()
        if not text:
            message = _("Missing: %(element)s. %(rule)s requires it.")
        elif name == "identification" and not _is_exact(text):
            message = _("Missing: %(element)s. One complete http address on each line.")
        elif name in ADDRESSED and "@" not in text:
            message = _("Missing: %(element)s. It needs an e-mail address.")
        else:
            continue
        words = {"element": str(ELEMENTS[name]), "rule": rule.regime}
        yield Problem(name, "missing", message % words)


def _forbidden(notice: Notice, rule: Rule) -> Iterator[Problem]:
    text = _own_words(notice)
    for name, phrases in rule.forbidden.items():
        if name in notice.elements or any(_says(text, phrase) for phrase in phrases):
            message = _("Must not be in it: %(element)s.") % {"element": ELEMENTS[name]}
            yield Problem(name, "forbidden", message)
    if notice.case.reference.casefold() in text:
        message = _("Must not be in it: the reference of the case.")
        yield Problem("case_reference", "forbidden", message)


def _own_words(notice: Notice) -> str:
    """What we say ourselves, in lower case and with single blanks."""
    own = [text for name, text in notice.elements.items() if name not in QUOTED]
    return " ".join(" ".join(own).casefold().split())


def _says(text: str, phrase: str) -> bool:
    """Whether `text` holds `phrase`: as whole words where words have borders.

    >>> _says("a minority", "minor"), _says("a minor.", "minor"), _says("她叫小明", "她叫")
    (False, True, True)
    """
    wanted = re.escape(phrase.casefold())
    if phrase.isascii():
        before = r"(?<![a-z0-9])" if phrase[0].isalnum() else ""
        after = r"(?![a-z0-9])" if phrase[-1].isalnum() else ""
        wanted = f"{before}{wanted}{after}"
    return re.search(wanted, text) is not None


def _is_exact(text: str) -> bool:
    return all(EXACT_ADDRESS.fullmatch(line) for line in text.splitlines())
