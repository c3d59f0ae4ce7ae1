"""Deposits and questions of the bank. A withdrawal needs none: it is a column of the case."""

from collections.abc import Iterable, Sequence

from django.db import transaction

import tracker
from portal.bank import answering, benign, tallying
from portal.bank.answering import Among, BankAwayError, Hit, Part
from portal.bank.models import Sequence as Counter
from portal.bank.models import Signal
from portal.bank.points import point_follower
from portal.cases.ending import require_applied
from portal.cases.models import Exhibit

__all__ = [
    "Among",
    "BankAwayError",
    "BankError",
    "Hit",
    "Part",
    "deposit",
    "lookup",
    "lookup_picture",
    "parse_signal",
    "recognise",
]


class BankError(Exception):
    """A question that cannot be asked: not a signal, or not a picture. `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@transaction.atomic
def deposit(exhibit: Exhibit, signals: Iterable[tracker.Signal]) -> list[Signal]:
    """Bank the signals of one exhibit. Doing it twice banks them once.

    From the commit on they match in every process: each follows `seq` before it answers.
    One that is near to a benign picture is kept, and matches nothing.
    """
    counter = (
        Counter.objects.locked()
    )  # first: two depositors of one exhibit take turns
    known = set(exhibit.signals.values_list("type", "value"))
    # Backwards, so that of equal values the first one stays: the whole's.
    given = {(s.type, s.value): s for s in reversed(list(signals))}
    fresh = [s for key, s in reversed(given.items()) if key not in known]
    near = benign.entries_near(fresh)
    first = counter.last + 1
    Counter.objects.filter(pk=counter.pk).update(last=counter.last + len(fresh))
    return Signal.objects.bulk_create(
        Signal(
            case=exhibit.case,
            exhibit=exhibit,
            type=signal.type,
            value=signal.value,
            quality=signal.quality,
            version=signal.version,
            of=signal.of,
            box=None if signal.of == tracker.WHOLE else signal.box,
            benign_id=near.get((signal.type, signal.value)),
            seq=first + place,
        )
        for place, signal in enumerate(fresh)
    )


def lookup(
    questions: Sequence[Sequence[tracker.Signal]],
    weakest: tracker.Kind = "possible",
    among: Among | None = None,
) -> list[list[Hit]]:
    """For each picture asked, given as its signals, its hits, the best one per exhibit first.

    Who has no use for possible matches asks for near ones: that is many times faster, and
    it is what machines do, so it is tallied. What a signal in quarantine matches is possible
    at most, but for the same file. Who may hear of some cases only says which with `among`,
    so that no others crowd them out.

    Each candidate is joined to the signals that may match, so a withdrawn one is gone at
    once, in every process. Of very many exhibits the best are told: answering.MOST_HITS.
    Raises BankAwayError where the index cannot answer, OSError where what a restored backup
    brought back cannot be told: see portal/cases/ending.py.
    """
    require_applied()
    answers = answering.answer(questions, weakest, among)
    if weakest == "near":
        tallying.note(
            (asked, [hit.signal.pk for hit in hits if hit.kind != "exact"])
            for asked, hits in zip(questions, answers, strict=True)
        )
    return [
        [hit for hit in hits if tracker.reaches(hit.kind, weakest)] for hits in answers
    ]


def lookup_picture(
    data: bytes, weakest: tracker.Kind = "possible", among: Among | None = None
) -> list[Hit]:
    """Hash a picture's bytes, ask, and forget them. Raises BankError if it is none."""
    try:
        picture = tracker.decode(data)
    except tracker.ImageError as error:
        raise BankError(error.code, str(error)) from None
    return lookup([tracker.ask_picture(picture)], weakest, among)[0]


def recognise(media: tracker.Picture | tracker.Video) -> list[Hit]:
    """Whose picture or video this is: the best hit per exhibit, the best first.

    By hashes, and of a picture by points. For our own looking alone: platforms ask with
    hashes, and are told of hashes.
    """
    if isinstance(media, tracker.Video):
        return answering.of_video(lookup(tracker.ask_video(media)))
    by_hashes = lookup([tracker.ask_picture(media)])[0]
    by_points = answering.of_points(point_follower().ask(media))
    return answering.best_first([*by_hashes, *by_points])


def parse_signal(type_: str, value: str) -> tracker.Signal:
    """A signal from a stranger. Raises BankError that says what is wrong with it."""
    try:
        return tracker.parse_signal(type_, value)
    except tracker.SignalError as error:
        raise BankError("not_a_signal", str(error)) from None
