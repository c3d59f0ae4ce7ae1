"""Deposits and questions of the bank. A withdrawal needs none: it is a column of the case."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

import tracker
from portal.bank.following import MOST, follower
from portal.bank.models import Sequence as Counter
from portal.bank.models import Signal
from portal.cases.ending import require_applied
from portal.cases.models import Case, Exhibit

__all__ = [
    "BankAwayError",
    "BankError",
    "Hit",
    "deposit",
    "lookup",
    "lookup_picture",
    "parse_signal",
]

# Bounds of one answer, whatever was deposited, a million times the same hash for one.
MOST_HITS = 1_000  # pictures told for one that is asked
FEW = 256  # neighbours of one hash, at first: enough for nearly every question
TOGETHER = 128  # questions answered together
ROWS = 5_000  # read from the database together

logger = logging.getLogger(__name__)

# A candidate and the hash (hex) that it is a neighbour of.
Candidates = list[tuple[tracker.Match, str]]


class BankError(Exception):
    """A question that cannot be asked: not a signal, or not a picture. `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BankAwayError(OSError):
    """The bank cannot answer now: no answer must not look like no match."""


@dataclass(frozen=True, slots=True)
class Hit:
    """How well a question matched a picture, told by the signal of the whole.

    What matched may have been a region's: that stays within the bank.
    """

    signal: Signal
    kind: str  # exact, near, possible
    distance: int


@transaction.atomic
def deposit(exhibit: Exhibit, signals: Iterable[tracker.Signal]) -> list[Signal]:
    """Bank the signals of one exhibit. Doing it twice banks them once.

    From the commit on they match in every process: each follows `seq` before it answers.
    """
    counter = _locked_counter()  # first: two depositors of one exhibit take turns
    known = set(exhibit.signals.values_list("type", "value"))
    # Backwards, so that of equal values the first one stays: the whole's.
    given = {(s.type, s.value): s for s in reversed(list(signals))}
    fresh = [s for key, s in reversed(given.items()) if key not in known]
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
            seq=first + place,
        )
        for place, signal in enumerate(fresh)
    )


def lookup(
    questions: Sequence[Sequence[tracker.Signal]],
    weakest: tracker.Kind = "possible",
    among: QuerySet[Case] | None = None,
) -> list[list[Hit]]:
    """For each picture asked, given as its signals, its hits, the best one per exhibit first.

    Who has no use for possible matches asks for near ones: that is many times faster. Who
    may hear of some cases only names those with `among`, so that no others crowd them out.

    The index may over-match, and may be damaged; every candidate is joined here to the
    active signals, so a withdrawn one is gone at once, in every process, and measured
    against the hash that the database has. Of a picture that matches more than MOST_HITS
    exhibits the best are told. Raises BankAwayError where the index cannot answer, OSError
    where what a restored backup brought back cannot be told: see portal/cases/ending.py.
    """
    require_applied()
    answers: list[list[Hit]] = []
    try:
        for at in range(0, len(questions), TOGETHER):
            answers += _answer(questions[at : at + TOGETHER], weakest, among)
    except tracker.IndexAwayError as error:
        raise BankAwayError(str(error)) from error
    return answers


def lookup_picture(
    data: bytes,
    weakest: tracker.Kind = "possible",
    among: QuerySet[Case] | None = None,
) -> list[Hit]:
    """Hash a picture's bytes, ask, and forget them. Raises BankError if it is none."""
    try:
        picture = tracker.decode(data)
    except tracker.ImageError as error:
        raise BankError(error.code, str(error)) from None
    return lookup([tracker.ask_picture(picture)], weakest, among)[0]


def parse_signal(type_: str, value: str) -> tracker.Signal:
    """A signal from a stranger. Raises BankError that says what is wrong with it."""
    try:
        return tracker.parse_signal(type_, value)
    except tracker.SignalError as error:
        raise BankError("not_a_signal", str(error)) from None


def _locked_counter() -> Counter:
    """The bank's counter, locked until commit: see Sequence."""
    Counter.objects.get_or_create(pk=1)
    return Counter.objects.select_for_update().get(pk=1)


def _answer(
    questions: Sequence[Sequence[tracker.Signal]],
    weakest: tracker.Kind,
    among: QuerySet[Case] | None,
) -> list[list[Hit]]:
    """Ask for few neighbours first, and for as many as there can be where those were cut."""
    candidates, cut = _candidates(questions, weakest, FEW)
    best = _best(candidates, among)
    for place in cut:
        if len(best[place]) < MOST_HITS:
            more, is_cut = _candidates([questions[place]], weakest, MOST)
            best[place] = _best(more, among)[0]
            if is_cut and not best[place]:
                raise BankAwayError(
                    "More is banked of this than can be looked through."
                )
            if is_cut:
                logger.warning("a picture matches more signals than can be told")
    return _told(best)


def _candidates(
    questions: Sequence[Sequence[tracker.Signal]], weakest: tracker.Kind, most: int
) -> tuple[list[Candidates], list[int]]:
    """Of each question its candidates, the best first; and which may have been cut."""
    found: list[Candidates] = [[] for _ in questions]
    cut: set[int] = set()
    for type_, asked in _asked(questions).items():
        answers = follower(type_).ask(list(asked), weakest, most)
        for (value, places), matches in zip(asked.items(), answers, strict=True):
            for place in places:
                found[place] += [(match, value) for match in matches]
            if len(matches) >= most:
                cut |= places
    for candidates in found:
        candidates.sort(key=lambda candidate: tracker.strength(candidate[0]))
    return found, sorted(cut)


def _asked(
    questions: Sequence[Sequence[tracker.Signal]],
) -> dict[str, dict[str, set[int]]]:
    """By type each value, once, with the questions that ask it. Versions never meet."""
    asked: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for place, signals in enumerate(questions):
        for signal in signals:
            ours = tracker.signal_type(signal.type).version
            if signal.version in {ours, tracker.UNSTATED}:
                asked[signal.type][signal.value].add(place)
    return asked


def _best(
    candidates: Sequence[Candidates], among: QuerySet[Case] | None
) -> list[dict[int, tracker.Match]]:
    """Of each question the best match of each exhibit, by its number, the best first."""
    rows = _rows({match.id for some in candidates for match, _ in some}, among)
    best: list[dict[int, tracker.Match]] = []
    for some in candidates:
        found: dict[int, tracker.Match] = {}
        for match, value in some:
            exhibit, banked = rows.get(match.id, (0, ""))
            if banked and tracker.bits_apart(banked, value) == match.distance:
                found.setdefault(exhibit, match)
            if len(found) == MOST_HITS:
                break
        best.append(found)
    return best


def _rows(ids: set[int], among: QuerySet[Case] | None) -> dict[int, tuple[int, str]]:
    """Exhibit and hash of each of these signals that is active."""
    active = Signal.objects.active()
    if among is not None:
        active = active.filter(case__in=among)
    return {
        pk: (exhibit, value)
        for some in _some(sorted(ids))
        for pk, exhibit, value in active.filter(pk__in=some).values_list(
            "pk", "exhibit", "value"
        )
    }


def _told(best: Sequence[dict[int, tracker.Match]]) -> list[list[Hit]]:
    """The hits, told by the signal of the whole, or the one that matched if there is none."""
    ids = {match.id for found in best for match in found.values()}
    signals: dict[int, Signal] = {}
    wholes: dict[tuple[int, str], Signal] = {}
    for some in _some(sorted(ids)):
        matched = Signal.objects.filter(pk__in=some)
        exhibits = matched.exclude(of=tracker.WHOLE).values("exhibit")
        wanted = Q(pk__in=some) | Q(exhibit__in=exhibits, of=tracker.WHOLE)
        for signal in Signal.objects.active().filter(wanted).select_related("case"):
            signals[signal.pk] = signal
            if signal.of == tracker.WHOLE:
                wholes[signal.exhibit_id, signal.type] = signal
    return [
        [
            Hit(
                wholes.get((exhibit, match.type), signals[match.id]),
                match.kind,
                match.distance,
            )
            for exhibit, match in found.items()
            if match.id in signals  # else withdrawn meanwhile
        ]
        for found in best
    ]


def _some(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[at : at + ROWS] for at in range(0, len(ids), ROWS))
