"""A video as the pictures in it: what is remembered of one, and what a memory of it means."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

import tracker
from portal.sightings.models import Observation


def pictures_in(
    media: tracker.Picture | tracker.Video,
) -> Iterator[tuple[str, tracker.Picture]]:
    """What to remember: a picture, or each distinct frame with its name within the video.

    Of a video whose frames are all too plain to tell apart, the first one: its file's
    SHA-256 is remembered with it.
    """
    if isinstance(media, tracker.Picture):
        yield "", media
        return
    frames = [frame for frame, _ in tracker.distinct_frames(media)]
    for frame in frames or media.frames[:1]:
        yield f"#t={frame.at:.3f}", frame.picture


def best_per_place(
    found: Iterable[tuple[Observation, tracker.Match]], frames: int
) -> Iterator[tuple[Observation, tracker.Match]]:
    """One match for each place: several frames of one video were seen there together.

    `frames` are those of the exhibit. Where both are videos the shares of near frames
    decide, as in portal.bank.actions.lookup_media.
    """
    places: dict[tuple[str, str], list[tuple[Observation, tracker.Match]]]
    places = defaultdict(list)
    for observation, match in found:
        places[observation.url, observation.media_url].append((observation, match))
    for seen in places.values():
        observation, match = min(seen, key=lambda pair: tracker.strength(pair[1]))
        near = sum(match.kind == "near" for _, match in seen)
        if frames > 1 and match.kind == "near":
            there = Observation.objects.filter(
                sha256=observation.sha256,
                url=observation.url,
                media_url=observation.media_url,
            ).count()
            if there > 1:
                kind = tracker.share_kind("near", near / there, near / frames)
                match = replace(match, kind=kind or match.kind)
        yield observation, match
