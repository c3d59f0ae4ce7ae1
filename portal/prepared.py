"""QuerySets whose SQL is made once: for what is asked many hundred times a second.

It knows no table. Django makes the SQL of a QuerySet anew each time, which takes several
times as long as a database takes to find a row by its index. What a QuerySet means stays
with the QuerySet.
"""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

AT_ONCE = 256  # values of one list in one question, at most

_MARKER = 2_000_000_000  # from here on, numbers that stand for values
_MARKED = re.compile(r"20\d{8}")


def attributes(model: type[Model]) -> list[str]:
    """The names under which from_db() takes a whole row of a model, in their order."""
    return [field.attname for field in model._meta.concrete_fields]  # noqa: SLF001 (public)


class Prepared:
    """A QuerySet of values_list(), asked with other values each time.

    `build` is called once a thread with as many numbers as there are values, and each must
    reach the SQL: as it is, as text, or within a text where the values are numbers. Rows
    are tuples, as the QuerySet's own.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, tuple[Any, ...]]]) -> None:
        self._build = build
        self._made = _OfThread()

    def rows(self, *values: object) -> list[tuple[Any, ...]]:
        """What the QuerySet of these values holds now."""
        by_count = self._made.by_count
        if len(values) not in by_count:
            by_count[len(values)] = _Made(self._build, len(values))
        return by_count[len(values)].rows(values)

    def rows_in(
        self, listed: Sequence[object], *fixed: object
    ) -> Iterator[tuple[Any, ...]]:
        """The same for some fixed values and a list of any length behind them.

        Few lengths are prepared: lists are filled up with their last value, and long ones
        asked in parts. Nothing is asked for an empty one.
        """
        for start in range(0, len(listed), AT_ONCE):
            part = listed[start : start + AT_ONCE]
            length = 1 << (len(part) - 1).bit_length()
            fill = [part[-1]] * (length - len(part))
            yield from self.rows(*fixed, *part, *fill)


class _OfThread(threading.local):
    def __init__(self) -> None:
        self.by_count: dict[int, _Made] = {}


class _Made:
    """The SQL for one thread, and how what it yields becomes what the fields mean."""

    def __init__(
        self, build: Callable[..., QuerySet[Any, tuple[Any, ...]]], count: int
    ) -> None:
        markers = range(_MARKER, _MARKER + count)
        self._compiler: Any = build(*markers).query.get_compiler(connection=connection)
        self._sql, given = self._compiler.as_sql()
        self._params = [_reader(param, count) for param in given]
        told = "\n".join(map(str, given))
        if missing := [marker for marker in markers if str(marker) not in told]:
            raise ValueError(f"Not all values reach the SQL: {len(missing)} do not.")
        fields = [column[0] for column in self._compiler.select]
        self._converters = self._compiler.get_converters(fields)

    def rows(self, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(self._sql, [read(values) for read in self._params])
            found: list[tuple[Any, ...]] = cursor.fetchall()
        if not self._converters:
            return found
        converted = self._compiler.apply_converters(found, self._converters)
        return [tuple(row) for row in converted]


def _reader(param: Any, count: int) -> Callable[[Sequence[Any]], Any]:
    """How one parameter of the SQL follows from the values."""
    text = str(param)
    found = _MARKED.search(text)
    place = int(found[0]) - _MARKER if found else count
    if found is None or place >= count:
        return lambda _: param
    if found[0] == text:
        return lambda values: values[place]
    begin, end = text[: found.start()], text[found.end() :]
    return lambda values: f"{begin}{values[place]}{end}"
