"""Signals of parts of a picture: of what a frame may hide, and of what may be cut out.

All of them are plain PDQ values of the version of the whole's, so that a bank of them is
still a bank of PDQ, and anybody who asks with plain PDQ finds what was cut out.
"""

from collections.abc import Iterator

import numpy as np

from tracker.proposals import propose
from tracker.regions import cut, regions
from tracker.signals.base import LEAST_QUALITY, Reading, Signal, to_hex
from tracker.signals.boxes import BoxHash, hash_box
from tracker.signals.pdq import Pdq


def proposed(reading: Reading) -> Iterator[Signal]:
    """Of each proposal two signals, upright and mirrored; none of one too plain.

    Turned copies are asked for as wholes only: who frames a picture seldom turns it, and
    eight forms of each would cost a lookup four times the scans.
    """
    grey = reading.small
    for proposal in propose(np.asarray(grey)):
        yield from _signals(hash_box(grey, proposal.box), proposal.of)


def regional(reading: Reading) -> Iterator[tuple[Signal, ...]]:
    """Of each region its two signals, upright and mirrored; none of a plain picture's."""
    if reading.plain:
        return
    for number, region in enumerate(regions(reading.small.size), 1):
        made = hash_box(*cut(reading.small, region))
        if signals := _signals(made, f"region {number}"):
            yield signals


def _signals(made: BoxHash, of: str) -> tuple[Signal, ...]:
    if made.quality < LEAST_QUALITY:
        return ()
    return tuple(
        Signal(Pdq.name, to_hex(bits), made.quality, Pdq.version, of)
        for bits in (made.upright, made.mirrored)
    )
