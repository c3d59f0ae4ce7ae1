"""Generations in Milvus, for a bank past one machine. The only file that knows Milvus.

One collection for each bank and version of a type: an id and a hash in each row. The row
MARK says up to which number the collection is complete; it is written last, so that what
a publisher left when it died is published again. What came after is the reader's tail.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import grpc
import numpy as np
from pymilvus import DataType, MilvusClient, MilvusException

from tracker.flat import Found, Hashes, Ids, question
from tracker.generations import MOST, Deposits, Generation, IndexAwayError, Known

# Its errors would print what was asked, with a traceback. Ours say what is to be known.
logging.getLogger("pymilvus").setLevel(logging.CRITICAL)

MARK = -1  # the id of the row that is no signal
NOT_FOUND = 100  # Milvus's code for a collection that is not there
SECONDS = 10  # that one call may take; without it the client tries again for minutes
ROWS = 5_000  # written together
QUERIES = 1_000  # asked together
LARGEST = 2**63  # ids are signed there

Row = dict[str, Any]


class Milvus:
    """What is published of one type, in one collection. Safe to use after a fork."""

    def __init__(self, url: str, collection: str, bits: int) -> None:
        self.collection = collection
        self.bits = bits
        self._where = _where(url)
        self._client: MilvusClient | None = None
        self._process = 0
        self._held: MilvusGeneration | None = None

    def newest(self, known: Known) -> Generation | None:
        """Asked anew each time: an emptied collection must not pass for a full one."""
        mark = self._mark()
        if mark is None:
            self._held = None
        elif self._held is None or self._held.mark != mark:
            is_ours = known(mark.seq, mark.value)
            size = self._count() - 1 if is_ours else 0
            self._held = MilvusGeneration(self, mark, size) if is_ours else None
        return self._held

    def forget(self, generation: Generation) -> None:
        """Nothing to do: the next answer rests on what Milvus says then."""

    def excess(self, deposits: Deposits) -> int | None:
        mark = self._mark()
        if mark is None:
            return 0
        over = self._count() - 1 - deposits.count(mark.seq)
        is_whole = deposits.known(mark.seq, mark.value) and over >= 0
        return over if is_whole else None

    def publish(self, deposits: Deposits) -> None:
        mark = self._mark()
        if mark and self.excess(deposits) is None:  # of another life, or with rows lost
            with self._connected() as client:
                client.drop_collection(self.collection, timeout=SECONDS)
            mark = None
        if mark is None:
            self._create()
        for ids, hashes in deposits.active(mark.seq if mark else 0):
            for at in range(0, len(ids), ROWS):
                self._write(_rows(ids[at : at + ROWS], hashes[at : at + ROWS]))
        for ids in deposits.withdrawn():
            self._remove(ids)
        seq, value = deposits.last
        if self._count() - bool(mark) < deposits.count(seq):  # dropped by one beside us
            raise IndexAwayError("Rows are missing: the next publication goes on.")
        self._write([{"id": MARK, "seq": seq, "hash": bytes.fromhex(value)}])

    def search(self, queries: Hashes, radius: int, most: int) -> Found:
        """As scan() does, of the rows that are signals."""
        queries, radius = question(queries, radius, self.bits // 8)
        parts = []
        for at in range(0, len(queries), QUERIES):
            with self._connected() as client:
                parts += client.search(
                    self.collection,
                    data=[query.tobytes() for query in queries[at : at + QUERIES]],
                    anns_field="hash",
                    limit=min(most, MOST) + 1,  # one may be the mark
                    search_params={
                        "metric_type": "HAMMING",
                        "params": {"radius": radius + 1},  # Milvus means "less than"
                    },
                    consistency_level="Strong",
                    timeout=SECONDS,
                )
        return _found(parts, most)

    def _mark(self) -> "Mark | None":
        with self._connected() as client:
            try:
                rows = client.get(
                    self.collection,
                    ids=[MARK],
                    output_fields=["seq", "hash"],
                    consistency_level="Strong",
                    timeout=SECONDS,
                )
            except MilvusException as error:
                if error.code != NOT_FOUND:
                    raise
                rows = []
        return Mark(rows[0]["seq"], rows[0]["hash"][0].hex()) if rows else None

    def _count(self) -> int:
        """All rows, the mark included."""
        with self._connected() as client:
            (row,) = client.query(
                self.collection,
                filter="",
                output_fields=["count(*)"],
                consistency_level="Strong",
                timeout=SECONDS,
            )
        return int(row["count(*)"])

    def _create(self) -> None:
        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("seq", DataType.INT64)
        schema.add_field("hash", DataType.BINARY_VECTOR, dim=self.bits)
        index = MilvusClient.prepare_index_params()
        index.add_index("hash", index_type="BIN_FLAT", metric_type="HAMMING")
        with self._connected() as client:
            if client.has_collection(self.collection, timeout=SECONDS):
                return  # of a publisher that died, or of one beside us
            client.create_collection(
                self.collection,
                schema=schema,
                index_params=index,
                consistency_level="Strong",
                timeout=SECONDS,
            )

    def _write(self, rows: list[Row]) -> None:
        with self._connected() as client:
            client.upsert(self.collection, rows, timeout=SECONDS)

    def _remove(self, ids: Ids) -> None:
        """Delete those that are there: each deletion of one that is not is kept, too."""
        with self._connected() as client:
            wanted = [int(id_) for id_ in ids]
            there = client.get(
                self.collection, ids=wanted, output_fields=["id"], timeout=SECONDS
            )
            if there:
                gone = [row["id"] for row in there]
                client.delete(self.collection, ids=gone, timeout=SECONDS)

    @contextmanager
    def _connected(self) -> Iterator[MilvusClient]:
        """This process's client. Raises IndexAwayError for all that goes wrong."""
        try:
            if self._client is None or self._process != os.getpid():
                self._client = MilvusClient(**self._where, timeout=SECONDS)
                self._process = os.getpid()
            yield self._client
        except (MilvusException, grpc.RpcError) as error:
            self._client = None
            raise IndexAwayError("The index of the bank does not answer.") from error


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to which row the collection is complete, and that row's hash (hex)."""

    seq: int
    value: str


