import io
import json
import os
import struct
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image, ImageOps

from tests import clips
from tests.drawing import encode, landscape
from tracker import (
    Picture,
    VideoError,
    VideoLimits,
    bits_apart,
    decode,
    decode_media,
    decode_video,
    decode_video_file,
    guarded,
    hash_picture,
    is_video,
    video_process,
)
from tracker import video as door
from tracker.images import decoded
from tracker.timeline import Timeline, spread, wanted
from tracker.video_process import Order

PLENTY = VideoLimits()
PLAYLIST = b"#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:9/"/></svg>'
)
SDP = b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"


def the_code(data: bytes, limits: VideoLimits = PLENTY) -> str:
    with pytest.raises(VideoError) as refusal:
        decode_video(data, limits)
    assert str(refusal.value).endswith(".")
    return refusal.value.code


def inside(data: bytes, file_format: str = "MP4") -> list[dict[str, float | str]]:
    """The lines that the guarded process would write, made in this one."""
    out = io.BytesIO()
    order = Order(file_format, 60, 60.0, 2**31, os.getpid())
    video_process.run(order, io.BytesIO(data), out)
    out.seek(0)
    lines = []
    while line := out.readline():
        lines.append(json.loads(line))
        if "number" in lines[-1]:
            out.read(3 * lines[-1]["width"] * lines[-1]["height"])
    return lines


def pdq(image: Image.Image) -> str:
    picture = decoded(image, format="PNG", sha256="", size=0)
    return next(s.value for s in hash_picture(picture, whole=True) if s.type == "pdq")


@pytest.mark.parametrize("file_format", ["mp4", "webm"])
def test_a_video_gives_the_frames_at_the_middles_of_its_seconds(
    file_format: str,
) -> None:
    drawn = clips.scenes((1, 2, 3))
    data = clips.encode(drawn, file_format)
    video = decode_video(data)
    assert video.format == file_format.upper()
    assert (video.width, video.height, video.size) == (160, 120, len(data))
    assert video.seconds == pytest.approx(3, abs=0.01)
    assert [frame.number for frame in video.frames] == [4, 12, 20]
    assert [frame.at for frame in video.frames] == pytest.approx(
        [0.5, 1.5, 2.5], abs=0.01
    )
    for frame in video.frames:
        assert frame.picture.sha256 == video.sha256
        assert bits_apart(pdq(frame.picture.image), pdq(drawn[frame.number])) <= 16


def test_quicktime_and_matroska_are_read_too() -> None:
    drawn = clips.scenes((1,))
    assert inside(clips.encode(drawn, "mov"))[-1] == {"end": True}
    assert inside(clips.encode(drawn, "matroska"), "WEBM")[-1] == {"end": True}


def test_where_the_key_frames_lie_does_not_matter() -> None:
    drawn = clips.scenes((1, 2, 3))
    dense, rare = (inside(clips.encode(drawn, keys=keys)) for keys in (1, 100))
    assert dense == rare


@pytest.mark.parametrize(
    "how", [{"turned": t, "mirrored": m} for t in (0, 90, 180, 270) for m in (0, 1)]
)
def test_a_video_is_shown_upright(
    monkeypatch: pytest.MonkeyPatch, how: dict[str, int]
) -> None:
    drawn = landscape(1, clips.SIZE)
    shown: list[Image.Image] = []
    upright = video_process._upright

    def seen(frame: av.VideoFrame) -> tuple[Image.Image, tuple[int, int]]:
        image, size = upright(frame)
        assert size == image.size
        shown.append(image)
        return image, size

    monkeypatch.setattr(video_process, "_upright", seen)
    inside(
        clips.encode([drawn] * 4, turned=how["turned"], mirrored=bool(how["mirrored"]))
    )
    wanted = drawn.rotate(how["turned"], expand=True)
    wanted = ImageOps.mirror(wanted) if how["mirrored"] else wanted
    assert bits_apart(pdq(shown[0]), pdq(wanted)) <= 16


def test_large_frames_are_averaged_down() -> None:
    (head, frame, _) = inside(clips.encode([landscape(1, (2400, 64))] * 2))
    assert (head["width"], head["height"]) == (2400, 64)
    assert (frame["width"], frame["height"]) == (800, 21)


@pytest.mark.parametrize(
    "data",
    [PLAYLIST, SVG, SDP, b"ffconcat version 1.0\nfile /etc/hostname\n", b"hello"],
)
def test_what_only_points_elsewhere_is_no_video(data: bytes) -> None:
    assert the_code(data) == "unsupported"
    assert {line["error"] for line in inside(data)} == {"damaged"}
    assert {line["error"] for line in inside(data, "WEBM")} == {"damaged"}


def test_files_that_are_no_video_say_why() -> None:
    assert the_code(b"") == "empty"
    assert the_code(encode(landscape(1, (64, 64)), "JPEG")) == "unsupported"
    assert the_code(encode(landscape(1, (64, 64)), "AVIF")) == "unsupported"
    assert inside(clips.sound()) == [{"error": "no_pictures"}]
    assert inside(clips.without_frames()) == [{"error": "no_frames"}]


