"""Whatever happens to the published files, in whatever order, the answer is the truth's."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.truth import Truth, as_pairs, some, turned
from tracker import IndexFormatError
from tracker.generations import Files

MIDDLES = some(3)
POOL = np.array(
    [turned(row, bits) for row in MIDDLES for bits in (0, 5, 31, 32, 52, 53)]
)
RADIUS = 52


class Killed(BaseException):
    """What a dead process does from here on: nothing."""


def dies(*_: Any, **__: Any) -> None:
    raise Killed


def nothing_is_tidied(*_: Any, **__: Any) -> None:
    raise OSError


@contextmanager
def killed_at(step: str) -> Iterator[None]:
    """A publisher ends at that step, and leaves what it had made."""
    places: dict[str, tuple[Any, str]] = {
        "half a file": (os, "fsync"),
        "before the rename": (Path, "replace"),
        "after the rename": (Files, "_tidy"),
    }
    with (
        suppress(Killed, OSError),  # what it would have tidied stays
        patch.object(*places[step], dies),
        patch.object(Path, "unlink", nothing_is_tidied),
    ):
        yield


class Histories(RuleBasedStateMachine):
    """Deposits, withdrawals, publications, deaths and damage, and a reader among them."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = tempfile.TemporaryDirectory()
        self.truth = Truth(chunk=3)
        self.reader = self.opened()

    def opened(self) -> Files:
        return Files(Path(self.kept.name) / "bank")

    def files(self) -> list[Path]:
        folder = Path(self.kept.name) / "bank"
        found = folder.iterdir() if folder.is_dir() else ()
        return sorted(path for path in found if path.name.isdecimal())

    @rule(places=st.lists(st.integers(0, len(POOL) - 1), min_size=1, max_size=5))
    def deposit(self, places: list[int]) -> None:
        self.truth.deposit(POOL[places])

    @precondition(lambda self: self.truth.ids)
    @rule(pick=st.integers(0, 2**16))
    def withdraw(self, pick: int) -> None:
        self.truth.gone.add(self.truth.ids[pick % len(self.truth.ids)])

    @precondition(lambda self: self.truth.ids)
    @rule()
    def publish(self) -> None:
        self.opened().publish(self.truth)

    @precondition(lambda self: self.truth.ids)
    @rule(
        step=st.sampled_from(["half a file", "before the rename", "after the rename"])
    )
    def publish_and_die(self, step: str) -> None:
        with killed_at(step):
            self.opened().publish(self.truth)

    @rule()
    def a_new_process_reads(self) -> None:
        self.reader = self.opened()

    @precondition(lambda self: self.files())
    @rule(change=st.sampled_from([Path.unlink, lambda path: path.write_bytes(b"torn")]))
    def lose_the_newest(self, change: Callable[[Path], object]) -> None:
        change(self.files()[-1])

    @invariant()
    def the_answer_is_the_truth(self) -> None:
        for query in MIDDLES:
            expected = self.truth.neighbours(query.tobytes(), RADIUS)
            assert self.answer(query) == expected

    def answer(self, query: Any) -> list[tuple[int, int]]:
        """As portal/bank/following.py does it: the generation, its tail, the active ones."""
        found: list[tuple[int, int]] = []
        seq = 0
        while newest := self.reader.newest(self.truth.known):
            try:
                (found,) = as_pairs(newest.search(query[np.newaxis], RADIUS, 1000))
                seq = newest.seq
                break
            except IndexFormatError:
                self.reader.forget(newest)
        tail = set(self.truth.ids[seq:])
        active = set(self.truth.ids) - self.truth.gone
        late = self.truth.neighbours(query.tobytes(), RADIUS)
        later = [pair for pair in late if pair[1] in tail]
        return sorted([pair for pair in found if pair[1] in active] + later)

    def teardown(self) -> None:
        self.kept.cleanup()


LONG = settings.get_current_profile_name() == "long"

TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=500 if LONG else 20,
    stateful_step_count=50 if LONG else 12,
    deadline=None,
)
