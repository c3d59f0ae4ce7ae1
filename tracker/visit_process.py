"""The inner side of a visit: reads an order, limits itself, writes frames.

Started by `tracker.visit` as `python -m tracker.visit_process`; nothing imports it.
"""

import contextlib
import json
import logging
import os
import sys
import time
from dataclasses import dataclass
from typing import Any, BinaryIO

from tracker import guarded
from tracker.sources import Batch, SourceError, build

SOFT = 0.8  # of the seconds: then it ends between two batches by itself


@dataclass(frozen=True, slots=True)
class Order:
    """What tracker.visit wrote on our standard input, as JSON."""

    kind: str
    config: dict[str, Any]
    checkpoint: str | None
    seconds: float
    memory_bytes: int
    max_body: int
    parent: int


def main() -> int:
    """One visit, from standard input to standard output."""
    logging.disable(logging.CRITICAL)
    order = Order(**json.loads(sys.stdin.buffer.read()))
    guarded.limit(order.memory_bytes, order.seconds)
    guarded.die_with(order.parent)
    with contextlib.suppress(BrokenPipeError):
        run(order, sys.stdout.buffer)
    # Straight out: a thread may still wait for a slow server.
    os._exit(0)


def run(order: Order, out: BinaryIO) -> None:
    """Write a frame for each batch, then one that says how it ended."""
    soft = time.monotonic() + order.seconds * SOFT
    wanted = order.config.get("max_bytes", order.max_body)
    largest = min(wanted, order.max_body) if isinstance(wanted, int) else wanted
    try:
        source = build(order.kind, {**order.config, "max_bytes": largest})
        # Kept in a name: to close it means to wait for what it is just fetching.
        batches = source.batches(order.checkpoint)
        for batch in batches:
            frame(batch, out)
            if time.monotonic() > soft:
                break
        guarded.line({"end": True}, out)
    except SourceError as error:
        told = {"sentence": str(error), "retry_after": error.retry_after}
        guarded.line({"error": {"code": error.code, **told}}, out)
    except MemoryError:
        guarded.line({"error": {"code": "memory"}}, out)


def frame(batch: Batch, out: BinaryIO) -> None:
    """One JSON line, then the files' bytes one after the other, bare."""
    finds = [
        {
            "url": find.url,
            "media_url": find.media.url,
            "content_type": find.media.content_type,
            "account": find.account,
            "posted_at": find.posted_at.isoformat() if find.posted_at else None,
            "size": len(find.media.body),
        }
        for find in batch.finds
    ]
    head = {"checkpoint": batch.checkpoint, "done": batch.done, "finds": finds}
    out.write(json.dumps(head).encode() + b"\n")
    out.writelines(find.media.body for find in batch.finds)
    out.flush()


if __name__ == "__main__":
    sys.exit(main())
