"""Spans of the memory in ClickHouse, past one machine: compared exactly, by its own scan.

A server is asked through clickhouse-connect, as is chDB, the same engine within a process,
for tests and for measuring. Values are told apart from the SQL, never within it; texts in
hex, so that nobody need agree on how to escape.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import clickhouse_connect
import numpy as np
import numpy.typing as npt
from clickhouse_connect.driver.exceptions import ClickHouseError

from tracker import flat
from tracker.flat import Found, Hashes
from tracker.memory import ANCHOR, MemoryDamagedError, Packed, Pipeline, Span

WIDTH = 32  # bytes: all signals that a memory keeps are 256 bits wide
AT_ONCE = 32  # queries in one statement
ABANDONED = 3600  # seconds after which rows without a span are a dead packer's

# A span is a partition, named by a random number of its packing: it is dropped in one
# stroke, and two packers at once never mix their rows. It counts once it is in `spans`.
TABLES = (
    """CREATE TABLE IF NOT EXISTS reclaim_hashes (
    pack UInt64, made_at DateTime DEFAULT now(), type LowCardinality(String),
    version LowCardinality(String), id UInt64, hash FixedString(32)
    ) ENGINE = MergeTree PARTITION BY pack ORDER BY (type, version, id)""",
    """CREATE TABLE IF NOT EXISTS reclaim_spans (
    instance String, pack UInt64, rows UInt64, after UInt64, upto UInt64,
    oldest Int64, youngest Int64, anchor FixedString(32)
    ) ENGINE = MergeTree ORDER BY (instance, after)""",
)
SPANS = """SELECT pack, rows, after, upto, oldest, youngest, anchor FROM reclaim_spans
    WHERE instance = unhex({instance:String}) ORDER BY after, upto, pack"""
COUNT = "SELECT count() FROM reclaim_hashes WHERE pack = {pack:UInt64}"
# Asked once for each query, in one statement: to a constant, ClickHouse compares a hash in
# less than half the time that it takes to a row of a joined table.
NEIGHBOURS = """SELECT toUInt32(NUMBER) AS asked, id, toUInt16(distance) FROM (
    SELECT id, bitHammingDistance(hash,
    toFixedString(unhex(substring({queries:String}, 64 * NUMBER + 1, 64)), 32)) AS distance
    FROM reclaim_hashes WHERE pack = {pack:UInt64} AND type = unhex({type:String})
    AND version = unhex({version:String})) WHERE distance <= {radius:UInt16}"""
# The span first: what it no longer names is rubbish, and what it names is whole.
FORGET = (
    """ALTER TABLE reclaim_spans DELETE WHERE pack = {pack:UInt64}
    SETTINGS mutations_sync = 1""",
    "ALTER TABLE reclaim_hashes DROP PARTITION {pack:UInt64}",
)
STRAYS = """SELECT DISTINCT pack FROM reclaim_hashes
    WHERE pack NOT IN (SELECT pack FROM reclaim_spans)
    AND made_at < now() - {seconds:Int32}"""

SPAN = np.dtype(
    [(name, "<u8") for name in ("pack", "rows", "after", "upto")]
    + [("oldest", "<i8"), ("youngest", "<i8"), ("anchor", f"V{ANCHOR}")]
)
FOUND = np.dtype([("asked", "<u4"), ("id", "<u8"), ("distance", "<u2")])
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class ClickHouse:
    """One instance's spans in a database of ClickHouse.

    That of clickhouse://user:password@host:8123/database, over TLS where the scheme is
    clickhouses; or of chdb:///folder, of which there is one for each process. Raises
    OSError where it does not answer.
    """

    def __init__(self, url: str, instance: str) -> None:
        self._instance = instance
        with _told():
            self._client = clickhouse_connect.get_client(
                dsn=url, secure=url.startswith("clickhouses:")
            )
            for table in TABLES:
                self._client.command(table)

    def spans(self) -> list[Span]:
        return [_span(row) for row in self._rows()]

    def pack(self, span: Span, hashes: Packed) -> None:
        pack = secrets.randbits(63)
        rows = 0
        for pipeline, given in hashes.items():
            ids, kept = flat.checked(*given)
            if kept.shape[1] != WIDTH:
                raise ValueError(f"Hashes are {WIDTH} bytes wide here.")
            self._put(
                "reclaim_hashes",
                ["pack", "type", "version", "id", "hash"],
                _hash_rows(pack, pipeline, ids, kept),
            )
            rows += len(ids)
        names = SPAN.names or ()
        row = _text(self._instance) + _span_row(span, pack, rows)
        self._put("reclaim_spans", ["instance", *names], row)

    def radius(
        self, span: Span, pipeline: Pipeline, queries: Hashes, radius: int
    ) -> Found:
        queries, radius = flat.question(queries, radius, WIDTH)
        row = next((row for row in self._rows() if _span(row) == span), None)
        if row is None:
            raise MemoryDamagedError("A span of the memory is gone.")
        self._check(row)
        parts = [
            self._neighbours(
                int(row["pack"]), pipeline, queries[at : at + AT_ONCE], radius
            )
            for at in range(0, len(queries), AT_ONCE)
        ]
        for number, part in enumerate(parts):
            part["asked"] += number * AT_ONCE
        found = np.concatenate([np.empty(0, FOUND), *parts])
        triples = (
            found["asked"].astype(np.int64),
            np.arange(len(found)),
            found["distance"].astype(np.int32),
        )
        return flat.in_order(found["id"], triples, len(queries))

    def forget(self, span: Span) -> None:
        for row in self._rows():
            if _span(row) == span:
                self._drop(int(row["pack"]))

    def tidy(self) -> None:
        strays = self._ask(STRAYS, {"seconds": ABANDONED})
        for pack in np.frombuffer(strays, "<u8"):
            self._drop(int(pack))

    def verify(self) -> list[str]:
        """Counts the rows of each span: their bits are for ClickHouse's own checksums."""
        damaged = []
        for row in self._rows():
            try:
                self._check(row)
            except MemoryDamagedError as error:
                damaged.append(str(error))
        return damaged

    def _rows(self) -> npt.NDArray[Any]:
        told = self._ask(SPANS, {"instance": _hex(self._instance)})
        return np.frombuffer(told, SPAN)

    def _check(self, row: Any) -> None:
        counted = self._ask(COUNT, {"pack": int(row["pack"])})
        if int.from_bytes(counted, "little") != row["rows"]:
            raise MemoryDamagedError("Rows of a span of the memory are missing.")

    def _neighbours(
        self, pack: int, pipeline: Pipeline, queries: Hashes, radius: int
    ) -> npt.NDArray[Any]:
        values = {
            "queries": queries.tobytes().hex(),
            "pack": pack,
            "type": _hex(pipeline.type),
            "version": _hex(pipeline.version),
            "radius": radius,
        }
        return np.frombuffer(self._ask(_asking(len(queries)), values), FOUND).copy()

    def _drop(self, pack: int) -> None:
        with _told():
            for sql in FORGET:
                self._client.command(sql, {"pack": pack})

    def _ask(self, sql: str, values: dict[str, Any]) -> bytes:
        with _told():
            return self._client.raw_query(sql, values, fmt="RowBinary")

    def _put(self, table: str, columns: list[str], rows: bytes) -> None:
        with _told():
            self._client.raw_insert(table, columns, rows, fmt="RowBinary")


