"""Who takes a referral where somebody in a picture may be under 18: some of the helplines.

Before adding one, read its own page: what it takes, from whom, and through which door.
"""

from dataclasses import dataclass

from portal.platforms.helplines import EVERYWHERE, HELPLINES, Helpline

# Name of the helpline: the language in which it reads, as in Django's LANGUAGES.
READS_IN = {
    "CyberTipline": "en",
    "Cybertip.ca": "en",
    "中央网信办举报中心": "zh-hans",
    "디지털성범죄피해자지원센터": "ko",
    "INHOPE": "en",  # finds the national hotline, for every other country
}
FIRST_FOR = {"en": "US", "zh-hans": "CN", "ko": "KR"}  # language of a case: country


@dataclass(frozen=True, slots=True)
class Body:
    """A body whose task it is to look at what nobody else may."""

    helpline: Helpline
    language: str


BODIES = tuple(
    Body(helpline, READS_IN[helpline.name])
    for helpline in HELPLINES
    if helpline.name in READS_IN
)


def bodies_for(language: str, countries: set[str]) -> list[Body]:
    """The bodies for a case: first by its language, then by where copies lie, then INHOPE."""
    places = [FIRST_FOR.get(language), *sorted(countries), EVERYWHERE]
    found = [body for body in BODIES if body.helpline.country in places]
    return sorted(found, key=lambda body: places.index(body.helpline.country))
