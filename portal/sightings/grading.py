"""How urgent a case is, I to IV, and why. Knows numbers only: no row, no name, no picture."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

MANY_HOSTS = 4
FAST = 3  # new copies within a day


@dataclass(frozen=True, slots=True)
class Counts:
    """What a grade is made of. Copies that a worker rejected are not among them."""

    threatened: bool = False
    open: int = 0  # copies that nobody has decided about
    hosts: int = 0  # sites with a copy that is not gone
    today: int = 0  # copies first seen within the last 24 hours
    before: int = 0  # copies first seen within the 24 hours before those
    overdue: int = 0  # notices whose deadline passed


@dataclass(frozen=True, slots=True)
class Grade:
    """I (now), II (today), III (within three days) or IV (watched), with every reason."""

    level: str
    reasons: tuple[str | Promise, ...]


def grade(counts: Counts) -> Grade:
    """The worst single reason decides; reasons are never added up.

    >>> grade(Counts(threatened=True, open=1)).level
    'I'
    >>> grade(Counts(open=1)).level, grade(Counts()).level
    ('III', 'IV')
    """
    found: list[tuple[str, str | Promise]] = []
    if counts.threatened:
        found.append(("I", _("somebody threatens them")))
    if counts.overdue:
        found.append(("II", _("a deadline passed")))
    if counts.today >= FAST and counts.today > 2 * counts.before:
        words = ngettext_lazy("%d new copy in a day", "%d new copies in a day")
        found.append(("II", words % counts.today))
    if counts.hosts >= MANY_HOSTS:
        found.append(("II", ngettext_lazy("on %d site", "on %d sites") % counts.hosts))
    if counts.open:
        words = ngettext_lazy("%d copy to decide", "%d copies to decide")
        found.append(("III", words % counts.open))
    if not found:
        return Grade("IV", (_("nothing waits for you"),))
    return Grade(
        min(level for level, _reason in found), tuple(why for _lv, why in found)
    )