@contextmanager
def _told() -> Iterator[None]:
    """Errors by their kind alone: the engine's own words may quote what it was asked."""
    try:
        yield
    except ClickHouseError as error:
        kind = type(error).__name__
        raise ConnectionError(f"ClickHouse does not answer ({kind}).") from None


@cache
def _asking(queries: int) -> str:
    each = (NEIGHBOURS.replace("NUMBER", str(number)) for number in range(queries))
    return " UNION ALL ".join(each)


def _hex(value: str) -> str:
    return value.encode().hex()


def _text(value: str) -> bytes:
    """A string of fewer than 128 bytes, as RowBinary has it."""
    encoded = value.encode()
    if len(encoded) > 127:
        raise ValueError("The names of instances, types and versions are short.")
    return bytes([len(encoded)]) + encoded


def _hash_rows(pack: int, pipeline: Pipeline, ids: flat.Ids, hashes: Hashes) -> bytes:
    head = pack.to_bytes(8, "little") + _text(pipeline.type) + _text(pipeline.version)
    rows = np.empty((len(ids), len(head) + 8 + WIDTH), np.uint8)
    rows[:, : len(head)] = np.frombuffer(head, np.uint8)
    rows[:, len(head) : -WIDTH] = ids.astype("<u8")[:, np.newaxis].view(np.uint8)
    rows[:, -WIDTH:] = hashes
    return rows.tobytes()


def _span_row(span: Span, pack: int, rows: int) -> bytes:
    times = [(at - EPOCH) // MICROSECOND for at in (span.oldest, span.youngest)]
    values = (pack, rows, span.after, span.upto, *times, span.anchor)
    return np.array([values], SPAN).tobytes()


def _span(row: Any) -> Span:
    oldest, youngest = (
        EPOCH + int(row[name]) * MICROSECOND for name in ("oldest", "youngest")
    )
    return Span(
        int(row["after"]), int(row["upto"]), oldest, youngest, row["anchor"].tobytes()
    )
