"""Collecting pictures: each once, without near duplicates, dealt into disjoint pools.

The only module of the training that needs pdqhash: its result is a list in a file.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pdqhash

from detector.training.pictures import (
    MIN_SIDE,
    POOLS,
    SOURCES,
    Picture,
    Pool,
    Source,
    read,
)

# Of the groups, in the order of POOLS.
_SHARES: Final = (0.60, 0.06, 0.06, 0.13, 0.15)

# The largest distance at which two PDQ hashes are said to show one picture, and the
# least quality at which they say anything (Meta, "The TMK+PDQF video-hashing
# algorithm and the PDQ image-hashing algorithm", 2019).
_DUPLICATE: Final = 31
_MIN_QUALITY: Final = 50

_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})


def collect(data: Path) -> tuple[Picture, ...]:
    """Find the pictures of all sources, each once, each in its pool.

    Of near duplicates, over all sources together, only the first is kept, so that no
    picture can be in two pools.
    """
    found = [picture for source in SOURCES for picture in _folder(data, source)]
    kept = _usable(data, found)
    return tuple(replace(picture, pool=_pool(picture.group)) for picture in kept)


def _folder(data: Path, source: Source) -> list[Picture]:
    folder = data / source.folder
    figures = _figures(folder)
    return [
        Picture(
            path=f"{source.folder}/{path.name}",
            folder=source.folder,
            family=source.family,
            people=source.people,
            group=f"{source.folder}/{figures.get(path.stem, path.stem)}",
            box=source.box,
            reduction=source.reduction,
        )
        for path in sorted(folder.glob("*"))
        if path.suffix.lower() in _SUFFIXES
    ]


def _figures(folder: Path) -> dict[str, str]:
    """Map each tile's name to the series of published figures that it was cut from.

    Figures of one series ("..._top_10_matches_014") show answers to related searches
    and share tiles, so the series stays together.
    """
    told = folder / "tiles.json"
    if not told.is_file():
        return {}
    rows = json.loads(told.read_text("utf-8"))
    return {
        f"{number:04}": str(figure).partition("_top_")[0] for number, figure in rows
    }


def _usable(data: Path, found: Sequence[Picture]) -> list[Picture]:
    """Leave out what is too small or shows what an earlier picture shows."""
    kept: list[Picture] = []
    seen = np.zeros((len(found), 256), dtype=np.float32)
    for picture in found:
        pixels = read(data, picture)
        if min(pixels.shape[:2]) < MIN_SIDE:
            continue
        bits, quality = pdqhash.compute(pixels)
        signs = 2 * np.asarray(bits, dtype=np.float32) - 1
        # The product of two such vectors is 256 minus twice their distance.
        nearest = (seen[: len(kept)] @ signs).max(initial=-256.0)
        if quality >= _MIN_QUALITY and (256 - nearest) / 2 <= _DUPLICATE:
            continue
        seen[len(kept)] = signs if quality >= _MIN_QUALITY else 0
        kept.append(picture)
    return kept


def _pool(group: str) -> Pool:
    """Deal by the digest of the name, so that new pictures move no old one."""
    digest = hashlib.sha256(group.encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    index = int(np.searchsorted(np.cumsum(_SHARES), share, side="right"))
    return POOLS[min(index, len(POOLS) - 1)]
