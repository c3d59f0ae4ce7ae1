"""What a signal is, and what a type of signal must be able to do."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from PIL import Image

from tracker.images import Picture
from tracker.signals.boxes import Bits, Floats, WholeHash, hash_whole

# PDQ's own measure of detail, 0 to 100. Its authors throw hashes of 49 and less away
# ("The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", Facebook
# 2019): clear skies, blank frames and plain text cards look alike to any such hash.
LEAST_QUALITY = 50


WHOLE = "whole"

Shares = tuple[float, float, float, float]  # left, top, right, bottom; of the sides
EVERYTHING: Shares = (0, 0, 1, 1)


class SignalError(Exception):
    """A signal that no type here could have made; str() is a plain sentence."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One hash of one picture.

    `value` is lower-case hex; `quality` is 0 to 100 where the type measures it;
    `version` names the algorithm and pipeline: signals of different versions drift.
    `of` names the part of the picture: "whole", a proposal ("trimmed", "cell 2") or a
    "region 7". `box` is where that part lies. `form` says in words what was undone before
    hashing ("mirroring"), "" for nothing. Two signals are the same whatever they are of.
    """

    type: str
    value: str
    quality: int | None
    version: str
    of: str = field(default=WHOLE, compare=False)
    box: Shares = field(default=EVERYTHING, compare=False)
    form: str = field(default="", compare=False)


class Reading:
    """A picture made ready for hashing, so that the costly steps happen once."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture

    @property
    def small(self) -> Image.Image:
        return self.picture.small

    @cached_property
    def levels(self) -> Floats:
        """The picture in grey, of shape (height, width)."""
        return np.asarray(self.picture.grey).astype(np.float32)

    @cached_property
    def pdq(self) -> WholeHash:
        """PDQ in all eight forms, and its quality."""
        return hash_whole(self.levels, self.picture.small_size)

    @property
    def plain(self) -> bool:
        """Whether the picture has too little in it to be told from others."""
        return self.pdq.quality < LEAST_QUALITY


class SignalType(Protocol):
    """One way to hash a picture.

    `near` and `possible` are the widest distances, in bits, at which two signals are
    called so; both are 0 for a type that only knows equal and different.
    """

    name: str
    label: str  # for people
    bits: int
    version: str
    near: int
    possible: int
    forms: tuple[str, ...]  # in words, what each signal of ask() undoes; "" for nothing

    def hash(self, reading: Reading) -> Signal | None:
        """The signal that a bank keeps, or None for a picture too plain."""

    def ask(self, reading: Reading) -> tuple[Signal, ...]:
        """The signals that a lookup asks with: one per form, none if too plain."""

    def examples(self) -> tuple[str, ...]:
        """A few values of drawn pictures, for documentation and tests."""


def bits_apart(a: str, b: str) -> int:
    """Hamming distance of two values of one type.

    >>> bits_apart("0f", "0c")
    2
    """
    return (int(a, 16) ^ int(b, 16)).bit_count()


def to_hex(bits: Bits) -> str:
    """Hex of a vector of bits, the first bit highest.

    >>> to_hex(np.array([1, 0, 0, 0, 0, 0, 1, 1], bool))
    '83'
    """
    return np.packbits(bits).tobytes().hex()
