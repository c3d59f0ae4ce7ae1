"""Files of this machine, never outside the folder that an operator gave."""

from pathlib import Path

from tracker.sources.base import SourceError


def opened_folder(folder: str) -> Path:
    """The folder's true place. Raises SourceError."""
    try:
        found = Path(folder).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        raise SourceError("folder", "The folder does not exist.") from None
    if not Path(folder).is_absolute() or not found.is_dir():
        raise SourceError("folder", "The folder is not an absolute path to a folder.")
    return found


def inside(folder: Path, relative: str) -> Path | None:
    """The regular file `relative` below `folder`, or None: "..", links out, devices."""
    try:
        found = (folder / relative).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        return None
    return found if found.is_relative_to(folder) and found.is_file() else None
