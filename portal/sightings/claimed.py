"""Signals of a picture that stayed with the victim, as their device made and told them.

Nothing here can check that there is such a picture: only that these may be its signals.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import tracker
from portal.cases.regions import RegionCodes, unpack

Claims = Sequence[Mapping[str, Any]]  # as intake/telling.py writes them: exhibit.claims
Signals = tuple[tracker.Signal, ...]
FORMS = tracker.signal_type("pdq").forms[1:]  # in the order in which they are told
MIRRORED = "mirroring"


def signals_of(claims: Claims) -> tuple[Signals, Signals]:
    """What the bank keeps of it, and what the memory is asked with, as of any picture.

    Raises tracker.SignalError for what no device of ours has made.
    """
    plain = [claim for claim in claims if "regions" not in claim]
    upright = tuple(_signal(claim) for claim in plain if not claim.get("turned"))
    turned = [_signal(claim) for claim in plain if claim.get("turned")]
    named = (replace(one, form=form) for one, form in zip(turned, FORMS, strict=False))
    packed = [claim for claim in claims if "regions" in claim]
    parts = tuple(signal for claim in packed for signal in _regional(claim))
    kept = tuple(signal for signal in parts if not signal.form)
    return (*upright, *kept), (*upright, *named, *parts)


def _signal(claim: Mapping[str, Any]) -> tracker.Signal:
    return tracker.parse_signal(
        claim["type"], claim["value"], claim["quality"], claim.get("version")
    )


def _regional(claim: Mapping[str, Any]) -> Iterator[tracker.Signal]:
    """Of each region its two signals, upright and mirrored."""
    width, height = claim["shape"]
    boxes = tracker.region_boxes((width, height))
    try:
        regions = unpack(claim["regions"])
    except ValueError as error:
        raise tracker.SignalError(str(error)) from None
    for region in regions:
        if region.number > len(boxes):
            raise tracker.SignalError("A picture of this shape has no such region.")
        box = boxes[region.number - 1]
        yield from _both_ways(claim, region, box)


def _both_ways(
    claim: Mapping[str, Any], region: RegionCodes, box: tracker.Shares
) -> Iterator[tracker.Signal]:
    of = f"region {region.number}"
    for value, form in ((region.upright, ""), (region.mirrored, MIRRORED)):
        made = tracker.parse_signal(
            claim["type"], value, region.quality, claim["version"]
        )
        yield replace(made, of=of, box=box, form=form)
