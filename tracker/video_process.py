"""The inner side of a video's decoding: limits itself, reads, writes frames.

Started by `tracker.video` as `python -m tracker.video_process ORDER`, the file being its
standard input; nothing imports it. No file and no socket can be opened once it reads: what
a video points to elsewhere stays there.
"""

import json
import logging
import math
import resource
import struct
import sys
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from itertools import groupby
from typing import Any, BinaryIO

import av
from av.sidedata.sidedata import Type as Side
from av.stream import Disposition
from PIL import Image

from tracker import guarded
from tracker.timeline import Timeline, wanted
from tracker.video import MAX_PIXELS, MAX_SECONDS, SIDE, VideoError

LATE = (
    "PIL.ImageFile",
    "av.subtitles.stream",
)  # else loaded once no file can be opened
DEMUXERS = {"MP4": "mov", "WEBM": "matroska"}
# What browsers play, and what old telephones recorded.
CODECS = ("h264", "hevc", "vp8", "vp9", "libdav1d", "av1", "mpeg4", "h263")
MOST_PACKETS = 3_000_000  # more than six hours at 120 frames a second

# What brings a stored frame upright, by the signs of its display matrix's a, b, c, d
# (ISO/IEC 14496-12, 8.3.2: x' = ax + cy, y' = bx + dy, with y pointing down).
_UPRIGHT = {
    (-1, 0, 0, 1): Image.Transpose.FLIP_LEFT_RIGHT,
    (-1, 0, 0, -1): Image.Transpose.ROTATE_180,
    (1, 0, 0, -1): Image.Transpose.FLIP_TOP_BOTTOM,
    (0, 1, 1, 0): Image.Transpose.TRANSPOSE,
    (0, 1, -1, 0): Image.Transpose.ROTATE_270,
    (0, -1, -1, 0): Image.Transpose.TRANSVERSE,
    (0, -1, 1, 0): Image.Transpose.ROTATE_90,
}
_QUARTERS = {turn for signs, turn in _UPRIGHT.items() if signs[0] == 0}


@dataclass(frozen=True, slots=True)
class Order:
    """What tracker.video wrote on our command line, as JSON."""

    format: str
    frames: int
    seconds: float
    memory_bytes: int
    parent: int


def main() -> int:
    logging.disable(logging.CRITICAL)
    av.logging.set_level(None)
    order = Order(**json.loads(sys.argv[1]))
    guarded.limit(order.memory_bytes, order.seconds)
    guarded.die_with(order.parent)
    for module in LATE:
        import_module(module)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    run(order, sys.stdin.buffer, sys.stdout.buffer)
    return 0


def run(order: Order, file: BinaryIO, out: BinaryIO) -> None:
    """Write a line for the video, then one and its pixels for each frame, then the end."""
    try:
        read(order, file, out)
    except VideoError as error:
        guarded.line({"error": error.code}, out)
    except MemoryError:
        guarded.line({"error": "too_heavy"}, out)
    except (av.DecoderNotFoundError, av.PatchWelcomeError):
        guarded.line({"error": "coding"}, out)
    except BrokenPipeError:
        pass
    except Exception:  # noqa: BLE001  # hostile bytes make FFmpeg and its wrapper raise anything
        guarded.line({"error": "damaged"}, out)


def read(order: Order, file: BinaryIO, out: BinaryIO) -> None:
    """Raises VideoError, and whatever FFmpeg does."""
    with av.open(
        file,
        "r",
        format=DEMUXERS[order.format],
        io_open=_refuse,
        options={"codec_whitelist": ",".join(CODECS)},
    ) as container:
        stream = _pictures(container)
        timeline = _timeline(container, stream)
        turned = None
        for place, frame in _frames(container, stream, timeline, order.frames):
            image, size = _upright(frame)
            if turned is None:
                turned = {"width": size[0], "height": size[1]}
                guarded.line(turned | {"seconds": timeline.seconds}, out)
            told = {"number": place, "at": timeline.at(place)}
            told |= {"width": image.width, "height": image.height}
            guarded.line(told, out)
            out.write(image.tobytes())
        if turned is None:
            raise VideoError("damaged")
        guarded.line({"end": True}, out)


def _refuse(*_: object) -> None:
    """A video that wants another file opened does not get it."""
    raise PermissionError


