"""Writes a notice's words: what is said comes from the rule, the facts from the sighting.

It must not know the victim: neither name nor picture nor passphrase can get in here.
"""

from collections.abc import Mapping
from string import Template
from typing import Final

from portal.accounts.models import Organisation
from portal.notices.models import Notice
from portal.platforms.rules import Letter, Rule
from portal.sightings.models import Assessment, Sighting

# The findings of the detector that we would repeat to a platform in good faith. It never
# finds that a picture is genuine, so nothing answers "no" but a person.
TELLING: Final = frozenset({"declared", "strong signs"})


def elements(
    rule: Rule, sighting: Sighting, organisation: Organisation, language: str
) -> dict[str, str]:
    """The elements of a fresh draft, by name; those without a fact are left out."""
    letter = rule.letter(language)
    facts = {
        "urls": "\n".join(dict.fromkeys([sighting.url, sighting.media_url])),
        "account": sighting.account,
        "sha256": sighting.sha256,
        "organisation": organisation.name,
        "email": organisation.email,
        "address": organisation.address,
    }
    made = {name: _filled(text, facts) for name, text in letter.elements.items()}
    if "generated_or_altered" in letter.choices:
        made["generated_or_altered"] = _generated_or_altered(sighting)
    return {name: text for name, text in made.items() if text}


def subject_of(notice: Notice, rule: Rule) -> str:
    """Neutral: it names the reference and nothing else."""
    letter = rule.letter(notice.language)
    return Template(letter.subject).substitute(reference=notice.reference)


def body_of(notice: Notice, rule: Rule) -> str:
    """The letter in the notice's language, paragraph by paragraph."""
    letter = rule.letter(notice.language)
    values = {
        **dict.fromkeys(rule.elements, ""),
        **worded(notice.elements, letter),
        "recipient": notice.recipient.name,
        "reference": notice.reference,
        "hours": str(rule.clock.hours),
    }
    paragraphs = (_filled(paragraph, values) for paragraph in letter.body.split("\n\n"))
    return "\n\n".join(text for text in paragraphs if text) + "\n"


def machine_readable(notice: Notice, organisation: Organisation) -> dict[str, object]:
    """Our own profile in the manner of X-ARF v4, which has no type for such content.

    The reporter is the organisation, and there is no evidence payload.
    """
    urls = notice.elements.get("identification", "").splitlines()
    return {
        "profile": "reclaim-notice/1",
        "report_id": notice.reference,
        "reporter": {"org": organisation.name, "contact": organisation.email},
        "category": "content",
        "rule": {"id": notice.rule, "version": notice.rule_version},
        "urls": urls,
        "account": notice.elements.get("account", ""),
        "generated_or_altered": notice.elements.get("generated_or_altered", ""),
    }


def worded(given: Mapping[str, str], letter: Letter) -> dict[str, str]:
    """The elements as the letter says them: an answer to a choice is its sentence."""
    return {
        name: letter.choices[name].get(text, "") if name in letter.choices else text
        for name, text in given.items()
    }


def _filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with its placeholders filled, or "" if they are all empty.

    Lines that an empty fact leaves blank are dropped.
    """
    template = Template(text)
    names = template.get_identifiers()
    if names and not any(values[name].strip() for name in names):
        return ""
    filled = template.substitute(values).strip()
    return "\n".join(line.rstrip() for line in filled.splitlines() if line.strip())


def _generated_or_altered(sighting: Sighting) -> str:
    found = Assessment.objects.filter(sighting=sighting).first()
    return "yes" if found and found.finding in TELLING else "unknown"
