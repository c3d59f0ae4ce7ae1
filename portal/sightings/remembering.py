"""The hash-only memory of what was crawled: written here, and asked here by new reports."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import blake2b

import numpy as np
from django.conf import settings
from django.db.models import Max, Min
from django.utils import timezone
from numpy.typing import NDArray

import tracker
from portal.bank.following import wanted
from portal.cases.models import Exhibit
from portal.sightings import packing
from portal.sightings.models import PERCEPTUAL, LookBack, Observation, Source

logger = logging.getLogger(__name__)

BATCH = 100_000  # rows compared at once: 3.2 MB of hashes for each type
JUDGED = 500  # rows fetched at once

# What was seen, its best match, and the signal that asked.
Seen = tuple[Observation, tracker.Match, tracker.Signal]


def remember(
    find: tracker.Find, picture: tracker.Picture, *, key: bytes, source: Source | None
) -> None:
    """Keep the hashes of a picture, where and when it was seen; no pixels."""
    made = tracker.hash_picture(picture, whole=True)
    signals = {signal.type: signal for signal in made}
    same = blake2b(key + picture.sha256.encode(), digest_size=32).digest()
    hashes: dict[str, object] = {}
    for type_ in PERCEPTUAL:
        if signal := signals.get(type_):
            hashes[type_] = bytes.fromhex(signal.value)
            hashes[f"{type_}_version"] = signal.version
    Observation.objects.get_or_create(
        key=same,
        defaults=hashes
        | {
            "source": source,
            "url": find.url,
            "media_url": find.media.url,
            "account": find.account[:200],
            "posted_at": find.posted_at,
            "sha256": picture.sha256,
            "width": picture.width,
            "height": picture.height,
            "size": picture.size,
        },
    )


def begin(exhibit: Exhibit, asked: Iterable[tracker.Signal]) -> None:
    """Have an exhibit compared with what is remembered by now: see actions.look_back.

    Whatever is crawled later looks for the exhibit itself: its signals are banked.
    """
    ends = Observation.objects.aggregate(first=Min("pk"), last=Max("pk"))
    before, last = (ends["first"] or 1) - 1, ends["last"] or 0
    LookBack.objects.get_or_create(
        exhibit=exhibit,
        defaults={
            "asked": [
                [one.type, one.value, one.version, one.of, one.box, one.form]
                for one in asked
            ],
            "after": before,
            "reached": before,
            "upto": last,
        },
    )


class Question:
    """One picture's signals, as tracker.recall_picture gives them, ready to be compared.

    The memory holds plain hashes of what was seen; the question has all eight mirrored and
    turned forms, and the parts that may have been cut out. `among` says how many rows are
    compared: the more, the nearer two must be.
    """

    def __init__(self, asked: Iterable[tracker.Signal], among: int = 1) -> None:
        self.files: dict[str, tracker.Signal] = {}
        self.signals: dict[tracker.Pipeline, list[tracker.Signal]] = defaultdict(list)
        for signal in asked:
            if signal.type == "sha256":
                self.files[signal.value] = signal
            elif signal.type in PERCEPTUAL:
                pipeline = tracker.Pipeline(signal.type, signal.version)
                self.signals[pipeline].append(signal)
        self.hashes = {
            pipeline: _rows([bytes.fromhex(signal.value) for signal in signals])
            for pipeline, signals in self.signals.items()
        }
        self.radii = {
            pipeline: tracker.radii(pipeline.type, among, wanted())
            for pipeline in self.signals
        }

    def judge(self, seen: Observation) -> Seen | None:
        """A row and its best match: what a span names is judged by the row's own hashes."""
        matches = []
        if same := self.files.get(seen.sha256):
            matches.append((tracker.Match(seen.pk, "sha256", "exact", 0), same))
        for pipeline, value in seen.perceptual():
            # Versions never meet: hashes of another pipeline are not comparable.
            if (queries := self.hashes.get(pipeline)) is None:
                continue
            apart = np.bitwise_count(queries ^ np.frombuffer(value, np.uint8))
            distances = apart.sum(axis=1, dtype=int)
            nearest = int(distances.argmin())
            distance = int(distances[nearest])
            if kind := tracker.kind_of(pipeline.type, distance, self.radii[pipeline]):
                match = tracker.Match(seen.pk, pipeline.type, kind, distance)
                matches.append((match, self.signals[pipeline][nearest]))
        if not matches:
            return None
        return seen, *min(matches, key=lambda pair: tracker.strength(pair[0]))


