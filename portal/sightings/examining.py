"""What the detector says of a stranger's file, found out without keeping any of it.

That is a picture that anybody brings, or a video or an animation that was found.
The file goes through a pipe to a guarded program (examiner.py), which is ended when it takes
too long and whenever the one who asked has gone. It must not know who asks, or of any page.
"""

import atexit
import json
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

from django.conf import settings

import detector
from portal.sightings.checked import CheckedPicture, CheckedVideo, Told, has_form

logger = logging.getLogger(__name__)

PROGRAM = Path(__file__).with_name("examiner.py")
ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120  # libraries, and the operator's weights from a slow disk
BEAT_SECONDS = (
    1.0  # how often whoever waits is given a sign, and we learn that they are there
)
MOST_ANSWER = 4 << 20  # bytes; a program in a stranger's hands might never stop talking
FRESH_SECONDS = 50  # that a program may have idled; a little later it ends by itself


class CheckError(Exception):
    """A file that cannot be checked, and why.

    `code` is that of tracker.ImageError or VideoError, or "too_long" or "failed". `of` is
    "picture", "original" or "video".
    """

    def __init__(self, code: str, of: str = "picture") -> None:
        super().__init__(code)
        self.code = code
        self.of = of


# A step that begins, "" for a mere sign of life; at last what was found.
Progress = str | CheckedPicture


def examine(
    picture: bytes, original: bytes | None = None
) -> Generator[Progress, None, None]:
    """Assess a picture and tell how far that is.

    Yields "starting", "decoding" and the steps of detector.assess as they begin, "" every
    second that nothing happens, and at last a CheckedPicture. Closing the generator ends
    the examination, and with it all that there is of the picture.

    Raises:
        CheckError: There is no opinion. The program that failed is gone, and nothing else.
    """
    files = {"picture": picture} | ({} if original is None else {"original": original})
    yield "starting"
    told = yield from _asked(files, settings.CHECK_SECONDS)
    if not isinstance(told, CheckedPicture):
        raise CheckError("failed")
    yield told


def examine_video(
    video: bytes, originals: Sequence[bytes] = ()
) -> Generator[str, None, CheckedVideo]:
    """Assess a video or an animation, frame by frame.

    Yields like examine(), and returns what was found.

    Args:
        video: The file.
        originals: Features of harmless photos that it may have been made from.

    Raises:
        CheckError: There is no opinion. The program that failed is gone, and nothing else.
    """
    files = {"video": video}
    files |= {f"original {n}": data for n, data in enumerate(originals)}
    told = yield from _asked(files, settings.VIDEO_SECONDS)
    if not isinstance(told, CheckedVideo):
        raise CheckError("failed")
    return told


def _asked(
    files: dict[str, bytes], seconds: int
) -> Generator[str, None, CheckedPicture | CheckedVideo]:
    """Ask the program about files, and see to it that it may have answered that."""
    program = yield from _ready_program()
    program.send(seconds, files)
    told = yield from program.answer(seconds)
    if not has_form(told):
        program.end()
        raise CheckError("failed")
    _keep(program)
    if "refused" in told:
        raise CheckError(told["refused"], told["of"])
    if "video" in told:
        return CheckedVideo(**told["video"])
    return CheckedPicture(**told["assessment"])


class _Program:
    """The guarded program as it runs. Whatever goes wrong with it ends it."""

    def __init__(self) -> None:
        model, trust = settings.DETECTOR_MODEL, settings.DETECTOR_TRUST
        idle, weight = str(settings.VAR / "idle-examiner"), str(_weight(model))
        # -P, or the modules beside the program would hide others of the same names.
        command = [sys.executable, "-P", str(PROGRAM), model, idle, weight, trust]
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and file)
            command,
            bufsize=0,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # to be ended with whatever it starts
        )
        self._into = cast("IO[bytes]", self._process.stdin)
        self._from = cast("IO[bytes]", self._process.stdout)
        self._heard = b""
        self.idle_since = time.monotonic()

    def send(self, seconds: int, files: dict[str, bytes]) -> None:
        sizes = {name: len(data) for name, data in files.items()}
        order = json.dumps({"seconds": seconds, "files": sizes}).encode() + b"\n"
        try:
            for part in (order, *files.values()):
                rest = memoryview(part)
                while rest:
                    rest = rest[self._into.write(rest) :]
        except OSError:
            self.end()
            raise CheckError("failed") from None

    def answer(self, seconds: float) -> Generator[str, None, Told]:
        """Yield steps until something else is told, and return that."""
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until:
                told = self._line()
                if told and "step" not in told:
                    return told
                yield str(told["step"]) if told else ""
        except BaseException:  # GeneratorExit, too
            self.end()
            raise
        self.end()
        raise CheckError("too_long")

    def is_fresh(self) -> bool:
        return time.monotonic() - self.idle_since < FRESH_SECONDS

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._into.close()
        self._from.close()

    def _line(self) -> Told | None:
        """The next line, or None if a second passes without."""
        while b"\n" not in self._heard:
            if not select.select([self._from], [], [], BEAT_SECONDS)[0]:
                return None
            more = os.read(self._from.fileno(), 1 << 16)
            self._heard += more
            if not more or len(self._heard) > MOST_ANSWER:
                raise CheckError("failed")
        line, _, self._heard = self._heard.partition(b"\n")
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):
            raise CheckError("failed") from None
        if not isinstance(told, dict):
            raise CheckError("failed")
        return told


_kept: list[_Program] = []  # at most one: idle, and soon to end by itself
_keeping = threading.Lock()


def _ready_program() -> Generator[str, None, _Program]:
    """The one that idles, or a new one."""
    with _keeping:
        idle = _kept.pop() if _kept else None
    if idle and idle.is_fresh():
        with suppress(CheckError):  # another idled already, so it has gone
            yield from idle.answer(START_SECONDS)
            return idle
    elif idle:
        idle.end()
    try:
        program = _Program()
    except OSError:  # no memory for it
        raise CheckError("failed") from None
    told = yield from program.answer(START_SECONDS)
    for setting, refused in sorted(told.get("refused", {}).items()):
        logger.error("%s is not used: %s", setting, refused)
    return program


def _keep(program: _Program) -> None:
    program.idle_since = time.monotonic()
    with _keeping:
        _kept.append(program)
        surplus = _kept[:-1]
        del _kept[:-1]
    for other in surplus:
        other.end()


@atexit.register
def end_idle() -> None:
    with _keeping:
        while _kept:
            _kept.pop().end()


def _environment() -> dict[str, str]:
    """Of ours nothing but where programs lie: there are secrets in it."""
    threads = str(max(1, len(os.sched_getaffinity(0)) // 2))
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
        # Each thread and each arena of a many-core host would count against the limit.
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }


def _weight(model: str) -> int:
    """The bytes of the operator's weights; 0 where nothing is named or found."""
    if not model:
        return 0
    with suppress(detector.WeightsError, OSError):
        return detector.parse_checkpoint(model).path.stat().st_size
    return 0
