"""The hash-only memory of what was crawled: written here, and asked here by new reports."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

import tracker
from portal.sightings.models import Observation, Source

BATCH = 100_000  # observations held in memory at once: 3.2 MB of hashes
PERCEPTUAL = ("pdq", "phash")

Candidate = tuple[tracker.Match, tracker.Signal]  # and the one that was asked


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


def remembered(
    asked: Iterable[tracker.Signal],
) -> Iterator[tuple[Observation, tracker.Match, tracker.Signal]]:
    """Every observation that one picture's signals match, its best match, and which asked.

    `asked` are the signals of one picture as tracker.recall_picture gives them: the
    memory holds plain hashes of what was seen, the question has all eight mirrored and
    turned forms, and the parts that may have been cut out.
    """
    questions = list(asked)
    best: dict[int, Candidate] = {}
    for match, signal in _matches(questions):
        known = best.get(match.id)
        if known is None or tracker.strength(match) < tracker.strength(known[0]):
            best[match.id] = match, signal
    for observation in Observation.objects.filter(pk__in=best).order_by("seen_at"):
        yield observation, *best[observation.pk]


def _matches(questions: list[tracker.Signal]) -> Iterator[Candidate]:
    for signal in questions:
        if signal.type == "sha256":
            same = Observation.objects.filter(sha256=signal.value)
            for pk in same.values_list("pk", flat=True):
                yield tracker.Match(pk, "sha256", "exact", 0), signal
    for type_ in PERCEPTUAL:
        mine = [signal for signal in questions if signal.type == type_]
        if mine:
            yield from _scan(type_, mine)


def _scan(type_: str, questions: list[tracker.Signal]) -> Iterator[Candidate]:
    queries = _rows(bytes.fromhex(signal.value) for signal in questions)
    radius = tracker.radius_of(type_)
    for ids, hashes in _batches(type_, questions[0].version):
        lims, found, distances = tracker.scan(ids, hashes, queries, radius)
        for place, signal in enumerate(questions):
            for at in range(lims[place], lims[place + 1]):
                distance = int(distances[at])
                if kind := tracker.kind_of(type_, distance):
                    yield tracker.Match(int(found[at]), type_, kind, distance), signal


def _batches(
    type_: str, version: str
) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.uint8]]]:
    last = 0
    while True:
        # Versions never meet: hashes of another pipeline are not comparable.
        rows = list(
            Observation.objects.filter(pk__gt=last, **{f"{type_}_version": version})
            .order_by("pk")
            .values_list("pk", type_)[:BATCH]
        )
        if not rows:
            return
        last = rows[-1][0]
        yield (
            np.array([row[0] for row in rows], np.uint64),
            _rows(row[1] for row in rows),
        )


def _rows(values: Iterable[bytes]) -> NDArray[np.uint8]:
    many = [bytes(value) for value in values]
    return np.frombuffer(b"".join(many), np.uint8).reshape(len(many), -1)
