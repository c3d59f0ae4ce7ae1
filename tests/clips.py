"""Videos for tests: drawn landscapes, one scene after the other, encoded here."""

import io
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
from PIL import Image

from tests.drawing import landscape

SIZE = (160, 120)
RATE = 8  # frames a second


def scenes(seeds: Sequence[int], size: tuple[int, int] = SIZE) -> list[Image.Image]:
    """RATE frames for each seed: a landscape over which the view moves a little."""
    frames = []
    for seed in seeds:
        wide = landscape(seed, (size[0] + RATE, size[1]))
        frames += [wide.crop((x, 0, x + size[0], size[1])) for x in range(RATE)]
    return frames


def encode(
    frames: Sequence[Image.Image],
    file_format: str = "mp4",
    *,
    keys: int = 12,
    turned: int = 0,
    mirrored: bool = False,
    pause: int = 1,
    tags: Mapping[str, str] | None = None,
) -> bytes:
    """A file of these frames, a key frame at least every `keys` of them.

    Whoever plays it turns it by `turned` degrees to the left, then mirrors it. Each frame
    stays for `pause` times as long. `tags` are what the container says of itself.
    """
    held = io.BytesIO()
    # Else an MP4 drops what is not on its own list of tags.
    options = {"movflags": "use_metadata_tags"} if tags else {}
    container = av.open(held, "w", format=file_format, options=options)
    container.metadata.update(tags or {})
    codec = "libvpx" if file_format == "webm" else "libx264"
    stream: Any = container.add_stream(codec, rate=RATE)
    stream.width, stream.height = frames[0].size
    stream.pix_fmt, stream.gop_size = "yuv420p", keys
    stream.time_base = Fraction(1, RATE)
    stream.options = (
        {"deadline": "realtime"} if codec == "libvpx" else {"preset": "veryfast"}
    )
    if turned or mirrored:
        stream.set_display_rotation(turned, hflip=mirrored)
    for number, image in enumerate(frames):
        frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
        frame.pts, frame.time_base = number * pause, Fraction(1, RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
    container.close()
    return held.getvalue()


def clip(*seeds: int, size: tuple[int, int] = SIZE, keys: int = 12) -> bytes:
    """An MP4 of one second for each seed."""
    return encode(scenes(seeds, size), keys=keys)


def sound() -> bytes:
    """An MP4 with a second of silence and nothing to see."""
    held = io.BytesIO()
    container = av.open(held, "w", format="mp4")
    stream = container.add_stream("aac", rate=44100)
    for _ in range(40):
        quiet = np.zeros((1, 1024), np.int16)
        frame = av.AudioFrame.from_ndarray(quiet, layout="mono", format="s16")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
    container.close()
    return held.getvalue()


def without_frames() -> bytes:
    """An MP4 whose tables tell of a video stream with nothing in it."""
    whole = clip(1)
    for name, entry in ((b"stsz", 12), (b"stts", 8), (b"stco", 8), (b"stsc", 8)):
        at = whole.index(name) + entry
        whole = whole[:at] + bytes(4) + whole[at + 4 :]
    return whole
