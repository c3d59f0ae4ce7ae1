"""Deposits and questions of the bank. A withdrawal needs none: it is a column of the case."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db import transaction

import tracker
from portal.bank.following import follower
from portal.bank.models import Sequence as Counter
from portal.bank.models import Signal
from portal.cases.ending import require_applied
from portal.cases.models import Exhibit

__all__ = [
    "BankError",
    "Hit",
    "deposit",
    "lookup",
    "lookup_media",
    "lookup_picture",
    "parse_signal",
]


class BankError(Exception):
    """A question that cannot be asked: not a signal, or not a picture. `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Hit:
    """How well a question matched an exhibit, told by a signal of the whole, or a frame.

    What matched may have been a region's: that stays within the bank.
    """

    signal: Signal
    kind: tracker.Kind
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
) -> list[list[Hit]]:
    """For each picture asked, given as its signals, its hits, the best one per exhibit first.

    Who has no use for possible matches asks for near ones: that is many times faster.

    The index may over-match; every candidate is joined here to the active signals, so a
    withdrawn one is gone at once, in every process. Raises OSError where what a restored
    backup brought back cannot be told: see portal/cases/ending.py.
    """
    require_applied()
    candidates = _candidates(questions, weakest)
    ids = {match.id for matches in candidates for match in matches}
    active = {
        signal.pk: signal
        for signal in Signal.objects.active().filter(pk__in=ids).select_related("case")
    }
    told = _wholes(active)
    return [_best(matches, told) for matches in candidates]


def lookup_picture(data: bytes, weakest: tracker.Kind = "possible") -> list[Hit]:
    """Hash a picture's bytes, ask, and forget them. Raises BankError if it is none."""
    try:
        picture = tracker.decode(data)
    except tracker.ImageError as error:
        raise BankError(error.code, str(error)) from None
    return lookup([tracker.ask_picture(picture)], weakest)[0]


def lookup_media(
    media: tracker.Picture | tracker.Video, weakest: tracker.Kind = "possible"
) -> list[Hit]:
    """The hits of a picture or of a video, the best one per exhibit.

    A picture in the bank that one frame shows is that picture. Of two videos one frame
    may be a title or a logo that strangers share: see tracker.share_kind.
    """
    if isinstance(media, tracker.Picture):
        return lookup([tracker.ask_picture(media)], weakest)[0]
    found = lookup(tracker.ask_video(media), weakest)
    mine: dict[int, list[Hit]] = defaultdict(list)
    for hit in sorted((hit for hits in found for hit in hits), key=_strength):
        mine[hit.signal.exhibit_id].append(hit)
    frames = Signal.objects.frames_of(mine)
    return [_joined(hits, len(found), frames[pk]) for pk, hits in mine.items()]


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
) -> list[list[tracker.Match]]:
    found: list[list[tracker.Match]] = [[] for _ in questions]
    asked: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for place, signals in enumerate(questions):
        for signal in signals:
            asked[signal.type].append((place, signal.value))
    for type_, wanted in asked.items():
        values = [value for _, value in wanted]
        for (place, _), matches in zip(
            wanted, follower(type_).ask(values, weakest), strict=True
        ):
            found[place].extend(matches)
    return found


def _wholes(active: dict[int, Signal]) -> dict[int, Signal]:
    """For each active signal the one of the whole picture, of the same type."""
    cut = {s.exhibit_id for s in active.values() if not tracker.is_whole(s.of)}
    wholes = {
        (signal.exhibit_id, signal.type): signal
        for signal in Signal.objects.active()
        .whole()
        .filter(exhibit__in=cut)
        .select_related("case")
    }
    return {
        pk: signal
        if tracker.is_whole(signal.of)
        else wholes.get((signal.exhibit_id, signal.type), signal)
        for pk, signal in active.items()
    }


def _best(matches: Iterable[tracker.Match], active: dict[int, Signal]) -> list[Hit]:
    """One hit for each exhibit: the strongest kind, then the smallest distance."""
    best: dict[int, Hit] = {}
    for match in sorted(matches, key=tracker.strength):
        if signal := active.get(match.id):
            hit = Hit(signal, match.kind, match.distance)
            best.setdefault(signal.exhibit_id, hit)
    return list(best.values())


def _joined(hits: list[Hit], asked: int, banked: int) -> Hit:
    """One hit for all that a video's frames had on one exhibit, the best one first."""
    best = hits[0]
    if banked < 2 or best.kind == "exact":
        return best  # the exhibit is a picture
    near = [hit for hit in hits if hit.kind == "near"]
    shares = len(near) / asked, len({hit.signal.pk for hit in near}) / banked
    return replace(best, kind=tracker.share_kind(best.kind, *shares) or best.kind)


def _strength(hit: Hit) -> tuple[int, int]:
    return tracker.strength(
        tracker.Match(hit.signal.pk, hit.signal.type, hit.kind, hit.distance)
    )
