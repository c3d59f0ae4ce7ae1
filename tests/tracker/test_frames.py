import json
from functools import cache
from pathlib import Path

import pytest

from tests import clips
from tests.drawing import blank, landscape, mirror
from tests.tracker.test_command_line import tracker
from tracker import (
    Frame,
    Picture,
    Video,
    ask_video,
    compare_media,
    distinct_frames,
    frames,
    hash_video,
    recall_video,
)
from tracker.frames import LEAST_SHARE
from tracker.images import decoded


def picture(seed: int, name: str = "f0") -> Picture:
    image = blank() if seed == 0 else landscape(seed)
    return decoded(image, format="MP4", sha256=name, size=1)


@cache
def video(*seeds: int) -> Video:
    """One frame a second of these landscapes; 0 is a plain one."""
    name = "".join(map(str, seeds))
    shown = (Frame(n, n + 0.5, picture(s, name)) for n, s in enumerate(seeds))
    return Video(tuple(shown), "MP4", 640, 480, len(seeds), name, 1)


def test_a_video_is_the_pdq_of_its_distinct_frames() -> None:
    signals = hash_video(video(1, 1, 0, 2, 1))
    assert [(frame.number, frame.at) for frame in signals.frames] == [
        (0, 0.5),
        (3, 3.5),
    ]
    assert [signal.of for signal in signals.all] == ["whole", "frame 0.5", "frame 3.5"]
    assert {signal.type for signal in signals.all[1:]} == {"pdq"}
    assert all(signal.quality for signal in signals.all[1:])


def test_a_video_of_plain_frames_has_its_sha256_and_nothing_else() -> None:
    plain = video(0, 0)
    assert distinct_frames(plain) == ()
    assert [signal.type for signal in hash_video(plain).all] == ["sha256"]
    ((question,),) = ask_video(plain)
    assert question.type == "sha256"
    assert compare_media(plain, video(1)).kind is None


def test_a_lookup_asks_for_each_distinct_frame() -> None:
    questions = ask_video(video(1, 1, 2), whole=True)
    assert len(questions) == 2
    assert {len(question) for question in questions} == {10}


def test_a_memory_is_asked_by_what_the_bank_keeps_of_a_video() -> None:
    asked = recall_video(video(1, 2))
    assert [signal.type for signal in asked] == ["sha256", *["pdq"] * 16]


def test_a_few_frames_are_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[bool] = []

    def asked(_: Picture, *, whole: bool) -> tuple[()]:
        looked.append(not whole)
        return ()

    monkeypatch.setattr(frames, "LOOKED_INTO", 2)
    monkeypatch.setattr(frames, "ask_picture", asked)
    ask_video(video(1, 2, 3, 4, 5))
    assert looked == [True, False, True, False, True]


def test_an_excerpt_is_near_and_a_shared_title_only_possible() -> None:
    excerpt = compare_media(video(1, 2), video(5, 1, 2, 3, 4))
    assert (excerpt.kind, excerpt.distance) == ("near", 0)
    title = compare_media(video(9, 1, 2), video(9, 3, 4))
    assert LEAST_SHARE > 1 / 3
    assert (title.kind, title.distance) == ("possible", 0)
    assert compare_media(video(1, 2), video(3, 4)).kind is None
    same = compare_media(video(1), video(1))
    assert (same.kind, same.why) == ("exact", "same bytes")


def test_a_still_is_found_in_a_video_and_the_other_way_round() -> None:
    image = mirror(landscape(2))
    still = decoded(image, format="JPEG", sha256="f1", size=1)
    assert compare_media(still, video(1, 2, 3)).kind == "near"
    assert compare_media(video(1, 2, 3), still).kind == "near"
    assert compare_media(still, picture(2)).kind == "near"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    drawn = clips.scenes((1, 2, 3))
    (folder / "a.mp4").write_bytes(clips.encode(drawn, keys=8))
    smaller = [image.resize((96, 72)) for image in drawn]
    (folder / "b.webm").write_bytes(clips.encode(smaller, "webm", keys=100))
    drawn[12].save(folder / "still.jpg", quality=80)
    (folder / "text.mp4").write_bytes(b"hello")
    (folder / "cut.mp4").write_bytes(clips.clip(1)[:2000])
    return folder


def test_the_command_line_hashes_and_compares_videos(files: Path) -> None:
    done = tracker("hash", files / "a.mp4", files / "cut.mp4", "--json")
    told, refused = (json.loads(line) for line in done.stdout.splitlines())
    assert [s["of"] for s in told["signals"] if "of" in s] == [
        "frame 0.5",
        "frame 1.5",
        "frame 2.5",
    ]
    assert "damaged" in refused["error"]
    again = tracker("compare", files / "b.webm", files / "a.mp4", "--json")
    assert json.loads(again.stdout)["kind"] == "near"
    assert json.loads(again.stdout)["share_b"] == 1
    still = tracker("compare", files / "a.mp4", files / "still.jpg")
    assert still.stdout.startswith(b"near: ")
    assert tracker("compare", files / "text.mp4", files / "a.mp4").returncode == 1