def _pictures(container: av.container.InputContainer) -> av.VideoStream:
    """The stream to look at; a song's cover is none."""
    cover = Disposition.attached_pic | Disposition.timed_thumbnails
    streams = [s for s in container.streams.video if not s.disposition & cover]
    if not streams:
        raise VideoError("no_pictures")
    stream = streams[0]
    decoder = stream.codec_context
    if decoder is None or decoder.codec.name not in CODECS:
        raise VideoError("coding")
    if stream.width * stream.height > MAX_PIXELS:
        raise VideoError("too_many_pixels")
    decoder.options = {"max_pixels": str(MAX_PIXELS)}
    decoder.thread_count = 1
    return stream


def _timeline(
    container: av.container.InputContainer, stream: av.VideoStream
) -> Timeline:
    """Read through the whole file without decoding: what a header says may be wrong."""
    seen: dict[int, bool] = {}
    try:
        for packet in container.demux(stream):
            if packet.size and (stamp := _stamp(packet)) is not None:
                seen[stamp] = packet.is_keyframe or seen.get(stamp, False)
            if len(seen) > MOST_PACKETS:
                raise VideoError("too_long")
    except av.FFmpegError:
        if not seen:
            raise
    if not seen:
        raise VideoError("no_frames")
    stamps = sorted(seen)
    keys = [place for place, stamp in enumerate(stamps) if seen[stamp]]
    timeline = Timeline(stamps, keys or [0], stream.time_base or Fraction(1))
    if timeline.seconds > MAX_SECONDS:
        raise VideoError("too_long")
    return timeline


def _stamp(packet: "av.Packet[av.VideoStream]") -> int | None:
    return packet.dts if packet.pts is None else packet.pts


def _frames(
    container: av.container.InputContainer,
    stream: av.VideoStream,
    timeline: Timeline,
    most: int,
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Decode what is wanted: from each key frame to the last frame wanted behind it."""
    pixels = stream.width * stream.height
    chosen = wanted(timeline, most, pixels)
    for key, group in groupby(chosen, lambda pair: pair[0]):
        stamps = [timeline.stamps[place] for _, place in group]
        container.seek(timeline.stamps[key], stream=stream)
        for frame in _run(container, stream, stamps[-1]):
            if frame.pts is None or frame.is_corrupt or frame.pts < stamps[0]:
                continue
            stamps = [stamp for stamp in stamps if stamp > frame.pts]
            place = bisect_left(timeline.stamps, frame.pts)
            yield min(place, len(timeline.stamps) - 1), frame
            if not stamps:
                break


def _run(
    container: av.container.InputContainer, stream: av.VideoStream, last: int
) -> Iterator[av.VideoFrame]:
    """The frames from where the container stands to that of the stamp `last`, and a few."""
    decoder = stream.codec_context
    for packet in container.demux(stream):
        try:
            yield from decoder.decode(packet if packet.size else None)
        except av.InvalidDataError:
            continue  # one spoilt frame; who shows the video shows the next one, too
        if not packet.size:
            return
        if _stamp(packet) == last:
            yield from decoder.decode(None)
            return


def _upright(frame: av.VideoFrame) -> tuple[Image.Image, tuple[int, int]]:
    """The frame as it is shown, fitted within SIDE, and its size before that."""
    if frame.width * frame.height > MAX_PIXELS:
        raise VideoError("too_many_pixels")
    shrink = math.ceil(max(frame.width, frame.height) / SIDE)
    small = frame.reformat(
        width=max(1, frame.width // shrink),
        height=max(1, frame.height // shrink),
        format="rgb24",
        interpolation="AREA",
    )
    image = Image.fromarray(small.to_ndarray())
    size = frame.width, frame.height
    turn = _UPRIGHT.get(_signs(frame))
    if turn is None:
        return image, size
    return image.transpose(turn), size[::-1] if turn in _QUARTERS else size


def _signs(frame: av.VideoFrame) -> tuple[int, int, int, int]:
    """Of the display matrix's a, b, c and d; less than a half counts as nothing."""
    beside: Any = frame.side_data  # its stub says another class
    try:
        matrix = beside[Side.DISPLAYMATRIX]
    except KeyError:
        return 1, 0, 0, 1
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(matrix))
    return _sign(a), _sign(b), _sign(c), _sign(d)


def _sign(fixed: int) -> int:
    """Of a number in 16.16 fixed point."""
    return (fixed > 2**15) - (fixed < -(2**15))


if __name__ == "__main__":
    sys.exit(main())
