"""The one door through which untrusted bytes become the frames of a video.

FFmpeg runs in a guarded process (tracker/video_process.py) and never in this one. What
comes out are upright RGB pictures under known limits, spread over the whole length.
"""

import hashlib
import json
import math
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from tracker import guarded
from tracker.images import Picture, decode, decoded

MAX_BYTES = 100 * 2**20
MAX_PIXELS = 36_000_000  # of one frame: 8K UHD has 33 million
MAX_SECONDS = 6 * 3600.0  # of playing
MOST_FRAMES = 60
SIDE = 1024  # a frame is averaged down until neither side is longer; 512 are hashed

_SENTENCES = {
    "unreadable": "This file cannot be read.",
    "empty": "This file is empty.",
    "too_large": f"This file is larger than {MAX_BYTES // 2**20} MiB.",
    "unsupported": "This file is not an MP4, MOV, WebM or Matroska video.",
    "coding": "This video is written in a way that we do not read.",
    "no_pictures": "This file has no moving pictures in it.",
    "no_frames": "This video has no frame in it.",
    "too_long": f"This video is longer than {MAX_SECONDS / 3600:.0f} hours.",
    "too_many_pixels": f"This video has over {MAX_PIXELS // 10**6} million pixels a frame.",
    "damaged": "This video is damaged or cut short and cannot be opened.",
    "too_heavy": "This video takes more time or memory to read than we allow.",
}

# ISO base media (ISO/IEC 14496-12) by its first box, unless its brand is a still picture's;
# Matroska by the head of EBML (RFC 8794). The first bytes decide, never a name.
_STILL = rb"avi[fs]|mif1|msf1|he[iv][cxms]|jp2 |crx "
_MAGIC = (
    (re.compile(rb"....ftyp(?!" + _STILL + rb")", re.DOTALL), "MP4"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), "WEBM"),
)


class VideoError(Exception):
    """Bytes that cannot become a video; str() is a sentence for the person.

    `code` is one of: unreadable, empty, too_large, unsupported, coding, no_pictures,
    no_frames, too_long, too_many_pixels, damaged, too_heavy.
    """

    def __init__(self, code: str) -> None:
        super().__init__(_SENTENCES[code])
        self.code = code


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """Wall-clock seconds, bytes of address space, and the most frames of one reading."""

    seconds: float = 60.0
    memory_bytes: int = 2 * 2**30
    frames: int = MOST_FRAMES


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: its number from 0, its moment in seconds from the first one, its picture.

    The picture's `image` fits SIDE x SIDE; its other fields are the video's.
    """

    number: int
    at: float
    picture: Picture


@dataclass(frozen=True, slots=True)
class Video:
    """At least one frame of a decoded video, in order.

    `width` and `height` are of the video as it is seen, upright; `sha256` and `size` of
    the whole file. `format` is "MP4" (or MOV) or "WEBM" (or Matroska).
    """

    frames: tuple[Frame, ...]
    format: str
    width: int
    height: int
    seconds: float
    sha256: str
    size: int


def is_video(data: bytes) -> bool:
    r"""Whether the first bytes are those of a video that may be decoded here.

    >>> is_video(b"\0\0\0\x20ftypisom"), is_video(b"\0\0\0\x20ftypavif")
    (True, False)
    """
    return video_format(data) is not None


def decode_video(data: bytes, limits: VideoLimits = VideoLimits()) -> Video:
    """Decode up to `limits.frames` frames of a file that a stranger made.

    They are at the middles of as many equal parts, one a second at most: the moments
    that a victim's browser takes. A key frame stands in where one is near enough. Where
    a video breaks off, the frames before it count. Raises VideoError, and no other error
    or warning, whatever the bytes are.
    """
    if not data:
        raise VideoError("empty")
    if len(data) > MAX_BYTES:
        raise VideoError("too_large")
    if (file_format := video_format(data)) is None:
        raise VideoError("unsupported")
    head, told = _decoded(data, file_format, limits)
    video = Video(
        frames=(),
        format=file_format,
        width=head["width"],
        height=head["height"],
        seconds=head["seconds"],
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
    )
    return replace(video, frames=tuple(_frame(video, *each) for each in told))


def decode_media(data: bytes) -> Picture | Video:
    """Decode a file by its first bytes, as a video or as a picture.

    Raises VideoError or tracker.ImageError.
    """
    return decode_video(data) if is_video(data) else decode(data)


def decode_video_file(path: Path) -> Video:
    """Decode the file at `path`, reading no more of it than is allowed.

    Raises VideoError, also where there is no such file or it may not be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise VideoError("unreadable") from error
    return decode_video(data)


