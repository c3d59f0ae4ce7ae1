"""What is kept twice: sealed to its case, and held for programs under a key in memory alone.

Where that key is lost, the next who opens the case holds it anew. What is kept so, and in
which columns, is its own module's business (points.py, originals.py).
"""

from collections.abc import Callable, Iterable

from django.db import transaction

from portal.cases import evidence
from portal.cases.keys import CaseKey


def discard(copies: Iterable[tuple[str, str]]) -> None:
    """Drop what is sealed and what is held under these names, once the rows are gone."""
    kept = list(copies)

    def drop() -> None:
        for stored, held in kept:
            evidence.release(held)
            evidence.discard(stored)

    transaction.on_commit(drop, robust=True)


def shut(names: Iterable[str]) -> None:
    """Release what is held under these names, once no row names it; what is sealed stays."""
    held = list(names)

    def release() -> None:
        for name in held:
            evidence.release(name)

    transaction.on_commit(release, robust=True)


def hold_anew(
    key: CaseKey, stored: str, lost: str, reason: str, name_it: Callable[[str], bool]
) -> bool:
    """Open what is sealed and hold it once more, in place of what is `lost`.

    `name_it` writes the new name down, and is false where somebody else was first or the
    case ended meanwhile: then nothing is held.
    """
    try:
        data = evidence.open_unseen(key, stored, reason=reason)
    except evidence.EvidenceError:
        return False
    held = evidence.hold_lasting(data)
    if name_it(held):
        evidence.discard(lost)
        return True
    evidence.release(held)
    return False
