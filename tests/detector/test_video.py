"""Videos and animations: which frames raise a finding, what is measured, what stops it."""

import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from detector import ModelOpinion, OriginalFeatures, assess_frames
from detector.assessment import Finding
from detector.continuity import continuity, look
from detector.explain import video_summary
from detector.video import shared_finding
from tests import clips
from tests.drawing import landscape
from tracker import VideoError, decode, decode_video
from tracker.images import frames_of

Frames = list[tuple[float, Image.Image]]


def hidden(image: Image.Image) -> Image.Image:
    """The picture with a mark of a generator in its lowest bits: a medium sign."""
    pixels = np.asarray(image).copy()
    mark = np.unpackbits(np.frombuffer(b"stealth_rgbcomp", np.uint8))
    columns = pixels.swapaxes(0, 1).copy()
    flat = columns.reshape(-1)
    flat[: mark.size] = flat[: mark.size] & 0xFE | mark
    return Image.fromarray(columns.swapaxes(0, 1))


@pytest.fixture(scope="module")
def plain() -> Image.Image:
    return landscape(1, (160, 120))


@pytest.fixture(scope="module")
def marked(plain: Image.Image) -> Image.Image:
    return hidden(plain)


def timed(*images: Image.Image) -> Frames:
    return [(float(second), image) for second, image in enumerate(images)]


@dataclass
class Model:
    """Answers what it is told to, and draws a map that is as bright as the picture."""

    ratios: Sequence[float]
    asked: int = 0

    def opinion(self, _: Image.Image) -> ModelOpinion:
        self.asked += 1
        ratio = self.ratios[self.asked - 1]
        if ratio == 0:
            return ModelOpinion("told", None, abstained="models.small")
        return ModelOpinion("told", ratio / (1 + ratio), ratio, (ratio, ratio))

    def mapped(self, image: Image.Image) -> tuple[ModelOpinion, NDArray[np.float32]]:
        level = np.float32(np.asarray(image.convert("L")).mean() / 255)
        return self.opinion(image), np.full((4, 5), level, np.float32)


def details(evidence: Sequence[object]) -> str:
    return "\n".join(map(str, evidence))


# The finding of the whole


@pytest.mark.parametrize(
    ("findings", "whole"),
    [
        ([], "cannot say"),
        (["cannot say"] * 9, "cannot say"),
        (["strong signs"], "strong signs"),
        (["strong signs", "no sign found"], "no sign found"),
        (["strong signs", "some signs"], "some signs"),
        (["strong signs"] * 2 + ["no sign found"] * 6, "strong signs"),
        (["strong signs"] * 2 + ["no sign found"] * 7, "no sign found"),
        (["strong signs"] + ["some signs"] * 2 + ["no sign found"] * 9, "some signs"),
        (["some signs"] * 2 + ["cannot say"] * 50, "some signs"),
        (["no sign found"] + ["cannot say"] * 50, "no sign found"),
    ],
)
def test_the_worst_finding_that_a_quarter_of_the_frames_share_is_that_of_the_whole(
    findings: list[Finding], whole: str
) -> None:
    assert shared_finding(findings) == whole


def test_frames_with_signs_raise_the_whole_and_are_named(
    plain: Image.Image, marked: Image.Image
) -> None:
    frames = timed(plain, marked, plain, marked, plain)

    opinion = assess_frames(frames, models=())

    assert opinion.finding == "some signs"
    assert [frame.finding == "some signs" for frame in opinion.frames] == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert opinion.matter == (1, 3)
    assert [e.kind for e in opinion.frames[1].evidence] == ["generator_marks"]
    assert "at 0:01.0, 0:03.0" in details(opinion.evidence)
    assert opinion.reasons == {"generator_marks"}
    assert "AI" in video_summary(opinion.finding, opinion.reasons)
    assert not opinion.stopped


def test_one_frame_of_many_with_signs_is_named_and_raises_nothing(
    plain: Image.Image, marked: Image.Image
) -> None:
    opinion = assess_frames(timed(plain, plain, marked, plain, plain), models=())

    assert opinion.finding == "no sign found"
    assert opinion.matter == (2,)
    assert "too few of the frames" in details(opinion.evidence)
    assert "authentic" not in details(opinion.evidence)


