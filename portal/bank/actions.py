"""Deposits and questions of the bank. A withdrawal needs none: it is a column of the case."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction

import tracker
from portal.bank.following import follower
from portal.bank.models import Sequence as Counter
from portal.bank.models import Signal
from portal.bank.points import point_follower
from portal.cases.ending import require_applied
from portal.cases.models import Exhibit

__all__ = [
    "BankError",
    "Hit",
    "Part",
    "deposit",
    "lookup",
    "lookup_picture",
    "parse_signal",
    "recognise",
]

KINDS = ("exact", "near", "possible")  # the strongest first

Candidate = tuple[tracker.Match, tracker.Signal]  # and the one that was asked


class BankError(Exception):
    """A question that cannot be asked: not a signal, or not a picture. `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a picture: its name, as tracker.Signal has it, and where it lies."""

    of: str = tracker.WHOLE
    box: tracker.Shares | None = tracker.EVERYTHING  # None: nobody wrote it down


@dataclass(frozen=True, slots=True)
class Hit:
    """How well a question matched a picture, told by the signal of the whole.

    `copy` and `reported` are the parts that agree, `form` what was undone before, and
    `points` how many points do. Others than our own desk are never told of them.
    """

    signal: Signal
    type: str  # of what agrees: a type of signal, or "points"
    kind: str  # exact, near, possible
    distance: int  # bits; 0 where points agree
    copy: Part
    reported: Part
    form: str = ""
    points: int = 0


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
            box=None if signal.of == tracker.WHOLE else signal.box,
            seq=first + place,
        )
        for place, signal in enumerate(fresh)
    )


def lookup(
    questions: Sequence[Sequence[tracker.Signal]],
    weakest: tracker.Kind = "possible",
) -> list[list[Hit]]:
    """For each picture asked, given as its signals, its hits, the best one per exhibit first.

    Who has no use for possible matches asks for near ones: that is many times faster.

    The index may over-match; every candidate is joined here to the active signals, so a
    withdrawn one is gone at once, in every process. Raises OSError where what a restored
    backup brought back cannot be told: see portal/cases/ending.py.
    """
    require_applied()
    candidates = _candidates(questions, weakest)
    ids = {match.id for matches in candidates for match, _ in matches}
    active = {
        signal.pk: signal
        for signal in Signal.objects.active().filter(pk__in=ids).select_related("case")
    }
    told = _wholes(active)
    return [_best(matches, active, told) for matches in candidates]


def lookup_picture(data: bytes, weakest: tracker.Kind = "possible") -> list[Hit]:
    """Hash a picture's bytes, ask, and forget them. Raises BankError if it is none."""
    try:
        picture = tracker.decode(data)
    except tracker.ImageError as error:
        raise BankError(error.code, str(error)) from None
    return lookup([tracker.ask_picture(picture)], weakest)[0]


def recognise(picture: tracker.Picture) -> list[Hit]:
    """Whose picture this is, by hashes and by points; the best hit per exhibit, best first.

    For our own looking alone: platforms ask with hashes, and are told of hashes.
    """
    best: dict[int, Hit] = {}
    found = [*lookup([tracker.ask_picture(picture)])[0], *_by_points(picture)]
    for hit in sorted(found, key=lambda hit: KINDS.index(hit.kind)):
        best.setdefault(hit.signal.exhibit_id, hit)
    return list(best.values())


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


def _candidates(
    questions: Sequence[Sequence[tracker.Signal]], weakest: tracker.Kind
) -> list[list[Candidate]]:
    found: list[list[Candidate]] = [[] for _ in questions]
    asked: dict[str, list[tuple[int, tracker.Signal]]] = defaultdict(list)
    for place, signals in enumerate(questions):
        for signal in signals:
            asked[signal.type].append((place, signal))
    for type_, wanted in asked.items():
        values = [signal.value for _, signal in wanted]
        for (place, signal), matches in zip(
            wanted, follower(type_).ask(values, weakest), strict=True
        ):
            found[place].extend((match, signal) for match in matches)
    return found


def _wholes(active: dict[int, Signal]) -> dict[int, Signal]:
    """For each active signal the one of the whole picture, of the same type."""
    cut = {s.exhibit_id for s in active.values() if s.of != tracker.WHOLE}
    wholes = {
        (signal.exhibit_id, signal.type): signal
        for signal in Signal.objects.active()
        .whole()
        .filter(exhibit__in=cut)
        .select_related("case")
    }
    return {
        pk: wholes.get((signal.exhibit_id, signal.type), signal)
        for pk, signal in active.items()
    }


def _best(
    candidates: Iterable[Candidate],
    active: dict[int, Signal],
    told: dict[int, Signal],
) -> list[Hit]:
    """One hit for each exhibit: the strongest kind, then the smallest distance."""
    best: dict[int, Hit] = {}
    for match, asked in sorted(candidates, key=lambda one: tracker.strength(one[0])):
        if kept := active.get(match.id):
            best.setdefault(kept.exhibit_id, _hit(told[kept.pk], match, asked, kept))
    return list(best.values())


def _hit(
    told: Signal, match: tracker.Match, asked: tracker.Signal, kept: Signal
) -> Hit:
    is_whole = kept.of == tracker.WHOLE
    return Hit(
        told,
        match.type,
        match.kind,
        match.distance,
        Part(asked.of, asked.box),
        Part() if is_whole else Part(kept.of, kept.box and tuple(kept.box)),
        asked.form,
    )


def _by_points(picture: tracker.Picture) -> Iterator[Hit]:
    """One hit for each exhibit whose points agree, told by its first signal of the whole."""
    seen = point_follower().ask(picture)
    wholes = Signal.objects.active().whole().select_related("case").order_by("-seq")
    told = {
        s.exhibit_id: s for s in wholes.filter(exhibit__in=[one.id for one in seen])
    }
    for one in seen:
        if signal := told.get(one.id):
            yield Hit(
                signal,
                "points",
                one.kind,
                0,
                Part("region", one.copy),
                Part("region", one.reported),
                "mirroring" if one.mirrored else "",
                one.points,
            )
