"""Files of named arrays: written whole or not at all, never changed, mapped without a copy.

It must not know what the arrays hold.
"""

import hashlib
import json
import mmap
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

# The file: 8 bytes of magic, the header's length (8 bytes, little-endian), the header's
# SHA-256, the header (JSON); then the arrays that it names, in their order, each at the
# next multiple of ALIGNMENT.
ALIGNMENT = 4096
_PREAMBLE = 8 + 8 + 32
_LONGEST_HEADER = 2**20

Array = npt.NDArray[Any]
Header = dict[str, Any]


class ArraysFormatError(Exception):
    """The file is none of ours, or it is torn; str() is a plain sentence."""


class File:
    """A file as it was opened: its header, and read-only views of its arrays, by name.

    The views stay valid when something else takes the path.
    """

    def __init__(
        self, path: Path, header: Header, places: Mapping[str, int], content: mmap.mmap
    ) -> None:
        self.path = path
        self.header = header
        self.size = len(content)  # bytes
        self._content = content
        self.arrays: dict[str, Array] = {
            name: np.ndarray(shape, dtype, content, places[name])
            for name, (dtype, shape, _) in header["arrays"].items()
        }

    def checksums(self) -> dict[str, str]:
        """The SHA-256 that each array had when it was written, in hex."""
        return {
            name: written for name, (_, _, written) in self.header["arrays"].items()
        }

    def require_whole(self) -> None:
        """Raise ArraysFormatError if the file has been cut short since it was opened.

        To read beyond the cut would end the process (SIGBUS). A cut in the instant
        between this look and the reading still does.
        """
        if self._content.size() < self.size:
            raise ArraysFormatError(f"{self.path.name} is cut short.")

    def verify(self, *names: str) -> None:
        """Read the arrays named, or all; raises ArraysFormatError if a bit has changed."""
        self.require_whole()
        checksums = self.checksums()
        for name in names or self.arrays:
            if digest(self.arrays[name]) != checksums[name]:
                raise ArraysFormatError(f"{self.path.name} has been damaged.")


def write(
    path: Path, magic: bytes, header: Mapping[str, Any], arrays: Mapping[str, Array]
) -> None:
    """Write beside the path, flush to the disk, then rename: no reader sees a half.

    Takes `magic` of 8 bytes, a header that JSON can hold, and arrays without gaps. What
    stood at `path` is replaced; its readers go on undisturbed. Raises OSError where the
    disk refuses: then nothing is left behind.
    """
    listed = {
        name: [array.dtype.str, array.shape, digest(array)]
        for name, array in arrays.items()
    }
    text = json.dumps({**header, "arrays": listed}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(magic + len(text).to_bytes(8, "little"))
            file.write(hashlib.sha256(text).digest() + text)
            places, end = _layout(_aligned(_PREAMBLE + len(text)), listed)
            for array_name, array in arrays.items():
                file.seek(places[array_name])
                file.write(array.data)
            file.truncate(end)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(path: Path, magic: bytes) -> File:
    """Open a file: magic, header and size are checked, the arrays themselves by verify().

    Raises ArraysFormatError for a torn or foreign file, OSError if there is none.
    """
    with path.open("rb") as file:
        header, start = _read_header(
            file.read(_PREAMBLE + _LONGEST_HEADER), path, magic
        )
        places, end = _layout(start, header["arrays"])
        if os.fstat(file.fileno()).st_size != end:
            raise ArraysFormatError(f"{path.name} is cut short or longer.")
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return File(path, header, places, content)


def digest(array: Array) -> str:
    """SHA-256 of an array's bytes, in hex."""
    return hashlib.sha256(array.data).hexdigest()


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT


def _layout(start: int, arrays: Mapping[str, Any]) -> tuple[dict[str, int], int]:
    """Where each array starts, and where the file ends."""
    places, end = {}, start
    for name, (dtype, shape, _) in arrays.items():
        places[name] = _aligned(end)
        rows = int(np.prod(shape, dtype=np.int64))
        end = places[name] + rows * np.dtype(dtype).itemsize
    return places, end


def _read_header(beginning: bytes, path: Path, magic: bytes) -> tuple[Header, int]:
    """The header, and where the first array starts."""
    foreign = ArraysFormatError(f"{path.name} is no file that this version can read.")
    length = int.from_bytes(beginning[8:16], "little")
    text = beginning[_PREAMBLE : _PREAMBLE + length]
    if not beginning.startswith(magic) or len(text) != length:
        raise foreign
    if hashlib.sha256(text).digest() != beginning[16:_PREAMBLE]:
        raise foreign
    return json.loads(text), _aligned(_PREAMBLE + length)
