"""Writes down who asked how much and how much was found, never what.

A key that asks now and then has a row for each request, before it is answered. One that
asks all the time has a row for each second and process: a row for each request cost a third
of it, and a platform that asks a thousand times a second would fill the victims' database.
"""

import logging
import threading
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connection

from portal.exchange.models import ApiKey, Lookup

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Count:
    requests: int = 0
    asked: int = 0
    matched: int = 0


class Audit:
    """What keys asked since the last row. One for each process.

    Only a process that is killed loses any of it, and no more than
    settings.LOOKUP_AUDIT_SECONDS.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[int, _Count] = {}  # by key
        self._written = float("-inf")  # when, on the clock that never goes back
        self._later: threading.Timer | None = None

    def note(self, key: ApiKey, asked: int, matched: int) -> None:
        """One request of this key's: so many pictures asked, so many of them found."""
        with self._lock:
            self._add(key.pk, _Count(1, asked, matched))
            if self._later is not None:
                return
            wait = self._written + settings.LOOKUP_AUDIT_SECONDS - time.monotonic()
            if wait > 0:
                # Not a daemon: a process that ends in good order waits for it.
                self._later = threading.Timer(wait, self._write_later)
                self._later.start()
                return
        self.write()

    def write(self) -> None:
        """Write down all that was noted. Raises DatabaseError, and has it all still."""
        with self._lock:
            counts, self._counts = self._counts, {}
            self._written = time.monotonic()
        try:
            there = set(
                ApiKey.objects.filter(pk__in=counts).values_list("pk", flat=True)
            )
            Lookup.objects.bulk_create(
                Lookup(
                    key_id=key,
                    requests=count.requests,
                    asked=count.asked,
                    matched=count.matched,
                )
                for key, count in counts.items()
                if key in there  # a platform may be gone since, and its keys with it
            )
        except DatabaseError:
            with self._lock:
                for key, count in counts.items():
                    self._add(key, count)
            raise

    def _write_later(self) -> None:
        with self._lock:
            self._later = None
        try:
            self.write()
        except DatabaseError:
            logger.exception("audit rows of lookups wait: the database does not answer")
        finally:
            connection.close()  # this thread's own

    def _add(self, key: int, more: _Count) -> None:
        count = self._counts.setdefault(key, _Count())
        count.requests += more.requests
        count.asked += more.asked
        count.matched += more.matched


lookups = Audit()
