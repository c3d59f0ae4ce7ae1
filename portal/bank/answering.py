"""From what is asked to hits: neighbours in the index, measured and joined in the database.

The index may over-match, and may be damaged; a signal that may not match is left out here.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import tracker
from portal.bank import benign
from portal.bank.following import MOST, follower
from portal.bank.models import Signal
from portal.bank.points import Seen

# Bounds of one answer, whatever was deposited, a million times the same hash for one.
MOST_HITS = 1_000  # pictures told for one that is asked
FEW = 256  # neighbours of one hash, at first: enough for nearly every question
KINDS = ("exact", "near", "possible")  # the strongest first
TYPES = tuple(tracker.SIGNALS)  # the strongest first, too
TOGETHER = 128  # questions answered together

logger = logging.getLogger(__name__)

Question = Sequence[tracker.Signal]  # the signals of one picture
Candidates = list[tuple[tracker.Match, tracker.Signal]]  # and the signal that asked
# Of the numbers of some cases, those that who asks may hear of.
Among = Callable[[Collection[int]], Collection[int]]


class BankAwayError(OSError):
    """The bank cannot answer now: no answer must not look like no match."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a picture: its name, as tracker.Signal has it, and where it lies."""

    of: str = tracker.WHOLE
    box: tracker.Shares | None = tracker.EVERYTHING  # None: nobody wrote it down


_WHOLE = Part()


@dataclass(frozen=True, slots=True)
class Hit:
    """How well a question matched a picture, told by the signal of the whole.

    `copy` and `reported` are the parts that agree, `form` what was undone before, and
    `points` how many points do. Others than our own desk are never told of them.
    """

    signal: Signal
    type: str  # of what agrees: a type of signal, or "points"
    kind: tracker.Kind
    distance: int  # bits; 0 where points agree
    copy: Part
    reported: Part
    form: str = ""
    points: int = 0


@dataclass(frozen=True, slots=True)
class _Best:
    """The best match of one exhibit, the two signals that met, and the one that is told."""

    match: tracker.Match
    asked: tracker.Signal
    kept: Signal
    told: Signal


def answer(
    questions: Sequence[Question], weakest: tracker.Kind, among: Among | None
) -> list[list[Hit]]:
    """Of each question its hits, the best one per exhibit first. Raises BankAwayError."""
    answers: list[list[Hit]] = []
    try:
        for at in range(0, len(questions), TOGETHER):
            answers += _answer(questions[at : at + TOGETHER], weakest, among)
    except tracker.IndexAwayError as error:
        raise BankAwayError(str(error)) from error
    return answers


def best_first(hits: Iterable[Hit]) -> list[Hit]:
    """The best hit per exhibit."""
    best: dict[int, Hit] = {}
    for hit in sorted(hits, key=_rank):
        best.setdefault(hit.signal.exhibit_id, hit)
    return list(best.values())


def of_video(found: Sequence[Sequence[Hit]]) -> list[Hit]:
    """The best hit per exhibit, of those of each frame of one video.

    A picture in the bank that one frame shows is that picture. Of two videos one frame
    may be a title or a logo that strangers share: see tracker.share_kind.
    """
    mine: dict[int, list[Hit]] = defaultdict(list)
    for hit in sorted((hit for hits in found for hit in hits), key=_rank):
        mine[hit.signal.exhibit_id].append(hit)
    frames = Signal.objects.frames_of(mine)
    return [_joined(hits, len(found), frames[pk]) for pk, hits in mine.items()]


def of_points(seen: Sequence[Seen]) -> Iterator[Hit]:
    """A hit for each exhibit whose points agree, told by its PDQ, or what else it has."""
    wholes = Signal.wholes_of([one.id for one in seen])
    wholes.sort(key=lambda signal: signal.type == "pdq")
    told = {signal.exhibit_id: signal for signal in wholes}
    for one in seen:
        if signal := told.get(one.id):
            is_held = signal.quarantined_at is not None
            yield Hit(
                signal,
                "points",
                "possible" if is_held else one.kind,
                0,
                Part("region", one.copy),
                Part("region", one.reported),
                "mirroring" if one.mirrored else "",
                one.points,
            )


