"""The file's own SHA-256 (FIPS 180-4): the same bytes and nothing else."""

from tracker.signals.base import Reading, Signal


class Sha256:
    name = "sha256"
    label = "SHA-256"
    bits = 256
    version = "sha256/1"
    near = 0
    possible = 0
    forms = ("",)

    def hash(self, reading: Reading) -> Signal:
        return Signal(self.name, reading.picture.sha256, None, self.version)

    def ask(self, reading: Reading) -> tuple[Signal, ...]:
        return (self.hash(reading),)

    def examples(self) -> tuple[str, ...]:
        return (
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        )