def test_at_most_five_frames_matter_and_the_likeliest_come_first(
    marked: Image.Image,
) -> None:
    model = Model([1, 2, 3, 4, 8, 6, 7])

    opinion = assess_frames(timed(*[marked] * 7), models=(model,))

    assert opinion.matter == (4, 6, 5, 3, 2)
    assert model.asked == 7
    assert [frame.models[0].likelihood_ratio for frame in opinion.frames] == [
        *model.ratios
    ]


def test_a_model_that_answers_for_one_frame_is_not_listed_as_silent(
    plain: Image.Image,
) -> None:
    frames = timed(plain, plain)

    once = assess_frames(frames, models=(Model([0, 2]),))
    never = assess_frames(frames, models=(Model([0, 0]),))

    assert "says nothing" not in "\n".join(once.not_tested)
    assert "says nothing" in "\n".join(never.not_tested)


def test_the_original_given_is_compared_with_every_frame(scene: Image.Image) -> None:
    edited = scene.copy()
    edited.paste(Image.effect_noise((300, 240), 80).convert("RGB"), (220, 200))

    opinion = assess_frames(
        timed(edited, edited), original=OriginalFeatures.of(scene), models=()
    )

    assert opinion.finding == "strong signs"
    assert opinion.reasons == {"derivation"}
    sentence = video_summary(opinion.finding, opinion.reasons)
    assert "edit of the original" in sentence
    assert "AI" not in sentence


# What the file says


def test_what_the_container_declares_decides_alone(plain: Image.Image) -> None:
    label = '{"Label": "1", "ContentProducer": "made-up"}'
    data = clips.encode([plain] * 2, tags={"AIGC": label})
    video = decode_video(data)
    frames = [(frame.at, frame.picture.image) for frame in video.frames]

    opinion = assess_frames(frames, data=data, models=())

    assert opinion.finding == "declared"
    assert {frame.finding for frame in opinion.frames} == {"no sign found"}
    assert opinion.evidence[0].kind == "aigc_label"
    assert opinion.reasons == {"aigc_label"}
    assert "C2PA" not in "\n".join(opinion.not_tested)
    assert "C2PA" in "\n".join(assess_frames(frames, models=()).not_tested)


def test_what_an_animation_says_is_told_once_and_not_for_every_frame(
    plain: Image.Image, marked: Image.Image
) -> None:
    still = plain.copy()
    still.info["AIGC"] = '{"Label": "2", "ContentPropagator": "made-up"}'

    opinion = assess_frames(timed(still, still, still), still=still, models=())

    assert opinion.finding == "some signs"
    assert [e.kind for e in opinion.evidence].count("aigc_label") == 1
    assert {frame.finding for frame in opinion.frames} == {"no sign found"}


# No frames, and too many


def test_without_frames_nothing_can_be_said_but_what_the_file_declares() -> None:
    nothing = assess_frames([], models=())
    label = Image.new("RGB", (1, 1))
    label.info["AIGC"] = '{"Label": "1"}'

    assert nothing.finding == "cannot say"
    assert (nothing.frames, nothing.matter, nothing.stopped) == ((), (), False)
    assert "no frame can be judged" in details(nothing.evidence)
    assert nothing.reasons == frozenset()
    assert assess_frames([], still=label, models=()).finding == "declared"


def test_black_and_tiny_frames_cannot_be_judged() -> None:
    frames = timed(Image.new("RGB", (200, 200)), Image.effect_noise((9, 9), 9))

    opinion = assess_frames(
        [(at, image.convert("RGB")) for at, image in frames], models=()
    )

    assert opinion.finding == "cannot say"
    assert "no course to measure" in details(opinion.evidence)


def test_frames_without_end_are_left_when_time_is_over(plain: Image.Image) -> None:
    taken = 0

    def endless() -> Iterator[tuple[float, Image.Image]]:
        nonlocal taken
        while True:
            taken += 1
            yield float(taken), plain

    begin = time.monotonic()
    opinion = assess_frames(endless(), models=(), seconds=0.3)

    assert time.monotonic() - begin < 3
    assert opinion.stopped
    assert taken == len(opinion.frames) + 1
    assert f"after the first {len(opinion.frames)}:" in opinion.not_tested[0]


