"""Signals of parts of a picture: of what a frame may hide, and of what may be cut out.

All of them are plain PDQ values of the version of the whole's, so that a bank of them is
still a bank of PDQ, and anybody who asks with plain PDQ finds what was cut out.
"""

from collections.abc import Iterator
from itertools import groupby

import numpy as np

from tracker.proposals import Proposal, propose
from tracker.regions import Region, regions, turned
from tracker.signals.base import LEAST_QUALITY, Reading, Signal, to_hex
from tracker.signals.boxes import BoxHash, hash_boxes
from tracker.signals.pdq import Pdq


def proposed(reading: Reading) -> Iterator[Signal]:
    """Of each proposal two signals, upright and mirrored; none of one too plain.

    Turned copies are asked for as wholes only: who frames a picture seldom turns it, and
    eight forms of each would cost a lookup four times the scans.
    """
    for proposal, made in hashed_proposals(reading):
        yield from _signals(made, proposal.of)


def regional(reading: Reading) -> Iterator[tuple[Signal, ...]]:
    """Of each region its two signals, upright and mirrored; none of a plain picture's."""
    if reading.plain:
        return
    for number, (_, made) in enumerate(hashed_regions(reading), 1):
        if signals := _signals(made, f"region {number}"):
            yield signals


def hashed_proposals(reading: Reading) -> Iterator[tuple[Proposal, BoxHash]]:
    small = np.asarray(reading.small)
    proposals = propose(small)
    boxes = [proposal.box for proposal in proposals]
    return zip(proposals, hash_boxes(small, boxes), strict=True)


def hashed_regions(reading: Reading) -> Iterator[tuple[Region, BoxHash]]:
    """In the order of regions(); those turned alike are hashed together."""
    cut_out = regions(reading.small.size)
    for angle, alike in groupby(cut_out, lambda region: region.angle):
        together = list(alike)
        levels = np.asarray(turned(reading.small, angle))
        boxes = [region.box for region in together]
        yield from zip(together, hash_boxes(levels, boxes), strict=True)


def _signals(made: BoxHash, of: str) -> tuple[Signal, ...]:
    if made.quality < LEAST_QUALITY:
        return ()
    return tuple(
        Signal(Pdq.name, to_hex(bits), made.quality, Pdq.version, of)
        for bits in (made.upright, made.mirrored)
    )
