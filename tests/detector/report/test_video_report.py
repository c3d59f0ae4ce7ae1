"""The report of a video: the same parts, the frames that matter, and no word of a picture."""

from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from PIL import Image

from detector import ModelOpinion, VideoAssessment, assess_frames, explain
from detector import __main__ as command_line
from detector.report import Examined, Exhibit, compose, html
from detector.report.document import Item
from detector.words import LOCALES, words
from tests import clips
from tests.detector.report.conftest import CALIBRATED, Mapped, needs_fonts
from tests.drawing import encode, landscape

Examine = Callable[..., Examined]
QUIET = ModelOpinion("learned", 0.5, 1.0, (0.4, 1.2), weights="ab" * 32)


@pytest.fixture
def examine() -> Examine:
    """Examine eight frames of a file that was not one, by a model that answers as told."""

    def examine(*given: ModelOpinion) -> Examined:
        frames = [(float(second), landscape(1, (160, 120))) for second in range(8)]
        return Examined(
            exhibit=Exhibit.of_file(b"a video", 1920, 1080, "MP4"),
            assessment=assess_frames(frames, models=tuple(map(Mapped, given))),
        )

    return examine


@pytest.mark.parametrize("locale", LOCALES)
def test_it_holds_every_part_and_the_frames_that_matter(
    locale: str, examine: Examine, card: Path
) -> None:
    examined = examine(CALIBRATED)
    page = unescape(html(compose(examined, locale)))
    say = words(locale).phrases

    for part in (
        "video.title", "video.opinion", "video.question.first", "video.question.second",
        "video.exhibit.native", "exhibit.sha256", "video.frames.title",
        "video.frames.intro", "video.methods.measurements", "errors.intro",
        "models.weights", "untested.title", "video.limits.no_proof", "video.limits.who",
        "video.reproduce.placeholders", "signing.line",
    ):  # fmt: skip
        assert say[f"report.{part}"] in page, part
    found = examined.assessment
    assert isinstance(found, VideoAssessment)
    for fact in (
        examined.exhibit.sha256, "1920 x 1080", "MP4", "ab" * 32, "0:04.0",
        explain.video_summary(found.finding, found.reasons, locale),
        explain.opinion(CALIBRATED, locale).detail,
        explain.kind("model", locale),
    ):  # fmt: skip
        assert fact in page, fact
    assert say["report.models.scale_rule"] not in page, "no ratio is of the whole"
    for part in ("title", "opinion", "question.first", "limits.no_proof"):
        assert say[f"report.{part}"] not in page, part


def test_five_frames_are_told_the_worst_first(examine: Examine) -> None:
    document = compose(examine(CALIBRATED), "en")
    (frames,) = (one for one in document.sections if one.title == "Frames")

    moments = [getattr(block, "about", "") for block in frames.blocks]
    assert moments == [
        "",
        *(f"Frame {n} of those examined, at 0:{n - 1:04.1f}" for n in range(1, 6)),
    ]
    said = explain.opinion(CALIBRATED)
    for block in frames.blocks[1:]:
        assert isinstance(block, Item)
        assert (block.finding, block.detail) == said
        assert block.bears == "some signs"


def test_where_no_frame_shows_a_sign_it_says_so(examine: Examine) -> None:
    page = html(compose(examine(QUIET), "en"))

    assert "No frame shows a sign." in page
    assert "No evidence raised the finding." in page


def test_where_no_opinion_is_on_record_it_does_not_say_that_none_was_asked(
    examine: Examine,
) -> None:
    page = html(compose(examine(), "en"))

    assert "no opinion of a trained model is on record" in page
    assert "No trained model was asked." not in page


@needs_fonts
@pytest.mark.parametrize("kind", ["mp4", "gif"])
def test_the_command_writes_the_same_bytes_twice(kind: str, tmp_path: Path) -> None:
    video = tmp_path / "secret-name"
    frames = clips.scenes([1, 2])
    video.write_bytes(clips.encode(frames) if kind == "mp4" else animation(frames))
    outs = [tmp_path / name for name in ("one.pdf", "two.pdf")]
    pages = [out.with_suffix(".html") for out in outs]
    for out, page in zip(outs, pages, strict=True):
        asked = ["report", str(video), "-o", str(out), "--html", str(page)]
        assert command_line.main([*asked, "--locale", "ko"]) == 0

    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert pages[0].read_bytes() == pages[1].read_bytes()
    told = unescape(pages[0].read_text())
    assert "동영상 감정 보고서" in told
    assert "160 x 120" in told
    assert kind.upper() in told
    assert "python -m detector report VIDEO -o REPORT.pdf --locale ko" in told
    assert "secret-name" not in told


def animation(frames: list[Image.Image]) -> bytes:
    return encode(
        frames[0], "GIF", save_all=True, append_images=frames[1:], duration=125
    )


def test_no_map_is_drawn_of_a_video(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = tmp_path / "clip.mp4"
    video.write_bytes(clips.encode(clips.scenes([1])))

    asked = ["report", str(video), "-o", str(tmp_path / "out.pdf"), "--heatmap"]
    assert command_line.main(asked) == 1
    told = "This is a video or an animation, and not a photo.\n"
    assert capsys.readouterr().err == told


def test_a_video_is_no_original(
    tmp_path: Path, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = tmp_path / "clip.mp4"
    video.write_bytes(clips.encode(clips.scenes([1])))

    asked = ["report", str(photo), "-o", str(tmp_path / "out.pdf")]
    assert command_line.main([*asked, "--original", str(video)]) == 1
    assert "not a photo" in capsys.readouterr().err
