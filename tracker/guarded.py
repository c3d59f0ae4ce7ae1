"""A process of its own for what strangers made, with limits that it cannot lift.

Both sides of it: the outer one starts it, reads its frames and ends it; the inner one
limits itself. A frame is one JSON line and, after it, bytes. It must not know what is read
there: what crashes, hangs or swells takes nothing with it.
"""

import contextlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any, BinaryIO

ROOT = Path(__file__).parents[1]
MAX_HEADER = 16 * 2**20  # bytes of one frame's JSON line: a checkpoint is far smaller
PATIENCE = 5.0  # seconds between a closed pipe and a death
BLOCK = 1024 * 1024
WATCH = 1.0  # seconds between two looks at the parent
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


class GuardError(Exception):
    """The process did not do what it should. `code`: time, cpu, crashed or frame."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def start(
    module: str, *arguments: str, stdin: IO[bytes] | int
) -> subprocess.Popen[bytes]:
    """Run a module of ours as a program, in a session of its own."""
    return subprocess.Popen(  # noqa: S603  # our own module
        [sys.executable, "-m", module, *arguments],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it may hold addresses
        cwd=ROOT,
        env=ENVIRONMENT,
        start_new_session=True,
        bufsize=0,
    )


class Frames:
    """Reads JSON lines and the bytes after them, and never waits past the deadline.

    The deadline is of time.monotonic(); `max_body` are bytes. Raises GuardError.
    """

    def __init__(self, source: int, deadline: float, max_body: int) -> None:
        self._source = source
        self._deadline = deadline
        self._max_body = max_body
        self._read = bytearray()

    def waits(self, seconds: float) -> bool:
        """Whether there is something to read, or the time is up, within `seconds`."""
        left = self._deadline - time.monotonic()
        patience = max(0.0, min(seconds, left))
        heard = bool(self._read) or select.select([self._source], [], [], patience)[0]
        return bool(heard) or left <= seconds

    def header(self) -> dict[str, Any] | None:
        """The next JSON line, or None at the end of the stream."""
        searched = 0
        while (end := self._read.find(b"\n", searched)) < 0:
            searched = len(self._read)
            if searched > MAX_HEADER:
                raise GuardError("frame")
            if not self._more():
                return None
        line = bytes(self._read[:end])
        del self._read[: end + 1]
        try:
            header = json.loads(line)
        except ValueError:
            raise GuardError("frame") from None
        if not isinstance(header, dict):
            raise GuardError("frame")
        return header

    def body(self, size: int) -> bytes:
        if not 0 <= size <= self._max_body:
            raise GuardError("frame")
        while len(self._read) < size:
            if not self._more():
                raise GuardError("crashed")
        body = bytes(self._read[:size])
        del self._read[:size]
        return body

    def _more(self) -> bool:
        seconds = max(0.0, self._deadline - time.monotonic())
        if not select.select([self._source], [], [], seconds)[0]:
            raise GuardError("time")
        piece = os.read(self._source, BLOCK)
        self._read += piece
        return bool(piece)


def cause(child: subprocess.Popen[bytes]) -> str:
    """Why it said nothing more: cpu or crashed."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        if child.wait(timeout=PATIENCE) == -signal.SIGXCPU:
            return "cpu"
    return "crashed"


def kill(child: subprocess.Popen[bytes]) -> None:
    """End the whole group; until it is waited for, its number is nobody else's."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()


def line(value: dict[str, Any], out: BinaryIO) -> None:
    """Inner side: write one JSON line."""
    out.write(json.dumps(value).encode() + b"\n")
    out.flush()


def limit(memory_bytes: int, cpu_seconds: float) -> None:
    """Inner side: address space, processor seconds, no core dump, no file written."""
    seconds = int(cpu_seconds) + 1
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def die_with(parent: int) -> None:
    """Inner side: end when the parent does, watched from a thread.

    PR_SET_PDEATHSIG would watch one of the parent's threads only.
    """
    threading.Thread(target=watch, args=(parent,), daemon=True).start()


def watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH)
    os._exit(1)
