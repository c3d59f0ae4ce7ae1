"""The result letter: what became of every copy, what was promised, and what comes next.

One reading of the case gives a `Letter`; the screen and the PDF file both print its words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.cases.models import Case
from portal.intake.status import SURE, Step, status_of
from portal.notices.models import Notice
from portal.sightings.models import Sighting

State = Notice.State


@dataclass(frozen=True, slots=True)
class Asked:
    """One removal request about a copy."""

    recipient: str
    state: str  # of Notice.State
    sent_on: date | None
    due_on: date | None
    is_late: bool
    answer: str  # what the recipient said, in their words


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy: where, whether it is away and since when, and whom we asked."""

    host: str
    status: str  # of Sighting.Status
    away_since: date | None
    asked: Asked | None

    @property
    def is_away(self) -> bool:
        return self.status in {Sighting.Status.GONE, Sighting.Status.REPLACED}


@dataclass(frozen=True, slots=True)
class Letter:
    """All that a letter says. The same letter gives the same file, byte for byte."""

    reference: str
    written_on: date
    copies: tuple[Copy, ...]
    promises: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: tuple[str, ...]


def letter_of(case: Case) -> Letter:
    """The letter of today."""
    sure = Q(kind__in=SURE) | Q(decision=Sighting.Decision.CONFIRMED)
    shown = case.sightings.exclude(decision=Sighting.Decision.REJECTED).filter(sure)
    told = shown.prefetch_related(
        "checks", "notices__recipient", "notices__deadline"
    ).order_by("host", "pk")
    return Letter(
        reference=case.reference,
        written_on=timezone.now().date(),
        copies=tuple(_copy(sighting) for sighting in told),
        promises=tuple(step for step in status_of(case).steps if step.due_at),
    )


def sections_of(letter: Letter) -> list[Section]:
    """The letter in sentences, in the language that is active."""
    away = [copy for copy in letter.copies if copy.is_away]
    there = [copy for copy in letter.copies if not copy.is_away]
    sections = [
        Section(_("In short"), (_summary(len(away), len(letter.copies)),)),
        Section(_("What is gone"), tuple(map(_away_line, away))),
        Section(_("What is not gone yet, and why"), tuple(map(_there_line, there))),
        Section(_("What we promised"), tuple(map(_promise_line, letter.promises))),
        Section(_("What comes next"), tuple(_next_lines(there))),
    ]
    return [section for section in sections if section.lines]


def dated(letter: Letter) -> str:
    words = {"day": _day(letter.written_on), "reference": letter.reference}
    return _("%(day)s · Case %(reference)s") % words


def _copy(sighting: Sighting) -> Copy:
    notices = [
        notice
        for notice in sighting.notices.all()  # the latest first
        if notice.state != State.CANCELLED
    ]
    return Copy(
        host=sighting.host,
        status=sighting.status,
        away_since=_away_since(sighting),
        asked=_asked(notices),
    )


def _asked(notices: Sequence[Notice]) -> Asked | None:
    """The request that counts: the one that led to removal, else the latest."""
    removed = [notice for notice in notices if notice.state == State.REMOVED]
    for notice in [*removed, *notices]:
        deadline = getattr(notice, "deadline", None)
        return Asked(
            recipient=notice.recipient.name,
            state=notice.state,
            sent_on=notice.sent_at.date() if notice.sent_at else None,
            due_on=deadline.due_at.date() if deadline else None,
            is_late=bool(deadline and deadline.missed_at),
            answer=notice.answer,
        )
    return None


def _away_since(sighting: Sighting) -> date | None:
    """The first look of the last unbroken row of looks that did not find it."""
    since: datetime | None = None
    for check in reversed(sighting.checks.all()):
        if check.seen == "up":
            break
        if check.seen in {"missing", "replaced"}:
            since = check.at
    away = sighting.status in {Sighting.Status.GONE, Sighting.Status.REPLACED}
    return since.date() if away and since else None


