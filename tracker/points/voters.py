"""Descriptors of many banked pictures, and how many of each speak for a picture asked.

Votes only choose whom the judge looks at: a vote lost costs nothing, for the same picture
casts dozens. So a large bank is searched in the nearest of its cells alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

from tracker import flat
from tracker.flat import Hashes, Ids
from tracker.points.base import WIDTH, Points

VOTING = 300  # points of a picture: the best of each part of it come first
ALIKE = 30  # bits at which a point votes

CELLED = 2**17  # descriptors from which on they lie in cells
CELLS, PROBED = 256, 8
_AT_ONCE = 2**14  # descriptors that are put into cells in one go

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Voters:
    """The voting descriptors of pictures, those of one cell beside each other.

    `ids` (p,) of the pictures; `owners` (n,) which of them each of `hashes` (n, 32)
    belongs to; cell i holds starts[i]:starts[i + 1] of these and lies about centres[i].
    """

    ids: Ids
    owners: Numbers
    hashes: Hashes
    centres: Hashes
    starts: Numbers

    @classmethod
    def of(cls, pictures: Mapping[int, Points]) -> Self:
        ids = np.fromiter(pictures, np.uint64, len(pictures))
        parts = [points.descriptors[:VOTING] for points in pictures.values()]
        owners = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        hashes = np.concatenate([np.empty((0, WIDTH), np.uint8), *parts])
        if len(hashes) < CELLED:
            return cls(ids, owners, hashes, hashes[:1], np.array([0, len(hashes)]))
        # Descriptors from all over the bank are centres as good as any, and at once.
        centres = hashes[np.linspace(0, len(hashes) - 1, CELLS, dtype=np.int64)]
        cell = np.concatenate(
            [
                flat.distances(hashes[at : at + _AT_ONCE], centres).argmin(axis=1)
                for at in range(0, len(hashes), _AT_ONCE)
            ]
        )
        order = np.argsort(cell, kind="stable")
        starts = np.searchsorted(cell[order], np.arange(CELLS + 1))
        return cls(ids, owners[order], hashes[order], centres, starts)

    def votes(self, asked: Points) -> Iterator[tuple[int, int]]:
        """Ids of pictures with how many points speak for each.

        A point counts once on either side: the round buttons of a screenshot would
        else all vote for one dark spot of a stranger.
        """
        queries = asked.descriptors[:VOTING]
        if not len(queries) or not len(self.hashes):
            return
        pairs = list(self._alike(queries))
        query, row = (np.concatenate(side) for side in zip(*pairs, strict=True))
        owner = self.owners[row]
        votes = np.minimum(self._distinct(owner, query), self._distinct(owner, row))
        for place in np.flatnonzero(votes):
            yield int(self.ids[place]), int(votes[place])

    def _alike(self, queries: Hashes) -> Iterable[tuple[Numbers, Numbers]]:
        """Numbers of queries and of descriptors at ALIKE or less."""
        probed = self._probed(queries)
        for cell, (start, end) in enumerate(pairwise(self.starts.tolist())):
            asking = np.flatnonzero(probed[:, cell])
            query, row, _ = flat.compare(self.hashes[start:end], queries[asking], ALIKE)
            yield asking[query], row + start

    def _probed(self, queries: Hashes) -> npt.NDArray[np.bool_]:
        """Which queries (q, cells) are put to which cells."""
        probed = np.ones((len(queries), len(self.centres)), np.bool_)
        if len(self.centres) > PROBED:
            apart = flat.distances(queries, self.centres)
            probed[:] = apart <= np.partition(apart, PROBED - 1)[:, PROBED - 1 : PROBED]
        return probed

    def _distinct(self, owner: Numbers, what: Numbers) -> Numbers:
        """For each picture how many different numbers stand beside it."""
        pairs = np.unique(np.stack([owner, what]), axis=1)
        return np.bincount(pairs[0], minlength=len(self.ids))
