"""PDQ (Facebook, 2019): 256 bits of coarse shapes, shared by the whole industry."""

from tracker.signals.base import Reading, Signal, to_hex
from tracker.signals.boxes import Bits

MIRRORED = "mirroring"  # the form that asks for a mirrored copy


class Pdq:
    """PDQ over the one small grey picture of a `Reading`.

    Near at 31 bits is the limit that its authors and all peers use. Possible reaches to
    52, the widest at which none of 1,124,250 pairs of different photos met in any of
    the eight dihedral forms (the nearest were 74 apart, upright 86). Of 41 photos that
    were mirrored and cropped by a tenth, near finds 5 % and possible 68 %; with an
    eighth of the picture covered by a bar, 51 % and 98 %.
    """

    name = "pdq"
    label = "PDQ"
    bits = 256
    version = "pdq/1"
    near = 31
    possible = 52
    forms = (
        "",
        "mirroring along the falling diagonal",
        MIRRORED,
        "turning a quarter left",
        "flipping top to bottom",
        "turning a quarter right",
        "turning upside down",
        "mirroring along the rising diagonal",
    )

    def hash(self, reading: Reading) -> Signal | None:
        return None if reading.plain else self._signal(reading, reading.pdq.forms[0])

    def ask(self, reading: Reading) -> tuple[Signal, ...]:
        """All eight dihedral forms, each as if the pixels were really flipped.

        PDQ can derive them from the upright one's waves, but it samples off centre: over
        41 photos a derived mirror image lay 16 bits from the hash of the real one in the
        median and 32 at most, more than `near`; transposing alone costs none. Mirrored
        samples brought that to 0 and 8.
        """
        if reading.plain:
            return ()
        named = zip(reading.pdq.forms, self.forms, strict=True)
        return tuple(self._signal(reading, bits, form) for bits, form in named)

    def examples(self) -> tuple[str, ...]:
        return (
            "f42739c2a36d465a5ec6246db1b4c72b4b8a49d4b4b3b7a0764d485c88d77e13",
            "1762583160e48f8d42767d03c0ee9b81a07f5f8d5f0a204e21d9dda6df27c67e",
        )

    def _signal(self, reading: Reading, bits: Bits, form: str = "") -> Signal:
        quality = reading.pdq.quality
        return Signal(self.name, to_hex(bits), quality, self.version, form=form)
