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
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tracker.sources import Batch, Find, Media

ROOT = Path(__file__).parents[1]
MAX_HEADER = 16 * 2**20  # bytes of one frame's JSON line: a checkpoint is far smaller
PATIENCE = 5.0  # seconds between a closed pipe and a death
MAX_FINDS = 100  # of one batch
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
) -> Generator[Batch, None, None]:
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
        yield from _batches(child, order, limits)
    finally:
        _kill(child)


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, set | frozenset) else value


def _batches(
    child: subprocess.Popen[bytes], order: Mapping[str, object], limits: VisitLimits
) -> Iterator[Batch]:
    deadline = time.monotonic() + limits.seconds
    if child.stdin is None or child.stdout is None:
        raise VisitError("crashed")
    with contextlib.suppress(BrokenPipeError), child.stdin:
        child.stdin.write(json.dumps(order).encode())
    frames = _Frames(child.stdout.fileno(), deadline, limits.max_body)
    while (header := frames.header()) is not None:
        if "error" in header:
            raise _error(header["error"])
        if header.get("end"):
            return
        yield _batch(header, frames)
    raise VisitError(_cause(child))


def _batch(header: dict[str, Any], frames: "_Frames") -> Batch:
    """The counterpart of visit_process.frame(); nothing that the child says is sure."""
    try:
        checkpoint = _text(header["checkpoint"])
        if len(header["finds"]) > MAX_FINDS:
            raise VisitError("frame")
        finds = tuple(_find(item, frames, checkpoint) for item in header["finds"])
        return Batch(finds, checkpoint, done=header["done"] is True)
    except (KeyError, TypeError, ValueError):
        raise VisitError("frame") from None


def _find(item: dict[str, Any], frames: "_Frames", checkpoint: str) -> Find:
    return Find(
        url=_text(item["url"]),
        media=Media(
            url=_text(item["media_url"]),
            body=frames.body(item["size"]),
            content_type=_text(item["content_type"]),
        ),
        account=_text(item["account"]),
        posted_at=item["posted_at"] and datetime.fromisoformat(item["posted_at"]),
        checkpoint=checkpoint,
    )


def _error(told: dict[str, Any]) -> VisitError:
    try:
        code, sentence = _text(told["code"]), _text(told.get("sentence", ""))
        return VisitError(code, sentence, told.get("retry_after"))
    except (KeyError, TypeError, AttributeError):
        return VisitError("frame")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError


class _Frames:
    """Reads JSON lines and the bytes after them, and never waits past the deadline."""

    def __init__(self, source: int, deadline: float, max_body: int) -> None:
        self._source = source
        self._deadline = deadline
        self._max_body = max_body
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
        if not 0 <= size <= self._max_body:
            raise VisitError("frame")
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


def _cause(child: subprocess.Popen[bytes]) -> str:
    """Why it said nothing more."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        if child.wait(timeout=PATIENCE) == -signal.SIGXCPU:
            return "cpu"
    return "crashed"


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End the whole group; until it is waited for, its number is nobody else's."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
