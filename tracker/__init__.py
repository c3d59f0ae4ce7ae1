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
    reaches,
    strength,
)
from tracker.rates import Radii, Wanted, radii, rate
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
    "Picture",
    "Point",
    "Radii",
    "Response",
    "Signal",
    "SignalError",
    "SourceError",
    "Spread",
    "VisitError",
    "VisitLimits",
    "Wanted",
    "ask_picture",
    "bits_apart",
    "build",
    "compare",
    "decode",
    "decode_file",
    "fetch",
    "hash_picture",
    "kind_of",
    "parse_signal",
    "radii",
    "radius_of",
    "rate",
    "reaches",
    "recall_picture",
    "scan",
    "signal_type",
    "spread",
    "strength",
    "user_agent",
    "visit",
]
