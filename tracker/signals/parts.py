"""Signals of parts of a picture: of what a frame may hide, and of what may be cut out.

All of them are plain PDQ values of the version of the whole's, so that a bank of them is
still a bank of PDQ, and anybody who asks with plain PDQ finds what was cut out.
"""

from collections.abc import Iterator
from itertools import groupby

import numpy as np

from tracker.proposals import propose
from tracker.regions import regions, turned
from tracker.signals.base import LEAST_QUALITY, Reading, Signal, to_hex
from tracker.signals.boxes import BoxHash, hash_boxes
from tracker.signals.pdq import Pdq


def proposed(reading: Reading) -> Iterator[Signal]:
    """Of each proposal two signals, upright and mirrored; none of one too plain.

    Turned copies are asked for as wholes only: who frames a picture seldom turns it, and
    eight forms of each would cost a lookup four times the scans.
    """
    small = np.asarray(reading.picture.small)
    proposals = propose(small)
    made = hash_boxes(small, [proposal.box for proposal in proposals])
    for proposal, hashed in zip(proposals, made, strict=True):
        yield from _signals(hashed, proposal.of)


def regional(reading: Reading) -> Iterator[tuple[Signal, ...]]:
    """Of each region its two signals, upright and mirrored; none of a plain picture's."""
    if reading.plain:
        return
    small = reading.picture.small
    made: list[BoxHash] = []
    for angle, together in groupby(regions(small.size), lambda region: region.angle):
        boxes = [region.box for region in together]
        made += hash_boxes(np.asarray(turned(small, angle)), boxes)
    for number, hashed in enumerate(made, 1):
        if signals := _signals(hashed, f"region {number}"):
            yield signals


def _signals(made: BoxHash, of: str) -> tuple[Signal, ...]:
    if made.quality < LEAST_QUALITY:
        return ()
    return tuple(
        Signal(Pdq.name, to_hex(bits), made.quality, Pdq.version, of)
        for bits in (made.upright, made.mirrored)
    )
