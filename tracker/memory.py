"""The hash-only memory: what is asked of every place that keeps hashes by the span.

It must not know what the ids stand for. A place is files (shards.py) or ClickHouse
(clickhouse.py); tests/contracts/test_memory.py holds both to the same answers.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import NamedTuple, Protocol, cast
from urllib.parse import urlsplit

from tracker.flat import Found, Hashes, Ids

ANCHOR = 32  # bytes

# Where a memory may be kept, by the scheme of its URL.
MEMORIES = {
    "file": "tracker.shards.opened",
    "clickhouse": "tracker.clickhouse.ClickHouse",
    "clickhouses": "tracker.clickhouse.ClickHouse",
    "chdb": "tracker.clickhouse.ClickHouse",
}


class MemoryDamagedError(Exception):
    """What was packed is not there as it was written; str() is a plain sentence."""


class Pipeline(NamedTuple):
    """What made a hash: hashes of different pipelines are not comparable, and never meet."""

    type: str
    version: str


@dataclass(frozen=True, slots=True)
class Span:
    """The rows with ids above `after` and up to `upto`, packed together and for good.

    `oldest` and `youngest` bound the times when they were seen. `anchor` are 32 bytes of
    the row `upto`: where a database was put back and has given that number out again,
    they differ, and the span is another database's.
    """

    after: int
    upto: int
    oldest: datetime
    youngest: datetime
    anchor: bytes


Packed = Mapping[Pipeline, tuple[Ids, Hashes]]


class Memory(Protocol):
    """Where spans are kept. Raises OSError where that cannot be reached."""

    def spans(self) -> list[Span]:
        """Every span that can be read, in no order; they may overlap, see chain()."""

    def pack(self, span: Span, hashes: Packed) -> None:
        """Keep a span: whole, or not at all. To do it twice does no harm."""

    def radius(
        self, span: Span, pipeline: Pipeline, queries: Hashes, radius: int
    ) -> Found:
        """All neighbours within the span, exactly, as tracker.scan() returns them.

        Raises MemoryDamagedError where the span is torn, or gone.
        """

    def forget(self, span: Span) -> None:
        """Drop a span; no harm if it is gone."""

    def tidy(self) -> None:
        """Drop what killed packers left behind, and what is refused."""

    def verify(self) -> list[str]:
        """Read everything; a plain sentence for each thing that is damaged."""


def open_memory(url: str, instance: str) -> Memory:
    """The memory of one instance. Raises ValueError for a URL of no known scheme, OSError."""
    scheme = urlsplit(url).scheme
    if scheme not in MEMORIES:
        known = ", ".join(MEMORIES)
        raise ValueError(f"A memory's URL begins with one of {known}.")
    module, _, name = MEMORIES[scheme].rpartition(".")
    opens = cast("Callable[[str, str], Memory]", getattr(import_module(module), name))
    return opens(url, instance)


def chain(spans: Iterable[Span]) -> list[Span]:
    """Spans that follow one another without overlap: the widest first, of equal starts.

    Two packers at once may have packed the same rows twice.
    """
    chosen: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.after, -span.upto)):
        if not chosen or span.after >= chosen[-1].upto:
            chosen.append(span)
    return chosen