def steps(
    question: Question, after: int, upto: int
) -> Iterator[tuple[int, list[Seen]]]:
    """Everything remembered with ids above `after` and up to `upto`, span by span.

    Yields how far it came, and what it found on the way with its best match. Where a span
    is torn, or the place of spans does not answer, the rows themselves are compared: that
    takes longer and finds the same.
    """
    memory, spans = _memory()
    while after < upto:
        spans = [span for span in spans if span.upto > after]
        if memory and spans and spans[0].after <= after:
            end = spans[0].upto
            named = _named_by_span(memory, spans[0], question)
            if named is None:
                del spans[0]
                continue
        else:
            end = min([upto, *(span.after for span in spans)])
            named, end = _named_by_rows(question, after, end)
        yield end, _judged(named, question, after, end)
        after = end


def _memory() -> tuple[tracker.Memory | None, list[tracker.Span]]:
    try:
        memory = packing.memory()
        return memory, packing.spans(memory)
    except OSError as error:
        logger.warning("the memory's spans are away (%s)", type(error).__name__)
        return None, []


def _named_by_span(
    memory: tracker.Memory, span: tracker.Span, question: Question
) -> set[int] | None:
    """The ids that a span names as neighbours; None where it cannot be trusted or read."""
    named: set[int] = set()
    try:
        for pipeline, queries in question.hashes.items():
            radius = question.radii[pipeline].possible
            named.update(memory.radius(span, pipeline, queries, radius)[1].tolist())
    except tracker.MemoryDamagedError:
        logger.warning("a span of the memory is damaged, and will be packed anew")
        with suppress(OSError):
            memory.forget(span)
        return None
    except OSError as error:
        logger.warning("a span of the memory is away (%s)", type(error).__name__)
        return None
    return named


def _named_by_rows(question: Question, after: int, upto: int) -> tuple[set[int], int]:
    """The same of the next rows that are in no span, and the last of their ids."""
    made: dict[tracker.Pipeline, list[tuple[int, bytes]]] = defaultdict(list)
    rows = Observation.objects.filter(pk__gt=after, pk__lte=upto).order_by("pk")
    row = None
    for row in rows.hashes()[:BATCH].iterator():
        for pipeline, value in row.perceptual():
            if pipeline in question.hashes:
                made[pipeline].append((row.pk, value))
    named: set[int] = set()
    for pipeline, values in made.items():
        ids = np.array([pk for pk, _ in values], np.uint64)
        hashes = _rows([value for _, value in values])
        queries, radius = question.hashes[pipeline], question.radii[pipeline].possible
        named.update(tracker.scan(ids, hashes, queries, radius)[1].tolist())
    return named, row.pk if row else upto


def _judged(named: set[int], question: Question, after: int, upto: int) -> list[Seen]:
    limit = timezone.now() - settings.OBSERVATION_LIFETIME
    alive = Observation.objects.filter(seen_at__gte=limit)
    between = alive.filter(pk__gt=after, pk__lte=upto)
    same = between.filter(sha256__in=question.files)
    ids = sorted(named.union(same.values_list("pk", flat=True)))
    judged = (
        question.judge(row)
        for at in range(0, len(ids), JUDGED)
        for row in alive.filter(pk__in=ids[at : at + JUDGED])
    )
    found = [seen for seen in judged if seen]
    return sorted(found, key=lambda seen: (seen[0].seen_at, seen[0].pk))


def _rows(values: list[bytes]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(values), np.uint8).reshape(len(values), -1)