def _summary(away: int, found: int) -> str:
    if not found:
        return _("We have found no copy so far. We go on looking.")
    words = ngettext(
        "Gone: %(away)d of the %(found)d copy that we found.",
        "Gone: %(away)d of the %(found)d copies that we found.",
        found,
    )
    return words % {"away": away, "found": found}


def _away_line(copy: Copy) -> str:
    words = {"host": copy.host, "day": _day(copy.away_since)}
    line = _("%(host)s: gone. We saw this first on %(day)s.") % words
    if copy.away_since is None:
        line = _("%(host)s: gone.") % words
    if copy.asked is None or copy.asked.state != State.REMOVED:
        return f"{line} {_('We do not know who removed it.')}"
    asked = {"recipient": copy.asked.recipient, "day": _day(copy.asked.sent_on)}
    removed = _("%(recipient)s removed it after our request of %(day)s.") % asked
    return f"{line} {removed}"


def _there_line(copy: Copy) -> str:
    state = (
        _("%(host)s: still there.")
        if copy.status == Sighting.Status.UP
        else _("%(host)s: we cannot tell whether it is still there.")
    )
    return f"{state % {'host': copy.host}} {_why(copy.asked)}"


def _why(asked: Asked | None) -> str:
    """What was done about a copy that is there, why it failed, and the next step."""
    if asked is None:
        return _("We have not asked for its removal yet. A person looks at it first.")
    words = {
        "recipient": asked.recipient,
        "sent": _day(asked.sent_on),
        "due": _day(asked.due_on),
        "answer": asked.answer,
    }
    return _sentence(asked) % words


def _sentence(asked: Asked) -> str:
    if asked.state in {State.SENT, State.ACKNOWLEDGED}:
        return _sent_sentence(asked)
    if asked.state == State.REFUSED:
        return _refused_sentence(asked)
    if asked.state == State.FAILED:
        return _(
            "We could not deliver our request to %(recipient)s. Next, we try another way."
        )
    if asked.state == State.REMOVED:
        return _(
            "%(recipient)s said that it was removed, but we saw it again. Next, we ask once "
            "more."
        )
    return _("We are preparing a request to %(recipient)s.")


def _sent_sentence(asked: Asked) -> str:
    if asked.is_late:
        return _(
            "We asked %(recipient)s on %(sent)s. They should have acted by %(due)s and did "
            "not. Next, we go one step higher."
        )
    if asked.due_on is None:
        return _("We asked %(recipient)s on %(sent)s, and wait for their answer.")
    return _("We asked %(recipient)s on %(sent)s. They should act by %(due)s.")


def _refused_sentence(asked: Asked) -> str:
    if asked.answer:
        return _(
            "%(recipient)s refused our request and said: “%(answer)s”. Next, we look for "
            "somebody else who can remove it."
        )
    return _(
        "%(recipient)s refused our request and gave no reason. Next, we look for "
        "somebody else who can remove it."
    )


def _promise_line(step: Step) -> str:
    words = {"what": step.words, "due": _day(step.due_at), "read": _day(step.read_at)}
    if step.read_at and not step.is_late:
        line = _(
            "%(what)s We promised that a person reads it by %(due)s, and kept that."
        )
    elif step.read_at:
        line = _(
            "%(what)s We promised that a person reads it by %(due)s. That was done later, "
            "on %(read)s. We are sorry."
        )
    elif step.is_late:
        line = _(
            "%(what)s We promised that a person reads it by %(due)s, and did not keep that. "
            "We are sorry."
        )
    else:
        line = _("%(what)s A person reads it by %(due)s.")
    return line % words


def _next_lines(there: Sequence[Copy]) -> list[str]:
    return [
        _(
            "We keep asking until each of these copies is gone, or tell you why it stays."
        )
        if there
        else _("We go on looking for new copies."),
        _("You can look in, write to us, or stop everything at any time."),
    ]


def _day(day: date | datetime | None) -> str:
    return date_format(day, "DATE_FORMAT") if day else "–"