def video_format(data: bytes) -> str | None:
    """By the first bytes "MP4" or "WEBM"; None for what is not decoded here."""
    return next((name for magic, name in _MAGIC if magic.match(data)), None)


_Told = tuple[int, float, Image.Image]  # number, seconds, picture


def _frame(video: Video, number: int, at: float, image: Image.Image) -> Frame:
    picture = decoded(image, format=video.format, sha256=video.sha256, size=video.size)
    return Frame(number, at, picture)


def _decoded(
    data: bytes, file_format: str, limits: VideoLimits
) -> tuple[dict[str, Any], list[_Told]]:
    """What the guarded process tells of a video: its head, and its frames."""
    order = {
        "format": file_format,
        "frames": limits.frames,
        "seconds": limits.seconds,
        "memory_bytes": limits.memory_bytes,
        "parent": os.getpid(),
    }
    with open(os.memfd_create("video"), "w+b") as file:  # noqa: PTH123  # a descriptor
        file.write(data)
        file.seek(0)
        child = guarded.start("tracker.video_process", json.dumps(order), stdin=file)
    told: list[_Told] = []
    try:
        deadline = time.monotonic() + limits.seconds
        lines = guarded.Frames(_descriptor(child), deadline, 3 * SIDE * SIDE)
        head = _fields(_answer(lines, child), width=int, height=int, seconds=float)
        for frame in _frames(lines, child, limits.frames):
            told.append(frame)  # noqa: PERF402  # what came before an error is kept
    except guarded.GuardError as error:
        if not told:
            hard = error.code in {"time", "cpu"}
            raise VideoError("too_heavy" if hard else "damaged") from None
    except VideoError:
        if not told:
            raise
    finally:
        guarded.kill(child)
    return head, told


def _descriptor(child: subprocess.Popen[bytes]) -> int:
    if child.stdout is None:
        raise guarded.GuardError("crashed")
    return child.stdout.fileno()


def _answer(lines: guarded.Frames, child: subprocess.Popen[bytes]) -> dict[str, Any]:
    """The next line; raises VideoError where it says that the video is no good."""
    told = lines.header()
    if told is None:
        raise guarded.GuardError(guarded.cause(child))
    if (code := told.get("error")) is not None:
        raise VideoError(code if code in _SENTENCES else "damaged")
    return told


def _frames(
    lines: guarded.Frames, child: subprocess.Popen[bytes], most: int
) -> Iterator[_Told]:
    while not (told := _answer(lines, child)).get("end"):
        size = _fields(told, width=int, height=int)
        place = _fields(told, number=int, at=float)
        if most == 0 or max(size.values()) > SIDE:
            raise guarded.GuardError("frame")
        most -= 1
        width, height = size["width"], size["height"]
        pixels = lines.body(3 * width * height)
        image = Image.frombytes("RGB", (width, height), pixels)
        yield place["number"], place["at"], image


def _fields(told: dict[str, Any], **kinds: type) -> dict[str, Any]:
    """Those fields of a line: numbers, none of them negative. Raises GuardError."""
    fields: dict[str, Any] = {name: told.get(name) for name in kinds}
    for name, value in fields.items():
        strange = type(value) is not kinds[name]
        if strange or not math.isfinite(value) or value < 0:
            raise guarded.GuardError("frame")
    return fields
