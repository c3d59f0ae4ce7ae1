"""The guarded program that looks at files of strangers; examining.py starts this file.

It takes pictures and videos from standard input and answers in lines of JSON. It knows no
Django, no database and no secret, can write no file, and ends when it hangs, idles, or is
left alone.
"""

import fcntl
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from PIL import Image

import detector
import tracker
from portal.sightings.closest import closest
from tracker.images import frames_of

# {"seconds": int, "files": {name: bytes}}: "picture" and perhaps "original", or "video" and
# perhaps features of originals.
Job = dict[str, Any]
Frames = Iterable[tuple[float, Image.Image]]  # with their seconds
# Beside this, three times the operator's weights: their bytes, tensors, and a step between.
MEMORY = 3 << 30
MOST_VIDEO = 101 << 20  # bytes: a little more than the tracker reads
IDLE_SECONDS = 60
GRACE = 5  # seconds that the one who waits has to end us first, and say so


@dataclass(frozen=True, slots=True)
class Tools:
    """What the operator named, as far as it was not refused: setting and error's name."""

    models: tuple[detector.Model, ...]
    trust: detector.TrustList | None
    refused: dict[str, str]


def main(specification: str, idle: str, trust: str = "") -> None:
    """Examine one file after the other, while this is the only idle program of its kind."""
    answers = _own_output()
    tools = _tools(specification, trust)
    _tell(answers, ready=True, refused=tools.refused)
    may_idle = False
    for job in _jobs():
        signal.alarm(job["seconds"] + GRACE)  # without a handler the kernel ends us
        look = _examined_frames if "video" in job["files"] else _examined
        _tell(answers, **look(job["files"], tools, answers))
        signal.alarm(0)
        del job  # forgotten before anything is waited for
        may_idle = may_idle or _may_idle(idle)
        if not may_idle:
            return
        _tell(answers, ready=True, refused={})


def limit(weights: int) -> None:
    """Bound what a hostile file can cost, and let no part of it reach a disk."""
    memory = MEMORY + 3 * weights
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, MOST_VIDEO))


@contextmanager
def _memory_file() -> Iterator[None]:
    """Meanwhile a video may be handed on in a file that is memory: that counts as writing."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_VIDEO, MOST_VIDEO))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, MOST_VIDEO))


def _own_output() -> BinaryIO:
    """Standard output for answers alone: what a library prints goes nowhere."""
    own = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    return own


def _tools(specification: str, named: str) -> Tools:
    threads = max(1, len(os.sched_getaffinity(0)) // 2)  # the rest is the portal's
    trust, refused = None, {}
    try:
        models = detector.models_with(specification, threads=threads)
    except detector.WeightsError as error:
        models, refused["DETECTOR_MODEL"] = (
            detector.shipped_models(),
            type(error).__name__,
        )
    try:
        trust = detector.parse_trust(named) if named else None
    except detector.TrustError as error:
        refused["DETECTOR_TRUST"] = type(error).__name__
    return Tools(models, trust, refused)


def _jobs() -> Iterator[Job]:
    """Each job: a line of JSON with sizes, then the bytes."""
    while select.select([0], [], [], IDLE_SECONDS)[0]:
        line = sys.stdin.buffer.readline()
        if not line:
            return
        sizes = json.loads(line)
        files = {name: sys.stdin.buffer.read(n) for name, n in sizes["files"].items()}
        yield {"seconds": sizes["seconds"], "files": files}


def _examined(
    files: dict[str, bytes], tools: Tools, answers: BinaryIO
) -> dict[str, Any]:
    _tell(answers, step="decoding")
    images: dict[str, Image.Image] = {}
    for name, data in files.items():
        try:
            images[name] = tracker.decode(data).image
        except tracker.ImageError as error:
            return {"refused": error.code, "of": name}
    assessment = detector.assess(
        images["picture"],
        data=files["picture"],
        original=images.get("original"),
        models=tools.models,
        trust=tools.trust,
        begins=lambda step: _tell(answers, step=step),
    )
    return {"assessment": asdict(assessment)}


def _examined_frames(
    files: dict[str, bytes], tools: Tools, answers: BinaryIO
) -> dict[str, Any]:
    """Of a video or an animation; `files` holds features of originals beside it."""
    _tell(answers, step="decoding")
    data = files["video"]
    try:
        frames, still, sample = _frames(data)
        originals = [
            detector.OriginalFeatures.from_bytes(told)
            for name, told in files.items()
            if name != "video"
        ]
        _tell(answers, step="frames")
        found = detector.assess_frames(
            frames,
            data=data,
            still=still,
            original=closest(sample, originals),
            models=tools.models,
            trust=tools.trust,
        )
    except (tracker.ImageError, tracker.VideoError) as error:
        return {"refused": error.code, "of": "video"}
    return {"video": asdict(found)}


def _frames(data: bytes) -> tuple[Frames, Image.Image | None, Image.Image]:
    """At most 60 frames; of an animation its first picture; and one that stands for all."""
    if not tracker.is_video(data):
        still = tracker.decode(data).image
        return frames_of(data), still, still
    with _memory_file():
        video = tracker.decode_video(data)
    frames = [(frame.at, frame.picture.image) for frame in video.frames]
    return frames, None, frames[len(frames) // 2][1]


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
    main(sys.argv[1], sys.argv[2], sys.argv[4])