def _answer(
    questions: Sequence[Question], weakest: tracker.Kind, among: Among | None
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
    return [[_hit(one) for one in found.values()] for found in best]


def _candidates(
    questions: Sequence[Question], weakest: tracker.Kind, most: int
) -> tuple[list[Candidates], list[int]]:
    """Of each question its candidates; and which may have been cut."""
    found: list[Candidates] = [[] for _ in questions]
    cut: set[int] = set()
    for type_, asked in _asked(questions).items():
        answers = follower(type_).ask(list(asked), weakest, most)
        hit = [value for value, found in zip(asked, answers, strict=True) if found]
        quiet = benign.quiet(type_, hit) if hit else set()
        for (value, askers), matches in zip(asked.items(), answers, strict=True):
            if value in quiet:
                continue
            for place, signal in askers:
                found[place] += [(match, signal) for match in matches]
            if len(matches) >= most:
                cut |= {place for place, _ in askers}
    return found, sorted(cut)


def _asked(
    questions: Sequence[Question],
) -> dict[str, dict[str, list[tuple[int, tracker.Signal]]]]:
    """By type each value, once, with who asks it. Versions never meet."""
    asked: dict[str, dict[str, list[tuple[int, tracker.Signal]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for place, signals in enumerate(questions):
        for signal in signals:
            ours = tracker.signal_type(signal.type).version
            if signal.version in {ours, tracker.UNSTATED}:
                asked[signal.type][signal.value].append((place, signal))
    return asked


def _best(
    candidates: Sequence[Candidates], among: Among | None
) -> list[dict[int, _Best]]:
    """Of each question the best match of each exhibit, by its number, the best first."""
    ids = {match.id for some in candidates for match, _ in some}
    rows = Signal.matching_among(ids)
    if among is not None:
        heard = among({row.case_id for row in rows.values()})
        rows = {pk: row for pk, row in rows.items() if row.case_id in heard}
    told = _told(rows)
    return [_best_of(some, rows, told) for some in candidates]


def _told(rows: dict[int, Signal]) -> dict[int, Signal]:
    """By number the signal of the whole, or the row itself if there is none."""
    parts = {s.exhibit_id for s in rows.values() if not tracker.is_whole(s.of)}
    wholes = {(s.exhibit_id, s.type): s for s in Signal.wholes_of(parts)}
    return {
        pk: row
        if tracker.is_whole(row.of)
        else wholes.get((row.exhibit_id, row.type), row)
        for pk, row in rows.items()
    }


def _best_of(
    candidates: Candidates, rows: dict[int, Signal], told: dict[int, Signal]
) -> dict[int, _Best]:
    known = [
        _Best(_guarded(match, told[match.id]), asked, kept, told[match.id])
        for match, asked in candidates
        if (kept := rows.get(match.id))
        and tracker.bits_apart(kept.value, asked.value) == match.distance
    ]
    best: dict[int, _Best] = {}
    for one in sorted(known, key=_preference):
        best.setdefault(one.kept.exhibit_id, one)
        if len(best) == MOST_HITS:
            break
    return best


def _preference(one: _Best) -> tuple[int, int, bool, int]:
    """The strongest kind, then type, then wholes: a part may be nearer, and says less."""
    is_part = tracker.WHOLE not in {one.asked.of} & {one.kept.of}
    type_ = TYPES.index(one.match.type)
    return KINDS.index(one.match.kind), type_, is_part, one.match.distance


def _guarded(match: tracker.Match, told: Signal) -> tracker.Match:
    """The match, as strong as it may be called while the whole is in quarantine."""
    if told.quarantined_at is None or match.kind == "exact":
        return match
    return replace(match, kind="possible")


def _joined(hits: list[Hit], asked: int, banked: int) -> Hit:
    """One hit for all that a video's frames had on one exhibit, the best one first."""
    best = hits[0]
    if banked < 2 or best.kind == "exact":
        return best  # the exhibit is a picture
    near = [hit for hit in hits if hit.kind == "near"]
    shares = len(near) / asked, len({hit.signal.pk for hit in near}) / banked
    return replace(best, kind=tracker.share_kind(best.kind, *shares) or best.kind)


def _rank(hit: Hit) -> tuple[int, bool, int]:
    """Of equal kinds hashes speak before points, whose distance is none."""
    return KINDS.index(hit.kind), hit.points > 0, hit.distance


def _hit(best: _Best) -> Hit:
    match, asked, kept = best.match, best.asked, best.kept
    reported = _WHOLE if kept.of == tracker.WHOLE else Part(kept.of, _box(kept))
    return Hit(
        best.told,
        match.type,
        match.kind,
        match.distance,
        Part(asked.of, asked.box),
        reported,
        asked.form,
    )


def _box(kept: Signal) -> tracker.Shares | None:
    if kept.box is None:
        return None
    left, top, right, bottom = kept.box
    return left, top, right, bottom
