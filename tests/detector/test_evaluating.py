"""Evaluation: rows with their null baseline, worst first, and places against masks."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from detector import ModelOpinion, datasets, evaluating
from detector import __main__ as command_line
from detector.levels import LEVELS, at_level
from detector.tables import markdown
from detector.training.collecting import collect
from detector.training.pictures import Picture

Draw = Callable[[int], NDArray[np.uint8]]


class Redness:
    """Stands where a model stands: it takes red for synthetic."""

    def scored(self, image: Image.Image) -> tuple[float, ModelOpinion]:
        score = float(self.heatmap(image).mean())
        ratio = 9.0 if score > 0.1 else 1 / 9
        return score, ModelOpinion("redness", ratio / (1 + ratio), ratio, (ratio, 12))

    def heatmap(self, image: Image.Image) -> NDArray[np.float32]:
        red, green = np.asarray(image, dtype=np.float32).transpose(2, 0, 1)[:2]
        reddish: NDArray[np.float32] = np.clip((red - green) / 100, 0, 1)
        return reddish


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Grey noise as photographs; red and half red noise as fakes of two kinds."""
    random = np.random.default_rng(0)
    for folder in ("real/half", "fake/half", "fake/whole", "masks"):
        (tmp_path / folder).mkdir(parents=True)
    for number in range(6):
        grey = random.integers(100, 156, (80, 96, 1)).repeat(3, 2).astype(np.uint8)
        half, whole = grey.copy(), grey.copy()
        half[:, :48, 1:] //= 4
        whole[:, :, 1:] //= 4
        mask = np.zeros((80, 96), dtype=np.uint8)
        mask[:, :48] = 255
        for name, pixels in {
            f"real/half/{number}.png": grey,
            f"fake/half/{number}.png": half,
            f"fake/whole/w{number}.png": whole,
            f"masks/{number}_gt.png": mask,
        }.items():
            Image.fromarray(pixels).save(tmp_path / name)
    return tmp_path


def read(path: Path) -> Image.Image:
    return Image.open(path).convert("RGB")


def test_folders_become_comparisons_with_all_photographs_and_with_matching_ones(
    root: Path,
) -> None:
    dataset = datasets.folders(root, read)

    found = [
        (one.name, one.matched, len(one.fakes), len(one.photographs))
        for one in dataset.comparisons
    ]
    assert found == [
        ("all", False, 12, 6),
        ("half", False, 6, 6),
        ("half", True, 6, 6),
        ("whole", False, 6, 6),
    ]
    assert len(dataset.edits["all"]) == 6


def test_every_comparison_is_judged_at_every_level_and_places_against_masks(
    root: Path,
) -> None:
    dataset = datasets.folders(root, read)
    judge = evaluating.Judge(Redness())

    rows = judge.rows(dataset.comparisons)
    (place,) = judge.places(dataset.edits)

    assert len(rows) == 4 * len(LEVELS)
    assert {row.auc for row in rows} == {1.0}
    assert all(row.found_at_1 == 1 and row.abstained == 0 for row in rows)
    assert all(row.calibration_error == pytest.approx(0.1) for row in rows)
    assert place.pictures == 6
    assert place.auc > 0.99
    assert place.overlap > 0.9


def test_the_worst_row_comes_first_and_the_table_says_what_is_matched(
    root: Path,
) -> None:
    class Chance(Redness):
        def scored(self, image: Image.Image) -> tuple[float, ModelOpinion]:
            return float(np.asarray(image)[0, 0, 0] % 7), super().scored(image)[1]

    rows = evaluating.Judge(Chance()).rows(datasets.folders(root, read).comparisons)
    table = markdown(rows, []).splitlines()

    assert [row.auc for row in rows] == sorted(row.auc for row in rows)
    assert len(table) == 2 + len(rows)
    assert len({line.count("|") for line in table}) == 1
    assert any("half, content matched" in line for line in table)


def test_what_bears_a_sign_is_told_of_each_set_and_photographs_come_first(
    root: Path,
) -> None:
    class Sure(Redness):
        def scored(self, image: Image.Image) -> tuple[float, ModelOpinion]:
            red = super().scored(image)[0] > 0.1
            bounds = (10.0, 200.0) if red else (0.1, 200.0)
            return 0.0, ModelOpinion("sure", 0.9, 10.0 if red else 1.0, bounds)

    compared = datasets.folders(root, read).comparisons
    again = replace(compared[-1], name="the same fakes beside others")
    answers = evaluating.Judge(Sure()).answers([*compared, again])

    assert [(one.fake, one.name) for one in answers] == [
        (False, "half"), (True, "all"), (True, "half"), (True, "whole"),
    ]  # fmt: skip
    assert [one.some for one in answers] == [0, 1, 1, 1]
    assert {one.strong for one in answers} == {0}
    assert [one.ratio for one in answers] == [0, 1, 1, 1]


