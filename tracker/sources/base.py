"""What every source takes and yields. It knows no site, no protocol and no database."""

import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, TypeVar, cast, get_type_hints

from tracker.video import video_format

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)  # an older date is a page's mistake
MAX_ACCOUNT = 100

# The first bytes decide what a file is; what a server calls it decides nothing.
_MAGIC = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "image/avif"),
    (re.compile(rb"BM....\0\0\0\0", re.DOTALL), "image/bmp"),
)
_VIDEO = {"MP4": "video/mp4", "WEBM": "video/webm"}


@dataclass(frozen=True, slots=True)
class Media:
    """The bytes of one file as they came, undecoded."""

    url: str
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Find:
    """One picture or video at one place: `url` is the page that shows it, `media` the file.

    `account` is "" and `posted_at` None where the place does not tell.
    """

    url: str
    media: Media
    account: str
    posted_at: datetime | None
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Batch:
    """A few finds, or none, and the place to go on from once they are stored.

    Who starts again from `checkpoint` misses nothing and sees at most one batch twice.
    `done` ends the visit; its checkpoint is where the next visit starts.
    """

    finds: tuple[Find, ...]
    checkpoint: str
    done: bool = False


class Source(Protocol):
    """A place to look. A frozen dataclass whose fields are its configuration."""

    def batches(self, checkpoint: str | None) -> Iterator[Batch]:
        """Go on from `checkpoint`, or start anew at None or "". Raises SourceError."""
        ...


SourceT = TypeVar("SourceT", bound=Source)


class SourceError(Exception):
    """A visit that cannot go on. `code` is stable, `str()` a plain sentence.

    `retry_after` is in seconds, where the site asked for a pause.
    """

    def __init__(
        self, code: str, sentence: str, retry_after: float | None = None
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.retry_after = retry_after


def configured(kind: type[SourceT], config: Mapping[str, object]) -> SourceT:
    """Build a source from settings that a person typed. Raises SourceError("config").

    Numbers are bounded by the field's `metadata`: {"low": 0, "high": 10}.
    """
    known = {field.name: field for field in fields(cast("Any", kind))}
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for name in config.keys() - known.keys():
        raise SourceError("config", f"The setting “{name}” is not known.")
    for name, field in known.items():
        if name in config:
            values[name] = _fit(field, hints[name], config[name])
        elif field.default is MISSING:
            raise SourceError("config", f"The setting “{name}” is missing.")
    return kind(**values)


def _fit(field: Field[Any], hint: object, value: object) -> object:
    if hint == frozenset[str]:
        if isinstance(value, list | tuple | set | frozenset) and all(
            isinstance(item, str) for item in value
        ):
            return frozenset(value)
        raise SourceError("config", f"The setting “{field.name}” is a list of texts.")
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not hint:
        raise SourceError("config", f"The setting “{field.name}” is of the wrong kind.")
    if isinstance(value, int | float):
        low, high = field.metadata.get("low", 0), field.metadata.get("high", math.inf)
        if not low <= value <= high:
            raise SourceError(
                "config", f"The setting “{field.name}” is between {low} and {high}."
            )
    return value


def marked(finds: Iterable[Find], checkpoint: str, *, done: bool = False) -> Batch:
    """A batch whose finds all carry its checkpoint."""
    held = tuple(replace(find, checkpoint=checkpoint) for find in finds)
    return Batch(held, checkpoint, done)


def busy(retry_after: str) -> SourceError:
    """What "429 Too Many Requests" means to a visit; `retry_after` is the header."""
    seconds = (
        float(retry_after)
        if retry_after.strip().isdecimal() and retry_after.isascii()
        else None
    )
    return SourceError("busy", "The site asks us to come back later.", seconds)


def media_type(body: bytes) -> str | None:
    """The media type by the first bytes, or None for neither a picture nor a video."""
    known = (name for magic, name in _MAGIC if magic.match(body))
    return next(known, _VIDEO.get(video_format(body) or ""))


def parsed_time(text: str | None) -> datetime | None:
    """An ISO 8601 or RFC 5322 time in UTC; None where it is neither, or absurd."""
    text = (text or "").strip()
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            time = parse(text)
            time = time.replace(tzinfo=time.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        return (
            time if EARLIEST <= time <= datetime.now(UTC) + timedelta(days=1) else None
        )
    return None


def cleaned(text: str | None) -> str:
    """An account's name on one line, without control characters, not too long."""
    printable = "".join(c if c.isprintable() else " " for c in text or "")
    return " ".join(printable.split())[:MAX_ACCOUNT]


def short_hash(text: str) -> str:
    """64 bits, enough to tell the addresses of one visit apart."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]
