"""The audit log's chain: each entry's hash covers its words and the hash before it.

Whoever kept one hash outside can tell later whether anything before it was altered.
"""

import json
from collections.abc import Iterable
from datetime import UTC
from hashlib import blake2b

from portal.accounts.models import AuditEntry, AuditHead

START = bytes(32)  # what stands before the first entry


class ChainError(Exception):
    """The log is not as it was written. `number` is the first entry that is wrong."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


def link(before: bytes, entry: AuditEntry) -> bytes:
    """BLAKE2b-256 (RFC 7693) over the hash before it and the entry in canonical JSON."""
    fields = [
        entry.number,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.user_id,
        entry.actor,
        entry.verb,
        entry.subject,
        entry.reason,
    ]
    text = json.dumps(fields, ensure_ascii=True, separators=(",", ":"))
    return blake2b(
        before + text.encode("ascii"), digest_size=32, person=b"reclaim-audit"
    ).digest()


def verify(
    entries: Iterable[AuditEntry], head: AuditHead, kept: bytes | None = None
) -> int:
    """Walk the whole log in order and return its length.

    `kept` is the head that an earlier walk printed: without it, a log that was cut or
    rewritten with all its hashes and its head looks whole. Raises ChainError at the first
    entry that is wrong.
    """
    count, before = 0, START
    is_found = kept in (None, START)
    for entry in entries:
        if entry.number != count + 1:
            raise ChainError(count + 1, f"Entry {count + 1} is missing.")
        if bytes(entry.hash) != link(before, entry):
            raise ChainError(count + 1, f"Entry {count + 1} is not as it was written.")
        count, before = entry.number, bytes(entry.hash)
        is_found = is_found or before == kept
    if (count, before) != (head.last, bytes(head.hash)):
        raise ChainError(count + 1, f"Entry {count + 1} does not fit the log's head.")
    if not is_found:
        raise ChainError(
            1, "The log does not contain the given head: it was rewritten."
        )
    return count
