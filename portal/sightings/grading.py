"""How urgent a case is, I to IV, and why. Knows numbers only: no row, no name, no picture."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from portal.cases.kinds import THREATS

MANY_HOSTS = 4
FAST = 3  # new copies within a day
NEAR = 3  # days until the day that somebody set them
FAR = 10_000  # days: no day was set
# What a victim fears (codes of cases.kinds), as far as it changes the grade.
DANGER = "self_harm"
EXPOSED = {
    "address_shown": _("their address is shown"),
    "phone_shown": _("their phone number is shown"),
    "school_shown": _("their school or workplace is shown"),
    "name_shown": _("they are named"),
    "family_told": _("family or friends were sent it"),
}
Reason = tuple[str, str | Promise]  # the level it calls for, and the words


@dataclass(frozen=True, slots=True)
class Counts:
    """What a grade is made of. Copies that a worker rejected are not among them."""

    threatened: bool = False
    fears: frozenset[str] = frozenset()  # codes of Report.fears
    days_left: int = FAR  # until the day that was set them
    open: int = 0  # copies that nobody has decided about
    hosts: int = 0  # sites with a copy that is not gone
    today: int = 0  # copies first seen within the last 24 hours
    before: int = 0  # copies first seen within the 24 hours before those
    overdue: int = 0  # notices whose deadline passed

    @property
    def is_threatened(self) -> bool:
        return self.threatened or bool(self.fears & THREATS)


@dataclass(frozen=True, slots=True)
class Grade:
    """I (now), II (today), III (within three days) or IV (watched), with every reason."""

    level: str
    reasons: tuple[str | Promise, ...]


def grade(counts: Counts) -> Grade:
    """The worst single reason decides; reasons are never added up.

    >>> grade(Counts(threatened=True, open=1)).level
    'I'
    >>> grade(Counts(fears=frozenset({"self_harm"}))).level
    'I'
    >>> grade(Counts(open=1)).level, grade(Counts()).level
    ('III', 'IV')
    """
    found = [*_told(counts), *_seen(counts)]
    if not found:
        return Grade("IV", (_("nothing waits for you"),))
    return Grade(
        min(level for level, _reason in found), tuple(why for _lv, why in found)
    )


def _told(counts: Counts) -> Iterator[Reason]:
    """Reasons in what the victim says."""
    if DANGER in counts.fears:
        yield "I", _("they may hurt themselves")
    if counts.days_left <= NEAR:
        words = ngettext_lazy(
            "%d day until the day set them", "%d days until the day set them"
        )
        yield "I", words % counts.days_left
    if counts.is_threatened:
        yield "I", _("somebody threatens them")
    for code, words in EXPOSED.items():
        if code in counts.fears:
            yield "II", words


def _seen(counts: Counts) -> Iterator[Reason]:
    """Reasons in what was found, and in what was asked for."""
    if counts.overdue:
        yield "II", _("a deadline passed")
    if counts.today >= FAST and counts.today > 2 * counts.before:
        words = ngettext_lazy("%d new copy in a day", "%d new copies in a day")
        yield "II", words % counts.today
    if counts.hosts >= MANY_HOSTS:
        yield "II", ngettext_lazy("on %d site", "on %d sites") % counts.hosts
    if counts.open:
        words = ngettext_lazy("%d copy to decide", "%d copies to decide")
        yield "III", words % counts.open