def test_the_null_baseline_finds_what_a_trivial_statistic_tells(root: Path) -> None:
    """The fakes are darker noise: their sharpness alone gives them away."""
    rows = evaluating.Judge(Redness()).rows(datasets.folders(root, read).comparisons)

    assert all(row.null > 0.9 for row in rows if row.name == "whole")
    assert {row.null_name for row in rows} <= set(evaluating.NULLS)


def test_a_level_hides_the_size_and_the_saving_before_it() -> None:
    noise = Image.effect_noise((700, 900), 40).convert("RGB")

    seen = {name: at_level(noise, name) for name in LEVELS}

    assert seen["none"] is noise
    assert min(seen["JPEG 70, 320 px"].size) == 320
    assert min(seen["JPEG 90, 512 px"].size) == 512
    assert evaluating.statistics(seen["JPEG 70, 320 px"])[1] == 70
    assert evaluating.statistics(noise)[1] == 100


def test_the_test_pool_alone_is_judged_and_no_edit_outside_of_its_mask(
    data: Path,
) -> None:
    listed = collect(data)
    dataset = datasets.pools(data, read, listed, None)

    tested = {one.path for one in listed if one.pool == "test"}
    for comparison in dataset.comparisons:
        for entry in comparison.photographs:
            assert entry.name in tested
    names = {comparison.name for comparison in dataset.comparisons}
    assert "pseudo-fakes: splice" in names
    assert all(entry.mask for made in dataset.edits.values() for entry in made)


def test_portraits_beside_the_tiles_were_reduced_and_saved_like_them(
    tmp_path: Path, draw: Draw
) -> None:
    pictures = []
    for folder, family in (
        ("real_faces", "photo"),
        ("generated_sdxl_flux", "sdxl-flux"),
    ):
        (tmp_path / folder).mkdir()
        path = f"{folder}/1.jpg"
        Image.fromarray(draw(1)).resize((1024, 1024)).save(tmp_path / path, quality=95)
        pictures.append(
            Picture(path, folder, family, people=True, group=path, pool="test")
        )

    found = datasets.pools(tmp_path, read, pictures, None).comparisons

    (alike,) = [one for one in found if one.name.endswith("saved alike")]
    (portrait,) = alike.photographs
    assert alike.matched
    assert portrait.image().size == (423, 423)  # 470, and a tenth less as all are read
    assert alike.fakes[0].name == "generated_sdxl_flux/1.jpg"


def test_the_command_prints_the_table_and_adds_it_to_the_card(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(evaluating.MODELS, "learned", lambda _: Redness())
    card = root / "card.json"
    card.write_text("{}")

    status = command_line.main(
        ["evaluate", str(root), "--card", str(card), "--limit", "4"]
    )

    assert status == 0
    assert "| whole |" in (table := capsys.readouterr().out)
    assert "| photos: half | 16 | 0.0% | -0.95 | 0.0% | 0.0% |" in table
    facts = json.loads(card.read_text())
    assert len(facts["evaluation"]) == 4 * len(LEVELS)
    assert facts["localisation"][0]["pictures"] == 4


def test_an_empty_folder_and_missing_weights_get_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "absent.safetensors")

    assert command_line.main(["evaluate", str(tmp_path), "--weights", missing]) == 1
    assert "cannot be read" in capsys.readouterr().err

    monkeypatch.setitem(evaluating.MODELS, "learned", lambda _: Redness())
    assert command_line.main(["evaluate", str(tmp_path)]) == 1
    assert "nothing to compare" in capsys.readouterr().err


def test_a_set_with_a_file_that_is_missing_or_no_picture_gets_a_sentence(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(evaluating.MODELS, "learned", lambda _: Redness())
    for absent in (["--training", str(root / "gone")], [str(root / "nowhere")]):
        where = [] if absent[0].startswith("/") else [str(root / "no set")]
        assert command_line.main(["evaluate", *where, *absent]) == 1
        told = capsys.readouterr().err
        assert "Traceback" not in told
        assert told.strip().endswith(".")

    broken = next(path for path in (root / "fake").rglob("*") if path.is_file())
    broken.write_bytes(b"no picture")
    assert command_line.main(["evaluate", str(root)]) == 1
    assert broken.name in capsys.readouterr().err
