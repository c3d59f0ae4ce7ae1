"""The guarded program that looks at pictures of strangers; examining.py starts this file.

It takes pictures from standard input and answers in lines of JSON. It knows no Django, no
database and no secret, can write no file, and ends when it hangs, idles, or is left alone.
"""

import fcntl
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, BinaryIO

from PIL import Image

import detector
import tracker

Job = dict[
    str, Any
]  # {"seconds": int, "picture": bytes, "original": bytes, if there is one}
# Beside this, three times the operator's weights: their bytes, tensors, and a step between.
MEMORY = 3 << 30
IDLE_SECONDS = 60
GRACE = 5  # seconds that the one who waits has to end us first, and say so


def main(specification: str, idle: str) -> None:
    """Examine one picture after the other, while this is the only idle program of its kind."""
    answers = _own_output()
    models, refused = _models(specification)
    _tell(answers, ready=True, refused=refused)
    may_idle = False
    for job in _jobs():
        signal.alarm(job["seconds"] + GRACE)  # without a handler the kernel ends us
        _tell(answers, **_examined(job, models, answers))
        signal.alarm(0)
        del job  # forgotten before anything is waited for
        may_idle = may_idle or _may_idle(idle)
        if not may_idle:
            return
        _tell(answers, ready=True, refused="")


def limit(weights: int) -> None:
    """Bound what a hostile picture can cost, and let no part of it reach a disk."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY + 3 * weights),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _own_output() -> BinaryIO:
    """Standard output for answers alone: what a library prints goes nowhere."""
    own = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    return own


def _models(specification: str) -> tuple[tuple[detector.Model, ...], str]:
    """The models; without the operator's, if that is refused, and the reason's name."""
    threads = max(1, len(os.sched_getaffinity(0)) // 2)  # the rest is the portal's
    try:
        return detector.models_with(specification, threads=threads), ""
    except detector.WeightsError as error:
        return detector.shipped_models(), type(error).__name__


def _jobs() -> Iterator[Job]:
    """Each job: a line of JSON with sizes, then the bytes."""
    while select.select([0], [], [], IDLE_SECONDS)[0]:
        line = sys.stdin.buffer.readline()
        if not line:
            return
        sizes = json.loads(line)
        files = {name: sys.stdin.buffer.read(n) for name, n in sizes["files"].items()}
        yield {"seconds": sizes["seconds"], **files}


def _examined(
    job: Job, models: tuple[detector.Model, ...], answers: BinaryIO
) -> dict[str, Any]:
    _tell(answers, step="decoding")
    images: dict[str, Image.Image] = {}
    for name in job.keys() & {"picture", "original"}:
        try:
            images[name] = tracker.decode(job[name]).image
        except tracker.ImageError as error:
            return {"refused": error.code, "of": name}
    assessment = detector.assess(
        images["picture"],
        data=job["picture"],
        original=images.get("original"),
        models=models,
        begins=lambda step: _tell(answers, step=step),
    )
    return {"assessment": asdict(assessment)}


def _tell(answers: BinaryIO, **told: object) -> None:
    answers.write(json.dumps(told).encode() + b"\n")
    answers.flush()


def _may_idle(path: str) -> bool:
    """Whether no other such program idles: models take memory, and one is enough of them.

    The lock is held until we end.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return False
    return True


if __name__ == "__main__":
    limit(int(sys.argv[3]))
    os.nice(5)
    main(sys.argv[1], sys.argv[2])
