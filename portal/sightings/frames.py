"""A video as the pictures in it: what is remembered of one, and what a memory of it means."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

import tracker
from portal.sightings.models import Observation
from portal.sightings.remembering import Seen


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


def best_per_place(found: Iterable[Seen], frames: int) -> Iterator[Seen]:
    """One match for each place: several frames of one video were seen there together.

    `frames` are those of the exhibit. Where both are videos the shares of near frames
    decide, as in portal.bank.actions.recognise.
    """
    places: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for one in found:
        places[one[0].url, one[0].media_url].append(one)
    for seen in places.values():
        observation, match, asked = min(seen, key=lambda one: tracker.strength(one[1]))
        near = sum(one.kind == "near" for _, one, _ in seen)
        if frames > 1 and match.kind == "near":
            there = Observation.objects.filter(
                sha256=observation.sha256,
                url=observation.url,
                media_url=observation.media_url,
            ).count()
            if there > 1:
                kind = tracker.share_kind("near", near / there, near / frames)
                match = replace(match, kind=kind or match.kind)
        yield observation, match, asked
