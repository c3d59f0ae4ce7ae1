"""tracker computes: decode, hash, index, match, crawl, spread.

It knows no Django and no database. What stands here is its whole public face.
"""

from tracker.images import (
    MAX_BYTES,
    MAX_PIXELS,
    ImageError,
    Picture,
    decode,
    decode_file,
)
from tracker.index import Index, IndexFormatError, scan
from tracker.matching import Comparison, Match, compare, kind_of, radius_of
from tracker.signals import (
    SIGNALS,
    Signal,
    SignalError,
    ask_picture,
    bits_apart,
    hash_picture,
    parse_signal,
    signal_type,
)
from tracker.spread import Point, Spread, spread

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "SIGNALS",
    "Comparison",
    "ImageError",
    "Index",
    "IndexFormatError",
    "Match",
    "Picture",
    "Point",
    "Signal",
    "SignalError",
    "Spread",
    "ask_picture",
    "bits_apart",
    "compare",
    "decode",
    "decode_file",
    "hash_picture",
    "kind_of",
    "parse_signal",
    "radius_of",
    "scan",
    "signal_type",
    "spread",
]
