"""Which frames of a video to take, and from which key frame each is reached.

It knows times and places only; what decodes lies in tracker/video_process.py.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

NEAR = 0.1  # seconds from a moment at which a key frame stands in for the frame there
# Decoded in all to reach moments between key frames: some seven seconds of one core. Where
# it would be more, each moment is served by the key frame before it.
MOST_DECODED = 4_000_000_000  # pixels


@dataclass(frozen=True, slots=True)
class Timeline:
    """All frames of a stream in the order of their display, without their pixels.

    `stamps` are presentation times in units of `unit` seconds; `keys` are the places in
    `stamps` of the key frames.
    """

    stamps: list[int]
    keys: list[int]
    unit: Fraction

    def at(self, place: int) -> float:
        return float((self.stamps[place] - self.stamps[0]) * self.unit)

    @property
    def seconds(self) -> float:
        """From the first frame's start to the last one's end, as if all were as long."""
        count = len(self.stamps)
        return self.at(-1) * count / (count - 1) if count > 1 else 0.0


def wanted(timeline: Timeline, most: int, pixels: int) -> list[tuple[int, int]]:
    """Which frames to take, each with the key frame to start from; places, in order.

    The middles of as many equal parts as there are frames to take, one a second at most
    (portal/static/js/hashing/video.js takes the same). `pixels` are those of one frame.
    """
    moments = spread(timeline.seconds, most)
    chosen = [_nearest(timeline, moment) for moment in moments]
    cost = sum(
        max(place for _, place in group) - key
        for key, group in groupby(chosen, lambda pair: pair[0])
    )
    if cost * pixels > MOST_DECODED:
        chosen = [(key, key) for key, _ in chosen]
    return list(dict.fromkeys(chosen))


def spread(seconds: float, most: int) -> list[float]:
    """The moments, in seconds.

    >>> spread(2.5, 60), spread(0, 60), spread(9, 2)
    ([0.4166666666666667, 1.25, 2.0833333333333335], [0.0], [2.25, 6.75])
    """
    count = min(most, max(1, math.ceil(seconds)))
    return [(part + 0.5) * seconds / count for part in range(count)]


def _nearest(timeline: Timeline, moment: float) -> tuple[int, int]:
    """The key frame to start from, and the frame that is shown at that moment.

    They are the same where a key frame is near enough.
    """
    stamp = timeline.stamps[0] + moment / timeline.unit
    place = max(0, bisect_right(timeline.stamps, stamp) - 1)
    after = bisect_right(timeline.keys, place)
    around = timeline.keys[max(0, after - 1) : after + 1]
    key = min(around, key=lambda key: abs(timeline.at(key) - moment))
    if abs(timeline.at(key) - moment) <= NEAR:
        return key, key
    return timeline.keys[max(0, after - 1)], place
