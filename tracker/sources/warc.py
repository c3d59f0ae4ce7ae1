"""Pictures in a WARC file (ISO 28500): a recorded crawl, read as it was recorded."""

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeadersParserException

from tracker.fetch import FetchError, unpacked
from tracker.sources.addresses import carries_address, joined
from tracker.sources.base import (
    Batch,
    Find,
    Media,
    SourceError,
    marked,
    media_type,
    parsed_time,
)
from tracker.sources.local import inside, opened_folder

PAUSE = 200  # records without a picture after which the checkpoint moves all the same
BLOCK = 64 * 1024
BROKEN = (
    ArchiveLoadFailed,
    StatusAndHeadersParserException,
    AssertionError,
    AttributeError,
    EOFError,
    OSError,
    TypeError,
    ValueError,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class Warc:
    """One file, plain or gzip by record, at `path` below an operator's `folder`.

    The page of a picture is the Referer of its request where the file holds it. The
    checkpoint is an offset: a finished file is read on only where it has grown.
    """

    folder: str
    path: str
    max_bytes: int = field(default=25 * 2**20, metadata={"low": 1})

    def batches(self, checkpoint: str | None) -> Iterator[Batch]:
        """One batch per picture."""
        place = inside(opened_folder(self.folder), self.path)
        if place is None:
            raise SourceError("folder", "There is no such file in the folder.")
        offset = int(checkpoint) if checkpoint and checkpoint.isdecimal() else 0
        with place.open("rb") as file:
            file.seek(offset)
            for entry in _with_pages(self._entries(file)):
                offset = entry.end
                if entry.find is not None:
                    yield marked((entry.find,), str(offset))
                elif entry.number % PAUSE == 0:
                    yield Batch((), str(offset))
        yield Batch((), str(offset), done=True)

    def _entries(self, file: BinaryIO) -> Iterator["_Entry"]:
        """What each record tells. A file that breaks off is read as far as it goes."""
        number = 0
        try:
            if not file.read(1):
                return
            file.seek(-1, io.SEEK_CUR)
            archive = ArchiveIterator(file)
            for number, record in enumerate(archive, 1):
                target = record.rec_headers.get_header("WARC-Target-URI") or ""
                referer = _referer(record) if record.rec_type == "request" else None
                find = self._find(record, target)
                archive.read_to_end()
                yield _Entry(number, target, referer, find, archive.offset)
        except BROKEN:
            if number == 0:
                raise SourceError("format", "The file is no readable WARC.") from None

    def _find(self, record: Any, target: str) -> Find | None:
        url = joined("", target)
        if url is None or carries_address(url):
            return None
        if record.rec_type == "response" and record.http_headers is not None:
            if record.http_headers.get_statuscode() != "200":
                return None
        elif record.rec_type != "resource":
            return None
        body = self._body(record)
        kind = media_type(body)
        if kind is None:
            return None
        posted_at = parsed_time(record.rec_headers.get_header("WARC-Date"))
        named = record.rec_headers.get_header("WARC-Refers-To-Target-URI")
        refers = joined("", named or "")
        return Find(refers or url, Media(url, body, kind), "", posted_at, "")

    def _body(self, record: Any) -> bytes:
        """The body as a browser would have it; empty where it is over the limit."""
        raw = b"".join(_pieces(record.raw_stream, self.max_bytes))
        if len(raw) > self.max_bytes:
            return b""
        headers = record.http_headers
        if headers is None:
            return raw
        if (headers.get_header("Transfer-Encoding") or "").lower() == "chunked":
            chunked = ChunkedDataReader(io.BytesIO(raw))
            raw = b"".join(_pieces(chunked, self.max_bytes))
        coding = (headers.get_header("Content-Encoding") or "").strip().lower()
        try:
            body = b"".join(unpacked(iter([raw]), coding, self.max_bytes))
        except (FetchError, zlib.error):
            return b""
        return body if len(body) <= self.max_bytes else b""


@dataclass(frozen=True, slots=True)
class _Entry:
    number: int
    target: str
    referer: str | None  # of a request
    find: Find | None
    end: int  # offset of the next record


def _with_pages(entries: Iterator[_Entry]) -> Iterator[_Entry]:
    """Give each picture the page that asked for it.

    Its request stands before it or right after it, as the recorder likes.
    """
    before: tuple[str, str | None] = ("", None)
    held: _Entry | None = None
    for entry in entries:
        if held is not None:
            after = entry.referer if entry.target == held.target else None
            yield _at_page(held, after)
            held = None
        if entry.find is None:
            before = (entry.target, entry.referer)
            yield entry
        elif before[0] == entry.target and before[1]:
            yield _at_page(entry, before[1])
        else:
            held = entry
    if held is not None:
        yield held


def _at_page(entry: _Entry, referer: str | None) -> _Entry:
    page = joined("", referer or "")
    if page is None or entry.find is None:
        return entry
    return replace(entry, find=replace(entry.find, url=page))


def _referer(record: Any) -> str:
    headers = record.http_headers
    return (headers.get_header("Referer") or "") if headers is not None else ""


def _pieces(stream: Any, max_bytes: int) -> Iterator[bytes]:
    """Blocks of a stream, until it ends or has given more than `max_bytes`."""
    total = 0
    while total <= max_bytes and (piece := stream.read(BLOCK)):
        total += len(piece)
        yield piece
