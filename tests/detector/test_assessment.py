"""The finding: what raises it, what must not, and what an assessment always says."""

import time
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image

from detector import (
    FINDINGS,
    STRENGTHS,
    Evidence,
    ModelOpinion,
    OriginalFeatures,
    assess,
    shipped_models,
)
from detector.assessment import Strength, fuse
from detector.explain import summary
from detector.words import words


def piece(strength: Strength) -> Evidence:
    return Evidence("kind", "finding", strength, "detail")


@pytest.mark.parametrize(
    ("strength", "finding"),
    [
        ("declared", "declared"),
        ("strong", "strong signs"),
        ("medium", "some signs"),
        ("weak", "no sign found"),
        ("measurement", "no sign found"),
        ("none", "no sign found"),
    ],
)
def test_the_strength_of_one_piece_decides_the_finding(
    strength: Strength, finding: str
) -> None:
    assert fuse([piece(strength)], measurable=True) == finding


def test_many_weak_pieces_and_measurements_add_up_to_nothing() -> None:
    pieces = [piece("weak"), piece("measurement")] * 50

    assert fuse(pieces, measurable=True) == "no sign found"


def test_the_strongest_piece_decides() -> None:
    pieces = [piece("medium"), piece("declared"), piece("strong")]

    assert fuse(pieces, measurable=True) == "declared"


def test_without_signs_and_without_anything_to_measure_nothing_can_be_said() -> None:
    assert fuse([piece("none")], measurable=False) == "cannot say"


def test_a_declaration_counts_even_where_nothing_can_be_measured() -> None:
    assert fuse([piece("declared")], measurable=False) == "declared"


def opinion(
    ratio: float | None,
    interval: tuple[float, float] | None,
    probability: float | None = 0.99,
    abstained: str = "",
) -> ModelOpinion:
    return ModelOpinion("learned", probability, ratio, interval, abstained)


@pytest.mark.parametrize(
    ("low", "finding"),
    [
        (9.9, "no sign found"),
        (10.0, "some signs"),
        (99.0, "some signs"),
        (100.0, "strong signs"),
    ],
)
def test_the_lower_end_of_a_models_interval_decides(low: float, finding: str) -> None:
    assert fuse([], [opinion(5000, (low, 9000))], measurable=True) == finding


def test_models_are_not_multiplied_the_best_single_one_counts() -> None:
    five = [opinion(12, (11, 13))] * 5

    assert fuse([], five, measurable=True) == "some signs"


@pytest.mark.parametrize(
    "deciding_nothing",
    [
        opinion(None, None, 0.999999),
        opinion(5000, None),
        opinion(5000, (4000, 6000), abstained="models.small"),
        opinion(float("inf"), (float("inf"), float("inf"))),
        opinion(float("nan"), (float("nan"), 5000)),
    ],
    ids=["uncalibrated", "no interval", "abstained", "infinite", "no number"],
)
def test_a_number_without_a_calibration_decides_nothing(
    deciding_nothing: ModelOpinion,
) -> None:
    assert fuse([], [deciding_nothing], measurable=True) == "no sign found"


def test_a_model_never_lowers_what_other_evidence_gives() -> None:
    against = [opinion(0.01, (0.005, 0.02), 0.01)]

    assert fuse([piece("strong")], against, measurable=True) == "strong signs"
    assert fuse([piece("declared")], against, measurable=True) == "declared"


def test_a_models_opinion_raises_the_finding_of_an_assessment_and_names_ai(
    scene: Image.Image,
) -> None:
    class Sure:
        def opinion(self, image: Image.Image) -> ModelOpinion:
            assert image is scene
            return opinion(300, (150, 500))

    assessment = assess(scene, models=(Sure(),))

    assert assessment.finding == "strong signs"
    assert "AI" in summary(assessment)


@pytest.mark.parametrize("size", [(1, 1), (63, 900), (900, 63), (20_000, 3)])
def test_a_tiny_picture_gets_no_opinion(size: tuple[int, int]) -> None:
    assessment = assess(Image.effect_noise(size, 60).convert("RGB"))

    assert assessment.finding == "cannot say"
    assert f"{size[0]} x {size[1]}" in assessment.evidence[-1].detail


def test_an_even_area_gets_no_opinion() -> None:
    assert assess(Image.new("RGB", (500, 500), "teal")).finding == "cannot say"