def test_a_video_of_ten_hours_is_refused_for_its_length() -> None:
    frames = clips.scenes((1,))[:4]
    (line,) = inside(clips.encode(frames, pause=clips.RATE * 3600 * 5 // 2))
    assert line == {"error": "too_long"}


def test_too_large_a_file_and_too_many_pixels_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = clips.clip(1)
    monkeypatch.setattr(video_process, "MAX_PIXELS", 160 * 119)
    assert inside(data) == [{"error": "too_many_pixels"}]
    monkeypatch.setattr(door, "MAX_BYTES", len(data) - 1)
    assert the_code(data) == "too_large"
    (tmp_path / "clip.mp4").write_bytes(data)
    with pytest.raises(VideoError, match="larger"):
        decode_video_file(tmp_path / "clip.mp4")
    with pytest.raises(VideoError, match="cannot be read"):
        decode_video_file(tmp_path / "none.mp4")


def test_a_coding_that_is_not_ours_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_process, "CODECS", ("vp8",))
    assert inside(clips.clip(1)) == [{"error": "coding"}]


def test_a_file_cut_short_keeps_what_came_before() -> None:
    whole = clips.encode(clips.scenes((1, 2, 3)), "webm")
    lines = inside(whole[: len(whole) // 2], "WEBM")
    assert lines[-1] == {"end": True}
    assert 2 < len(lines) < 5
    tables_come_last = clips.clip(1)[:2000]
    assert inside(tables_come_last) == [{"error": "damaged"}]


@pytest.mark.parametrize("table", [b"stco", b"stsz", b"stss", b"stts", b"ctts"])
def test_a_broken_index_breaks_nothing_else(table: bytes) -> None:
    whole = clips.clip(1, 2)
    for spoilt in (b"\xff" * 24, bytes(24)):
        at = whole.index(table) + 8
        lines = inside(whole[:at] + spoilt + whole[at + 24 :])
        assert "end" in lines[-1] or "error" in lines[-1]


def test_flipped_bytes_never_raise() -> None:
    whole = bytearray(clips.clip(1))
    for at in range(40, len(whole), len(whole) // 40):
        spoilt = whole.copy()
        spoilt[at] ^= 0xFF
        lines = inside(bytes(spoilt))
        assert "end" in lines[-1] or "error" in lines[-1]


def test_too_little_time_or_memory_ends_the_reading() -> None:
    started = time.monotonic()
    assert the_code(clips.clip(1), VideoLimits(seconds=0.05)) == "too_heavy"
    assert time.monotonic() - started < 3
    few = VideoLimits(memory_bytes=50 * 2**20)
    assert the_code(clips.clip(1), few) in {"too_heavy", "damaged"}


def test_one_frame_is_the_one_in_the_middle() -> None:
    (frame,) = decode_video(clips.clip(1, 2, 3), VideoLimits(frames=1)).frames
    assert frame.number == 12


def test_a_process_that_lies_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    data = clips.clip(1)
    head = {"width": 160, "height": 120, "seconds": 1.0}
    frame = {"number": 0, "at": 0.0, "width": 2, "height": 2}
    for lines in (
        [],
        [head],
        [{"error": "nonsense"}],
        [head | {"seconds": float("nan")}],
        [head, frame | {"width": 5000}],
        [head, frame | {"number": True}],
        [head, frame],
    ):
        said = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        program = f"import sys; sys.stdout.buffer.write({said!r})"
        monkeypatch.setattr(guarded, "start", _says(program))
        assert the_code(data) == "damaged"


def test_frames_that_came_before_a_failure_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    head = {"width": 160, "height": 120, "seconds": 1.0}
    frame = {"number": 0, "at": 0.0, "width": 1, "height": 1}
    said = (
        b"".join(json.dumps(line).encode() + b"\n" for line in (head, frame)) + b"rgb"
    )
    for end in (b"", b'{"error": "damaged"}\n', b"nonsense\n"):
        program = f"import sys; sys.stdout.buffer.write({said + end!r})"
        monkeypatch.setattr(guarded, "start", _says(program))
        (kept,) = decode_video(clips.clip(1)).frames
        assert kept.picture.image.size == (1, 1)


def _says(program: str) -> object:
    return lambda *_, **__: subprocess.Popen(
        [sys.executable, "-S", "-c", program], stdout=subprocess.PIPE, bufsize=0
    )


def test_the_first_bytes_decide_what_is_decoded() -> None:
    picture = encode(landscape(1, (64, 64)), "JPEG")
    assert isinstance(decode_media(picture), Picture)
    assert is_video(clips.clip(1))
    assert not is_video(picture)
    assert not is_video(struct.pack(">I", 24) + b"ftypheic")
    assert decode(picture).sha256


def test_moments_are_spread_over_the_whole_length() -> None:
    assert spread(600, 60)[0] == 5
    assert spread(600, 60)[-1] == 595
    assert len(spread(6 * 3600, 60)) == 60


def test_a_long_video_is_read_by_its_key_frames_alone() -> None:
    stamps = list(range(30 * 600))
    keys = stamps[::250]
    line = Timeline(stamps, keys, Fraction(1, 30))
    exact = wanted(line, 60, 100 * 100)
    assert [place for _, place in exact[:2]] == [150, 450]
    cheap = wanted(line, 60, 1920 * 1080)
    assert all(key == place for key, place in cheap)
    assert len(cheap) == 60
