"""One visit of a source in a process of its own, with limits it cannot lift.

Hostile pages are parsed there: what crashes, hangs or swells takes nothing with it.
"""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker import guarded
from tracker.guarded import Frames, GuardError
from tracker.sources import Batch, Find, Media

MAX_FINDS = 100  # of one batch
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
    """Wall-clock seconds, bytes of address space, and bytes of one file.

    While a slow site keeps a visit waiting, an empty batch comes every `beat` seconds.
    """

    seconds: float = 900.0
    beat: float = 15.0
    memory_bytes: int = 2 * 2**30
    max_body: int = 25 * 2**20


def visit(
    kind: str,
    config: Mapping[str, object],
    checkpoint: str | None = None,
    limits: VisitLimits = VisitLimits(),
) -> Generator[Batch, None, None]:
    """The batches of `build(kind, config)`, made in a guarded process.

    What is yielded empty with a checkpoint known already only says that the visit lives.
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
    child = guarded.start("tracker.visit_process", stdin=subprocess.PIPE)
    try:
        yield from _batches(child, order, limits)
    except GuardError as error:
        raise VisitError(error.code) from None
    finally:
        guarded.kill(child)


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
    frames = Frames(child.stdout.fileno(), deadline, limits.max_body)
    checkpoint = str(order["checkpoint"] or "")
    while True:
        while not frames.waits(limits.beat):
            yield Batch((), checkpoint)  # alive: a lease may be renewed, nothing is new
        header = frames.header()
        if header is None:
            raise VisitError(guarded.cause(child))
        if "error" in header:
            raise _error(header["error"])
        if header.get("end"):
            return
        batch = _batch(header, frames)
        checkpoint = batch.checkpoint
        yield batch


def _batch(header: dict[str, Any], frames: Frames) -> Batch:
    """The counterpart of visit_process.frame(); nothing that the child says is sure."""
    try:
        checkpoint = _text(header["checkpoint"])
        if len(header["finds"]) > MAX_FINDS:
            raise VisitError("frame")
        finds = tuple(_find(item, frames, checkpoint) for item in header["finds"])
        return Batch(finds, checkpoint, done=header["done"] is True)
    except (KeyError, TypeError, ValueError):
        raise VisitError("frame") from None


def _find(item: dict[str, Any], frames: Frames, checkpoint: str) -> Find:
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
