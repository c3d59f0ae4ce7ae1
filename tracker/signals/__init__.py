"""The types of signal that we know, and the making of signals from pictures and words.

A new type is one file and one line in SIGNALS; tests/contracts/test_signals.py does the
rest.
"""

import re
from functools import cache
from importlib import import_module
from typing import cast

from tracker.images import Picture
from tracker.signals.base import (
    EVERYTHING,
    LEAST_QUALITY,
    WHOLE,
    Reading,
    Shares,
    Signal,
    SignalError,
    SignalType,
    bits_apart,
)
from tracker.signals.parts import proposed, region_boxes, regional

__all__ = [
    "EVERYTHING",
    "SIGNALS",
    "UNSTATED",
    "WHOLE",
    "Reading",
    "Shares",
    "Signal",
    "SignalError",
    "SignalType",
    "ask_picture",
    "bits_apart",
    "hash_picture",
    "parse_signal",
    "recall_picture",
    "region_boxes",
    "signal_type",
]

UNSTATED = "unstated"  # the version of a signal that came without one

# Strongest first: where several types match, the first one speaks.
SIGNALS = {
    "sha256": "tracker.signals.sha256.Sha256",
    "pdq": "tracker.signals.pdq.Pdq",
    "phash": "tracker.signals.phash.Phash",
}


@cache
def signal_type(name: str) -> SignalType:
    """The type of that name; raises SignalError for one that we do not know."""
    if name not in SIGNALS:
        known = ", ".join(SIGNALS)
        raise SignalError(f"This type of signal is not known here; known are {known}.")
    module, _, attribute = SIGNALS[name].rpartition(".")
    return cast("SignalType", getattr(import_module(module), attribute)())


def hash_picture(picture: Picture, *, whole: bool = False) -> tuple[Signal, ...]:
    """What a bank keeps of a picture: one signal per type of the whole, then PDQ of parts.

    With `whole` alone the former: what others are told, and what a memory keeps. A
    picture too plain to be told from others has its SHA-256 and nothing else.
    """
    reading = Reading(picture)
    made = (signal_type(name).hash(reading) for name in SIGNALS)
    kept = tuple(signal for signal in made if signal)
    return kept if whole else (*kept, *(pair[0] for pair in regional(reading)))


def ask_picture(picture: Picture, *, whole: bool = False) -> tuple[Signal, ...]:
    """What a lookup asks with: every form of every type, then what a frame may hide.

    The bank keeps a picture upright, and its parts; the asking side turns and mirrors,
    and looks within frames. With `whole` alone it does not look.
    """
    reading = Reading(picture)
    asked = _forms(reading)
    return asked if whole else (*asked, *proposed(reading))


def recall_picture(picture: Picture) -> tuple[Signal, ...]:
    """What a memory of whole pictures is asked with, for a picture that is banked.

    Those others may have been cut out of it: so every form of it, and its parts.
    """
    reading = Reading(picture)
    parts = (signal for pair in regional(reading) for signal in pair)
    return (*_forms(reading), *parts)


def _forms(reading: Reading) -> tuple[Signal, ...]:
    return tuple(s for name in SIGNALS for s in signal_type(name).ask(reading))


def parse_signal(
    name: str, value: str, quality: int | None = None, version: str | None = None
) -> Signal:
    """A signal that somebody else made and sent us.

    Raises SignalError if the type is not known, the value is not lower-case hex of the
    right length, or the quality is one at which it would match half the world.
    """
    kind = signal_type(name)
    digits = kind.bits // 4
    if not re.fullmatch(rf"[0-9a-f]{{{digits}}}", value):
        raise SignalError(
            f"A {name} signal is {digits} hexadecimal digits in lower case."
        )
    if quality is not None and not LEAST_QUALITY <= quality <= 100:
        raise SignalError(
            f"The quality of a signal is {LEAST_QUALITY} to 100: "
            "a picture plainer than that cannot be told from others."
        )
    if version is not None and not re.fullmatch(r"[ -~]{1,64}", version):
        raise SignalError("The version of a signal is 1 to 64 plain characters.")
    return Signal(name, value, quality, version or UNSTATED)
