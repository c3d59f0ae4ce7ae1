"""Deposits and questions of the bank. A withdrawal needs none: it is a column of the case."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db import transaction

import tracker
from portal.bank import benign, tallying
from portal.bank.following import follower
from portal.bank.models import Sequence as Counter
from portal.bank.models import Signal
from portal.cases.ending import require_applied
from portal.cases.models import Exhibit

__all__ = ["BankError", "Hit", "deposit", "lookup", "lookup_picture", "parse_signal"]


class BankError(Exception):
    """A question that cannot be asked: not a signal, or not a picture. `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Hit:
    """How well a question matched a picture, told by the signal of the whole.

    What matched may have been a region's: that stays within the bank.
    """

    signal: Signal
    kind: tracker.Kind
    distance: int


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
            benign_id=near.get((signal.type, signal.value)),
            seq=first + place,
        )
        for place, signal in enumerate(fresh)
    )


def lookup(
    questions: Sequence[Sequence[tracker.Signal]],
    weakest: tracker.Kind = "possible",
) -> list[list[Hit]]:
    """For each picture asked, given as its signals, its hits, the best one per exhibit first.

    Who has no use for possible matches asks for near ones: that is many times faster, and
    it is what machines do, so it is tallied. What a signal in quarantine matches is
    possible at most, but for the same file.

    The index may over-match; every candidate is joined here to the signals that may match,
    so a withdrawn one is gone at once, in every process. Raises OSError where what a restored
    backup brought back cannot be told: see portal/cases/ending.py.
    """
    require_applied()
    candidates = _candidates(questions, weakest)
    ids = {match.id for matches in candidates for match in matches}
    active = {
        signal.pk: signal
        for signal in Signal.objects.matching()
        .filter(pk__in=ids)
        .select_related("case")
    }
    told = _wholes(active)
    answers = [_best(matches, told) for matches in candidates]
    if weakest == "near":
        for asked, hits in zip(questions, answers, strict=True):
            tallying.note(asked, (hit.signal.pk for hit in hits if hit.kind != "exact"))
    return [
        [hit for hit in hits if tracker.reaches(hit.kind, weakest)] for hits in answers
    ]


def lookup_picture(data: bytes, weakest: tracker.Kind = "possible") -> list[Hit]:
    """Hash a picture's bytes, ask, and forget them. Raises BankError if it is none."""
    try:
        picture = tracker.decode(data)
    except tracker.ImageError as error:
        raise BankError(error.code, str(error)) from None
    return lookup([tracker.ask_picture(picture)], weakest)[0]


def parse_signal(type_: str, value: str) -> tracker.Signal:
    """A signal from a stranger. Raises BankError that says what is wrong with it."""
    try:
        return tracker.parse_signal(type_, value)
    except tracker.SignalError as error:
        raise BankError("not_a_signal", str(error)) from None


def _candidates(
    questions: Sequence[Sequence[tracker.Signal]], weakest: tracker.Kind
) -> list[list[tracker.Match]]:
    found: list[list[tracker.Match]] = [[] for _ in questions]
    asked: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for place, signals in enumerate(questions):
        for signal in signals:
            asked[signal.type].append((place, signal.value))
    for type_, wanted in asked.items():
        values = [value for _, value in wanted]
        answers = list(zip(wanted, follower(type_).ask(values, weakest), strict=True))
        hits = [value for (_, value), matches in answers if matches]
        quiet = benign.quiet(type_, hits) if hits else set()
        for (place, value), matches in answers:
            if value not in quiet:
                found[place].extend(matches)
    return found


def _wholes(active: dict[int, Signal]) -> dict[int, Signal]:
    """For each active signal the one of the whole picture, of the same type."""
    cut = {s.exhibit_id for s in active.values() if s.of != tracker.WHOLE}
    wholes = {
        (signal.exhibit_id, signal.type): signal
        for signal in Signal.objects.matching()
        .whole()
        .filter(exhibit__in=cut)
        .select_related("case")
    }
    return {
        pk: wholes.get((signal.exhibit_id, signal.type), signal)
        for pk, signal in active.items()
    }


def _best(matches: Iterable[tracker.Match], told: dict[int, Signal]) -> list[Hit]:
    """One hit for each exhibit: the strongest kind, then the smallest distance."""
    best: dict[int, Hit] = {}
    known = [_guarded(match, told[match.id]) for match in matches if match.id in told]
    for match in sorted(known, key=tracker.strength):
        signal = told[match.id]
        hit = Hit(signal, match.kind, match.distance)
        best.setdefault(signal.exhibit_id, hit)
    return list(best.values())


def _guarded(match: tracker.Match, signal: Signal) -> tracker.Match:
    """The match, as strong as it may be called while its signal is in quarantine."""
    if signal.quarantined_at is None or match.kind == "exact":
        return match
    return replace(match, kind="possible")
