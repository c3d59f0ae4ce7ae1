"""Signals of parts of a picture: of what a frame may hide, and of what may be cut out.

All of them are plain PDQ values of the version of the whole's, so that a bank of them is
still a bank of PDQ, and anybody who asks with plain PDQ finds what was cut out.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from tracker.proposals import propose
from tracker.regions import cut, regions
from tracker.signals.base import LEAST_QUALITY, Reading, Shares, Signal, to_hex
from tracker.signals.boxes import BoxHash, hash_box
from tracker.signals.pdq import MIRRORED, Pdq


def proposed(reading: Reading) -> Iterator[Signal]:
    """Of each proposal two signals, upright and mirrored; none of one too plain.

    Turned copies are asked for as wholes only: who frames a picture seldom turns it, and
    eight forms of each would cost a lookup four times the scans.
    """
    grey = reading.small
    for proposal in propose(np.asarray(grey)):
        made = hash_box(grey, proposal.box)
        yield from _signals(made, proposal.of, shares(proposal.box, grey.size))


def region_boxes(size: tuple[int, int]) -> tuple[Shares, ...]:
    """Where the regions of a small picture of that width and height lie, in their order."""
    return tuple(shares(region.box, size) for region in regions(size))


def regional(reading: Reading) -> Iterator[tuple[Signal, ...]]:
    """Of each region its two signals, upright and mirrored; none of a plain picture's."""
    if reading.plain:
        return
    boxes = region_boxes(reading.small.size)
    for number, region in enumerate(regions(reading.small.size), 1):
        made = hash_box(*cut(reading.small, region))
        box = boxes[number - 1]
        if signals := _signals(made, f"region {number}", box):
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