def test_a_picture_without_statements_gets_no_sign_found_and_the_reason(
    scene: Image.Image,
) -> None:
    assessment = assess(scene)

    assert assessment.finding == "no sign found"
    assert assessment.evidence[0].finding == "nothing declared"
    assert "absence means nothing" in assessment.evidence[0].detail


def test_every_measurement_is_reported_as_a_measurement(
    save: Callable[..., bytes], reopen: Callable[[bytes], Image.Image]
) -> None:
    assessment = assess(reopen(save("JPEG", quality=85)))

    assert [piece.kind for piece in assessment.evidence[1:]] == [
        "jpeg_quantisation",
        "jpeg_ghosts",
        "error_level",
        "blocking_grid",
        "noise_map",
        "resampling",
        "spectrum",
    ]
    assert {piece.strength for piece in assessment.evidence[1:]} == {"measurement"}


def test_an_assessment_never_says_authentic_and_names_what_it_did_not_test(
    scene: Image.Image,
) -> None:
    assessment = assess(scene)

    said = [piece.finding + piece.detail for piece in assessment.evidence]
    assert not any("authentic" in text.lower() for text in said)
    assert assessment.finding in FINDINGS
    assert all(piece.strength in STRENGTHS for piece in assessment.evidence)
    untested = "\n".join(assessment.not_tested)
    for name in (
        "SynthID",
        "Stable Signature",
        "PRNU",
        "original",
        "DeepFakeDefenders",
    ):
        assert name in untested


def test_without_the_files_bytes_content_credentials_are_not_tested(
    scene: Image.Image,
) -> None:
    with_bytes, without = assess(scene, data=b"no manifest"), assess(scene)

    assert "C2PA" not in "\n".join(with_bytes.not_tested)
    assert "C2PA" in "\n".join(without.not_tested)


def test_the_same_picture_gets_the_same_assessment(scene: Image.Image) -> None:
    assert assess(scene) == assess(scene.copy())


def test_twelve_megapixels_are_assessed_in_bounded_time() -> None:
    random = np.random.default_rng(1)
    levels = random.integers(0, 255, (3000, 4000, 3), dtype=np.uint8)
    image = Image.fromarray(levels)

    torch.set_num_threads(1)  # threads that wait for each other spend time as well
    shipped_models()
    begin = time.process_time()
    assess(image, data=b"\0" * 6_000_000)

    # About 0.6 s on one core; the promise is 0.7 s. Generous, for a busy machine.
    assert time.process_time() - begin < 1.5


@pytest.fixture(scope="module")
def altered(scene: Image.Image) -> Image.Image:
    """The scene with another texture in its middle."""
    copy = scene.copy()
    part = Image.effect_noise((300, 240), 80).resize((300, 240)).convert("RGB")
    copy.paste(part, (220, 200))
    return copy


def test_an_edit_of_the_original_given_is_a_strong_sign_that_blames_no_ai(
    scene: Image.Image, altered: Image.Image
) -> None:
    assessment = assess(altered, original=scene)

    piece = next(e for e in assessment.evidence if e.kind == "derivation")
    assert assessment.finding == "strong signs"
    assert piece.strength == "strong"
    assert "made from the original given" in piece.finding
    assert "edit of the original" in summary(assessment)
    assert "AI" not in summary(assessment)
    assert "original" not in "\n".join(assessment.not_tested)


def test_a_whole_copy_of_the_original_given_is_a_measurement(
    scene: Image.Image,
) -> None:
    assessment = assess(scene.resize((600, 500)), original=OriginalFeatures.of(scene))

    piece = next(e for e in assessment.evidence if e.kind == "derivation")
    assert assessment.finding == "no sign found"
    assert piece.strength == "measurement"
    assert "no part replaced" in piece.finding
    assert summary(assessment) == words("en").phrases["summary.no sign found"]


def test_another_original_changes_nothing(scene: Image.Image) -> None:
    other = Image.effect_noise((500, 400), 90).convert("RGB")

    assessment = assess(scene, original=other)

    piece = next(e for e in assessment.evidence if e.kind == "derivation")
    assert (piece.strength, assessment.finding) == ("none", "no sign found")
    assert "may still have been made from it" in piece.detail
