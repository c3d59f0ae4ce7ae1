"""tracker computes: decode, hash, index, match, crawl, spread.

It knows no Django and no database. What stands here is its whole public face.
"""

from tracker.comparing import compare
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
    kind_of,
    radius_of,
    strength,
)
from tracker.points import (
    Agreement,
    PointBank,
    Points,
    PointsError,
    asked_points,
    points_of,
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
    "SIGNALS",
    "SOURCES",
    "WHOLE",
    "Agreement",
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
    "PointBank",
    "Points",
    "PointsError",
    "Response",
    "Signal",
    "SignalError",
    "SourceError",
    "Spread",
    "VisitError",
    "VisitLimits",
    "ask_picture",
    "asked_points",
    "bits_apart",
    "build",
    "compare",
    "decode",
    "decode_file",
    "fetch",
    "hash_picture",
    "kind_of",
    "parse_signal",
    "points_of",
    "radius_of",
    "recall_picture",
    "scan",
    "signal_type",
    "spread",
    "strength",
    "user_agent",
    "visit",
]
