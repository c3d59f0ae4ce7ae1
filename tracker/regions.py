"""What a re-poster may have cut out of a picture: the parts that a bank keeps beside it.

A hash of the whole finds crops that lose a few percent. These find the others, for only
hashes that already lie in the bank can be found by a crop. It must not know pixels.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a picture, in shares of its width and height; `angle` in degrees.

    A turned part is cut out after the whole was turned counter-clockwise.
    """

    left: float
    top: float
    right: float
    bottom: float
    angle: float = 0
