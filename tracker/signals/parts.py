"""Signals of parts of a picture: of what a frame may hide, and of what may be cut out.

All of them are plain PDQ values of the version of the whole's, so that a bank of them is
still a bank of PDQ, and anybody who asks with plain PDQ finds what was cut out.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from tracker.proposals import propose
from tracker.regions import regions, turned
from tracker.signals.base import LEAST_QUALITY, Reading, Shares, Signal, to_hex
from tracker.signals.boxes import BoxHash, hash_boxes
from tracker.signals.pdq import MIRRORED, Pdq


def proposed(reading: Reading) -> Iterator[Signal]:
    """Of each proposal two signals, upright and mirrored; none of one too plain.

    Turned copies are asked for as wholes only: who frames a picture seldom turns it, and
    eight forms of each would cost a lookup four times the scans.
    """
    small = np.asarray(reading.picture.small)
    proposals = propose(small)
    made = hash_boxes(small, [proposal.box for proposal in proposals])
    for proposal, hashed in zip(proposals, made, strict=True):
        box = shares(proposal.box, reading.picture.small.size)
        yield from _signals(hashed, proposal.of, box)


def region_boxes(size: tuple[int, int]) -> tuple[Shares, ...]:
    """Where the regions of a small picture of that width and height lie, in their order."""
    return tuple(shares(region.box, size) for region in regions(size))


def regional(reading: Reading) -> Iterator[tuple[Signal, ...]]:
    """Of each region its two signals, upright and mirrored; none of a plain picture's."""
    if reading.plain:
        return
    small = reading.picture.small
    made: list[BoxHash] = []
    for angle, together in groupby(regions(small.size), lambda region: region.angle):
        boxes = [region.box for region in together]
        made += hash_boxes(np.asarray(turned(small, angle)), boxes)
    places = region_boxes(small.size)
    for number, (box, hashed) in enumerate(zip(places, made, strict=True), 1):
        if signals := _signals(hashed, f"region {number}", box):
            yield signals


def shares(box: Sequence[float], size: tuple[int, int]) -> Shares:
    """A box in pixels of a picture of that width and height, as shares of its sides."""
    left, top, right, bottom = (
        round(edge / size[place % 2], 3) for place, edge in enumerate(box)
    )
    return left, top, right, bottom


def _signals(made: BoxHash, of: str, box: Shares) -> tuple[Signal, ...]:
    if made.quality < LEAST_QUALITY:
        return ()
    forms = ((made.upright, ""), (made.mirrored, MIRRORED))
    return tuple(
        Signal(Pdq.name, to_hex(bits), made.quality, Pdq.version, of, box, form)
        for bits, form in forms
    )
