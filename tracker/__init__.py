"""tracker computes: decode, hash, index, match, crawl, spread.

It knows no Django and no database. What stands here is its whole public face.
"""

from tracker.fetch import FetchError, Limits, Response, fetch, user_agent
from tracker.generations import (
    MOST,
    Deposits,
    Generation,
    Generations,
    IndexAwayError,
    generations,
)
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
from tracker.signals import (
    SIGNALS,
    UNSTATED,
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
    "MOST",
    "SIGNALS",
    "SOURCES",
    "UNSTATED",
    "WHOLE",
    "Batch",
    "Comparison",
    "Deposits",
    "FetchError",
    "Find",
    "Found",
    "Generation",
    "Generations",
    "ImageError",
    "Index",
    "IndexAwayError",
    "IndexFormatError",
    "Kind",
    "Limits",
    "Match",
    "Media",
    "Picture",
    "Point",
    "Response",
    "Signal",
    "SignalError",
    "SourceError",
    "Spread",
    "VisitError",
    "VisitLimits",
    "ask_picture",
    "bits_apart",
    "build",
    "compare",
    "decode",
    "decode_file",
    "fetch",
    "generations",
    "hash_picture",
    "kind_of",
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