class MilvusGeneration:
    """The collection, as complete as its mark says."""

    def __init__(self, milvus: Milvus, mark: Mark, size: int) -> None:
        self.mark = mark
        self.seq = mark.seq
        self.size = size
        self._milvus = milvus

    def search(self, queries: Hashes, radius: int, most: int) -> Found:
        return self._milvus.search(queries, radius, most)


def _where(url: str) -> dict[str, str]:
    """How a client is told where Milvus is."""
    parts = urlsplit(url)
    if parts.scheme == "milvus-lite":
        return {"uri": parts.path}
    web = "https" if parts.scheme == "milvus+tls" else "http"
    return {
        "uri": f"{web}://{parts.hostname}:{parts.port or 19530}",
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "db_name": parts.path.strip("/"),
    }


def _rows(ids: Ids, hashes: Hashes) -> list[Row]:
    if len(ids) and int(ids.max()) >= LARGEST:
        raise ValueError("An id in Milvus is less than 2 to the 63.")
    return [
        {"id": int(id_), "seq": 0, "hash": row.tobytes()}
        for id_, row in zip(ids, hashes, strict=True)
    ]


def _found(answers: list[Any], most: int) -> Found:
    """What scan() returns, of Milvus's answers to each query."""
    pairs = [
        sorted((int(hit["distance"]), hit["id"]) for hit in hits if hit["id"] != MARK)
        for hits in answers
    ]
    flat = [pair for some in pairs for pair in some[:most]]
    lims = np.cumsum([0, *(len(some[:most]) for some in pairs)])
    ids = np.array([id_ for _, id_ in flat], np.uint64)
    return lims, ids, np.array([distance for distance, _ in flat], np.int32)
