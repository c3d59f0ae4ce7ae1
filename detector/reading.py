"""From paths to pictures and videos: the only module here that reads files of strangers.

It knows the tracker, through whose doors they are decoded, and not what is found in them.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

from tracker.images import ImageError, decode, frames_of
from tracker.video import VideoError, decode_video, is_video

# Above what the doors let in, so that their own sentences are the ones that are read.
_MAX_READ: Final = 101 << 20
_MAX_LIST: Final = 16 << 20


class FileError(Exception):
    """A path that gives nothing to look at; the text is for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Photo:
    image: Image.Image
    data: bytes


@dataclass(frozen=True, slots=True)
class Moving:
    """A video or an animation. `still` is an animation's first picture."""

    frames: Iterator[tuple[float, Image.Image]]
    still: Image.Image | None
    data: bytes
    width: int  # as it is seen; frames may come smaller
    height: int
    format: str


def opened(path: Path) -> Photo | Moving:
    """Decode a file by its first bytes.

    Raises:
        FileError: It is no file, may not be read, or is nothing that can be decoded.
    """
    data = _read(path)
    try:
        if is_video(data):
            video = decode_video(data)
            frames = ((frame.at, frame.picture.image) for frame in video.frames)
            return Moving(frames, None, data, video.width, video.height, video.format)
        picture = decode(data)
        if picture.animated:
            still = picture.image
            return Moving(_frames(data), still, data, *still.size, picture.format)
        return Photo(picture.image, data)
    except (ImageError, VideoError) as error:
        raise FileError(str(error)) from error


def photo(path: Path) -> Photo:
    """Decode a photo, and nothing that moves; raises FileError."""
    found = opened(path)
    if isinstance(found, Moving):
        raise FileError("This is a video or an animation, and not a photo.")
    return found


def picture(path: Path) -> Image.Image:
    """Decode a picture, of an animation its first; raises FileError."""
    try:
        return decode(_read(path)).image
    except ImageError as error:
        raise FileError(str(error)) from error


def walked(named: Sequence[Path]) -> Iterator[Path]:
    """Yield files as they are named, and in place of a folder what lies in it, sorted.

    The files of a folder come before the folders in it.
    Hidden files and folders are skipped, and links to folders are not followed. A folder
    with nothing in it is yielded itself, so that somebody is told.
    """
    for path in named:
        files = list(_files(path)) if _is_folder(path) else [path]
        yield from files or [path]


def listed(path: Path) -> list[Path]:
    """Read a list with one path a line; `-` is the standard input.

    Raises:
        FileError: It cannot be read, or is too long.
    """
    try:
        if str(path) == "-":
            content = sys.stdin.buffer.read(_MAX_LIST + 1)
        else:
            with path.open("rb") as file:
                content = file.read(_MAX_LIST + 1)
    except (OSError, ValueError) as error:
        raise FileError("This list cannot be read.") from error
    if len(content) > _MAX_LIST:
        raise FileError(f"This list is larger than {_MAX_LIST >> 20} MiB.")
    return [Path(os.fsdecode(line)) for line in content.splitlines() if line.strip()]


def _frames(data: bytes) -> Iterator[tuple[float, Image.Image]]:
    try:
        yield from frames_of(data)
    except ImageError as error:
        raise FileError(str(error)) from error


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # ValueError: a name no system can hold
        return False


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(root, name)


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise FileError("There is no file in this folder.")
        if not path.is_file():
            raise FileError("There is no such file.")
        with path.open("rb") as file:
            return file.read(_MAX_READ)
    except (OSError, ValueError) as error:  # ValueError: a name no system can hold
        raise FileError("This file cannot be read.") from error
