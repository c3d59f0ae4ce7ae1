"""The pictures below one local folder, for trials, trainings and seized material."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from tracker.sources.base import Batch, Find, Media, marked, media_type
from tracker.sources.local import inside, opened_folder

GROUP = 8  # files that share one batch


@dataclass(frozen=True, slots=True)
class Folder:
    """Files in the order of their paths; the checkpoint is the last path seen.

    Addresses are "file:" and the path below the folder: they tell nothing else about
    this machine.
    """

    folder: str
    max_bytes: int = field(default=25 * 2**20, metadata={"low": 1})

    def batches(self, checkpoint: str | None) -> Iterator[Batch]:
        """Up to GROUP files at a time; the next visit starts anew."""
        folder = opened_folder(self.folder)
        last = PurePosixPath(checkpoint or "").parts
        paths = (path for path in _paths(folder) if path.parts > last)
        while group := list(islice(paths, GROUP)):
            finds = (self._find(folder, path) for path in group)
            yield marked((find for find in finds if find is not None), str(group[-1]))
        yield Batch((), "", done=True)

    def _find(self, folder: Path, path: PurePosixPath) -> Find | None:
        place = inside(folder, str(path))
        if place is None:
            return None
        try:
            with place.open("rb") as file:
                body = file.read(self.max_bytes + 1)
        except OSError:
            return None
        kind = media_type(body)
        if kind is None or len(body) > self.max_bytes:
            return None
        url = f"file:{quote(str(path), errors='replace')}"
        return Find(url, Media(url, body, kind), "", None, "")


def _paths(folder: Path) -> list[PurePosixPath]:
    found = [
        PurePosixPath(Path(parent, name).relative_to(folder).as_posix())
        for parent, _, names in os.walk(folder)
        for name in names
    ]
    return sorted(found, key=lambda path: path.parts)
