"""One visit of a source in a process of its own, with limits it cannot lift.

Hostile pages are parsed there: what crashes, hangs or swells takes nothing with it.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tracker.sources import Batch, Find, Media

ROOT = Path(__file__).parents[1]
MAX_HEADER = 16 * 2**20  # bytes of one frame's JSON line: a checkpoint is far smaller
BLOCK = 1024 * 1024
# Nothing of ours, no proxy settings, no secrets; numeric libraries stay in one thread.
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PYTHONUTF8": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "TZ": "UTC",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}
SENTENCES = {
    "time": "The visit took too long and was stopped.",
    "memory": "The visit needed more memory than allowed.",
    "cpu": "The visit needed more computing time than allowed.",
    "crashed": "The visit broke off.",
    "frame": "The visit said something that could not be understood.",
}


class VisitError(Exception):
    """A visit that did not end well; every batch before it is good.

    `code` is a key of SENTENCES or a SourceError's code; `retry_after` is in seconds.
    """

    def __init__(
        self, code: str, sentence: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(sentence or SENTENCES[code])
        self.code = code
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class VisitLimits:
    """Wall-clock seconds, bytes of address space, and bytes of one file."""

    seconds: float = 900.0
    memory_bytes: int = 2 * 2**30
    max_body: int = 25 * 2**20


def visit(
    kind: str,
    config: Mapping[str, object],
    checkpoint: str | None = None,
    limits: VisitLimits = VisitLimits(),
) -> Iterator[Batch]:
    """The batches of `build(kind, config)`, made in a guarded process.

    The process ends when the visit does, when its time is up, when the caller closes
    this generator, or when the caller dies. Raises VisitError.
    """
    order = {
        "kind": kind,
        "config": {k: _plain(v) for k, v in config.items()},
        "checkpoint": checkpoint,
        "seconds": limits.seconds,
        "memory_bytes": limits.memory_bytes,
        "max_body": limits.max_body,
        "parent": os.getpid(),
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "tracker.visit_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it may hold addresses
        cwd=ROOT,
        env=ENVIRONMENT,
        start_new_session=True,
        bufsize=0,
    )
    try:
        yield from _batches(child, order, time.monotonic() + limits.seconds)
    finally:
        _kill(child)


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, set | frozenset) else value


def _batches(
    child: subprocess.Popen[bytes], order: dict[str, object], deadline: float
) -> Iterator[Batch]:
    if child.stdin is None or child.stdout is None:
        raise VisitError("crashed")
    with contextlib.suppress(BrokenPipeError), child.stdin:
        child.stdin.write(json.dumps(order).encode())
    frames = _Frames(child.stdout.fileno(), deadline)
    while True:
        header = frames.header()
        if header is None:
            raise VisitError(_cause(child.wait()))
        if "error" in header:
            raise VisitError(**header["error"])
        if header.get("end"):
            return
        yield _batch(header, frames)


def _batch(header: dict[str, Any], frames: "_Frames") -> Batch:
    """The counterpart of visit_process.frame()."""
    try:
        checkpoint = header["checkpoint"]
        finds = tuple(_find(item, frames, checkpoint) for item in header["finds"])
        return Batch(finds, checkpoint, done=header["done"])
    except (KeyError, TypeError, ValueError):
        raise VisitError("frame") from None


def _find(item: dict[str, Any], frames: "_Frames", checkpoint: str) -> Find:
    posted_at = item["posted_at"]
    return Find(
        item["url"],
        Media(item["media_url"], frames.body(item["size"]), item["content_type"]),
        item["account"],
        datetime.fromisoformat(posted_at) if posted_at else None,
        checkpoint,
    )


class _Frames:
    """Reads JSON lines and the bytes after them, and never waits past the deadline."""

    def __init__(self, source: int, deadline: float) -> None:
        self._source = source
        self._deadline = deadline
        self._read = bytearray()

    def header(self) -> dict[str, Any] | None:
        """The next JSON line, or None at the end of the stream."""
        searched = 0
        while (end := self._read.find(b"\n", searched)) < 0:
            searched = len(self._read)
            if searched > MAX_HEADER:
                raise VisitError("frame")
            if not self._more():
                return None
        line = bytes(self._read[:end])
        del self._read[: end + 1]
        try:
            header = json.loads(line)
        except ValueError:
            raise VisitError("frame") from None
        if not isinstance(header, dict):
            raise VisitError("frame")
        return header

    def body(self, size: int) -> bytes:
        while len(self._read) < size:
            if not self._more():
                raise VisitError("crashed")
        body = bytes(self._read[:size])
        del self._read[:size]
        return body

    def _more(self) -> bool:
        seconds = max(0.0, self._deadline - time.monotonic())
        if not select.select([self._source], [], [], seconds)[0]:
            raise VisitError("time")
        piece = os.read(self._source, BLOCK)
        self._read += piece
        return bool(piece)


def _cause(returncode: int) -> str:
    return "cpu" if -returncode == signal.SIGXCPU else "crashed"


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End the whole group; until it is waited for, its number is nobody else's."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
