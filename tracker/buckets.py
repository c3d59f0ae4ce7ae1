"""The tables asked in C (buckets.c): it waits for memory a third as long as numpy does.

build() compiles it, which `make setup` does; where it was not built, tables.py asks in numpy
and finds the same.
"""

import ctypes
import os
import subprocess
from ctypes import byref, c_int64, c_uint32, c_void_p
from functools import cache
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from tracker.flat import Hashes, Triples
from tracker.probes import SHIFT

SOURCE: Final = Path(__file__).with_suffix(".c")
BUILT: Final = Path(__file__).with_name("_buckets.so")

_DAMAGED: Final = -1
_ROOM: Final = 4096  # neighbours of all queries, to begin with

Numbers = npt.NDArray[np.int64]


class _Tables(ctypes.Structure):
    """What C reads, under the names that it has there."""

    _fields_ = [
        ("hashes", c_void_p),
        ("rows", c_int64),
        ("width", c_int64),
        ("order", c_void_p),
        ("ordered", c_int64),
        ("coarse", c_void_p),
        ("wide", c_int64),
        ("fine", c_void_p),
        ("filled", c_void_p),
        ("parts", c_int64),
        ("first", c_void_p),
        ("below", c_void_p),
        ("mask", c_void_p),
        ("base", c_void_p),
        ("turned", c_void_p),
        ("until", c_void_p),
        ("flips", c_void_p),
    ]


class Buckets:
    """The tables of one generation, ready to be asked for one radius.

    Takes the arrays of Tables, and of each part the first of the four bytes that hold it,
    how many bits follow it there, the mask of its own bits, where its buckets begin, how
    many of its bits are turned (-1: it is not asked), and where its probes end in `flips`.
    """

    def __init__(
        self,
        hashes: Hashes,
        order: npt.NDArray[np.uint32],
        coarse: npt.NDArray[Any],
        fine: npt.NDArray[np.uint8],
        filled: npt.NDArray[np.uint8],
        **parts: Numbers,
    ) -> None:
        self._width = hashes.shape[1]
        self._probes = len(parts["flips"])
        arrays: dict[str, npt.NDArray[Any]] = {
            "hashes": hashes,
            "order": order,
            "coarse": coarse,
            "fine": fine,
            "filled": filled,
            **parts,
        }
        self._kept = arrays  # C holds no more than where they lie
        self._tables = _Tables(
            rows=len(hashes),
            width=self._width,
            ordered=len(order),
            wide=coarse.itemsize == 8,
            parts=len(parts["base"]),
            **{name: array.ctypes.data for name, array in arrays.items()},
        )

    def ask(self, queries: Hashes, radius: int, most: int) -> tuple[Triples, Numbers]:
        """The pairs within the radius, in no order, and the queries that are to be scanned.

        Those have more candidates than `most`. Raises IndexError for tables that lead out
        of themselves.
        """
        found = np.zeros(len(queries), np.int64)
        crowded = np.zeros(len(queries), np.uint8)
        scratch = np.empty((3, self._probes), np.int64)
        parts: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]] = []
        done, room = 0, _ROOM
        while done < len(queries):
            rows, distances = np.empty(room, np.int64), np.empty(room, np.int32)
            answered = library().buckets_ask(
                byref(self._tables),
                queries[done:].ctypes.data,
                len(queries) - done,
                radius,
                most,
                *(line.ctypes.data for line in scratch),
                found[done:].ctypes.data,
                crowded[done:].ctypes.data,
                rows.ctypes.data,
                distances.ctypes.data,
                room,
            )
            if answered == _DAMAGED:
                raise IndexError("The tables lead out of themselves.")
            used = int(found[done : done + answered].sum())
            parts.append((rows[:used], distances[:used]))
            done += answered
            room *= 1 if answered else 4
        asked = np.repeat(np.arange(len(queries)), found)
        if len(parts) == 1:
            return (asked, *parts[0]), np.flatnonzero(crowded)
        rows, distances = (
            np.concatenate(arrays) for arrays in zip(*parts, strict=True)
        )
        return (asked, rows, distances), np.flatnonzero(crowded)


@cache
def library() -> Any:
    """The compiled program, or None where it was not built, or from another source."""
    try:
        loaded = ctypes.CDLL(str(BUILT))
        loaded.buckets_made_from.restype = c_uint32
        if loaded.buckets_made_from() != _made_from():
            return None
    except (OSError, AttributeError):
        return None
    loaded.buckets_ask.restype = c_int64
    loaded.buckets_ask.argtypes = [
        c_void_p,
        c_void_p,
        *(c_int64,) * 3,
        *(c_void_p,) * 7,
        c_int64,
    ]
    return loaded


def build() -> None:
    """Compile; a running process keeps what it has loaded. Raises CalledProcessError."""
    beside = BUILT.with_suffix(f".{os.getpid()}")
    compiler = os.environ.get("CC", "cc")
    flags = ["-std=gnu11", "-O3", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror"]
    flags += [f"-DSHIFT={SHIFT}", f"-DMADE_FROM={_made_from()}u"]
    try:
        command = [compiler, *flags, str(SOURCE), "-o", str(beside)]
        subprocess.run(command, check=True)  # noqa: S603 (our own)
        beside.replace(BUILT)
    finally:
        beside.unlink(missing_ok=True)


def _made_from() -> int:
    """Of what is compiled: the source, and how far its numbers are shifted."""
    return crc32(SOURCE.read_bytes(), SHIFT)
