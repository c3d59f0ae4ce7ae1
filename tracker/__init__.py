"""tracker computes: decode, hash, index, match, crawl, spread.

It knows no Django and no database. What stands here is its whole public face.
"""

from tracker.fetch import FetchError, Limits, Response, fetch, user_agent
from tracker.images import (
    MAX_BYTES,
    MAX_PIXELS,
    ImageError,
    Picture,
    decode,
    decode_file,
)
from tracker.index import Found, Index, IndexFormatError, scan
from tracker.matching import (
    Comparison,
    Kind,
    Match,
    compare,
    kind_of,
    radius_of,
    strength,
)
from tracker.memory import (
    MEMORIES,
    Memory,
    MemoryDamagedError,
    Packed,
    Pipeline,
    Span,
    chain,
    open_memory,
)
from tracker.signals import (
    SIGNALS,
    WHOLE,
    Signal,
    SignalError,
    ask_picture,
    bits_apart,
    hash_picture,
    parse_signal,
    recall_picture,
    signal_type,
)
from tracker.sources import SOURCES, Batch, Find, Media, SourceError, build
from tracker.spread import Point, Spread, spread
from tracker.visit import VisitError, VisitLimits, visit

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "MEMORIES",
    "SIGNALS",
    "SOURCES",
    "WHOLE",
    "Batch",
    "Comparison",
    "FetchError",
    "Find",
    "Found",
    "ImageError",
    "Index",
    "IndexFormatError",
    "Kind",
    "Limits",
    "Match",
    "Media",
    "Memory",
    "MemoryDamagedError",
    "Packed",
    "Picture",
    "Pipeline",
    "Point",
    "Response",
    "Signal",
    "SignalError",
    "SourceError",
    "Span",
    "Spread",
    "VisitError",
    "VisitLimits",
    "ask_picture",
    "bits_apart",
    "build",
    "chain",
    "compare",
    "decode",
    "decode_file",
    "fetch",
    "hash_picture",
    "kind_of",
    "open_memory",
    "parse_signal",
    "radius_of",
    "recall_picture",
    "scan",
    "signal_type",
    "spread",
    "strength",
    "user_agent",
    "visit",
]