def test_time_that_is_over_before_the_first_frame_is_told(plain: Image.Image) -> None:
    opinion = assess_frames(timed(plain), models=(), seconds=0)

    assert (opinion.finding, opinion.stopped) == ("cannot say", True)


def test_frames_are_let_go_one_after_the_other() -> None:
    alive = 0

    class Counted(Image.Image):
        """A frame that tells when it is gone."""

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def frames() -> Iterator[tuple[float, Image.Image]]:
        nonlocal alive
        for second in range(6):
            frame = Counted()
            drawn = landscape(second, (80, 80))
            frame.im, frame._mode, frame._size = drawn.im, "RGB", drawn.size
            alive += 1
            assert alive <= 2
            yield float(second), frame

    assert len(assess_frames(frames(), models=()).frames) == 6


def test_a_broken_index_and_ten_hours_are_clear_results(plain: Image.Image) -> None:
    whole = clips.clip(1, 2)
    at = whole.index(b"stsz") + 8
    with pytest.raises(VideoError, match="no frame in it"):
        decode_video(whole[:at] + b"\xff" * 24 + whole[at + 24 :])
    whole = clips.encode(clips.scenes((1, 2, 3)), "webm")
    kept = decode_video(whole[: len(whole) // 2])  # its index lies at the end
    frames = [(one.at, one.picture.image) for one in kept.frames]
    assert assess_frames(frames, models=()).finding == "no sign found"
    long = clips.encode([plain] * 4, pause=clips.RATE * 3600 * 5 // 2)
    with pytest.raises(VideoError, match="longer than 6 hours"):
        decode_video(long)


# The course


def test_the_most_abrupt_change_is_found_where_the_scene_stands_still() -> None:
    still = landscape(1, (200, 160))
    noisy = np.asarray(still).astype(float)
    noisy += np.random.default_rng(1).normal(size=noisy.shape) * 12
    changed = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    images = [still, still, changed, changed, landscape(2, (200, 160))]

    run = continuity(filter(None, (look(float(n), i) for n, i in enumerate(images))))

    assert run is not None
    assert (run.pairs, run.moment) == (4, 2.0)
    assert run.most_noise > 5
    assert run.most_sharpness > run.sharpness > 1
    assert run.patches is None


def test_the_course_is_a_measurement_with_the_models_map_in_it(
    plain: Image.Image,
) -> None:
    dark = plain.point(lambda level: level // 2)

    opinion = assess_frames(timed(plain, dark), models=(Model([1, 1]),))

    piece = opinion.evidence[-1]
    assert (piece.kind, piece.strength) == ("continuity", "measurement")
    assert "model's map changes by" in piece.detail
    assert "decides nothing" in piece.detail


def test_maps_of_frames_of_other_shapes_are_not_compared(plain: Image.Image) -> None:
    shapes = ((4, 5), (5, 4))
    looks = [look(0.0, plain, np.zeros(shape, np.float32)) for shape in shapes]

    run = continuity(one for one in looks if one)

    assert run is not None
    assert run.patches is None


def test_even_frames_have_a_course_too() -> None:
    even = Image.new("RGB", (100, 100), "teal")

    run = continuity(one for one in (look(0, even), look(1, even)) if one)

    assert run is not None
    assert (run.noise, run.sharpness, run.moment) == (1.0, 1.0, 1.0)


# Animations, as the door decodes them


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_is_assessed_frame_by_frame(kind: str, plain: Image.Image) -> None:
    file = io.BytesIO()
    others = [landscape(seed, plain.size) for seed in (2, 3)]
    plain.save(file, kind, save_all=True, append_images=others, duration=500)
    data = file.getvalue()

    opinion = assess_frames(
        frames_of(data), data=data, still=decode(data).image, models=()
    )

    assert opinion.finding == "no sign found"
    assert [frame.at for frame in opinion.frames] == pytest.approx([0, 0.5, 1])
