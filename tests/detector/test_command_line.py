"""`python -m detector`: JSON, a table for people, and a sentence for trouble."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from detector import Checkpoint, ModelOpinion
from detector import __main__ as command_line

ROOT = Path(__file__).parents[2]
Save = Callable[..., bytes]

SETTINGS = "a teapot\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 64x64"


@pytest.fixture
def photo(tmp_path: Path, save: Save) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(save("JPEG", quality=85))
    return path


@pytest.fixture
def generated(tmp_path: Path, save: Save) -> Path:
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", SETTINGS)
    path = tmp_path / "generated.png"
    path.write_bytes(save("PNG", pnginfo=info))
    return path


@pytest.fixture
def edited(tmp_path: Path, save: Save, scene: Image.Image) -> Path:
    copy = scene.copy()
    copy.paste(Image.effect_noise((300, 240), 80).convert("RGB"), (220, 200))
    path = tmp_path / "edited.jpg"
    path.write_bytes(save("JPEG", copy, quality=85))
    return path


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_one_json_object_is_printed_per_file(
    photo: Path, generated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = command_line.main(["--json", str(photo), str(generated)])

    first, second = lines(capsys)
    assert status == 0
    assert first["path"] == str(photo)
    assert first["finding"] == "no sign found"
    assert first["models"] == []
    assert first["not_tested"]
    assert second["finding"] == "strong signs"
    assert isinstance(second["evidence"], list)
    assert set(second["evidence"][0]) == {
        "kind", "finding", "strength", "detail", "code", "facts",
    }  # fmt: skip


def test_a_person_gets_a_table_with_the_finding_in_a_sentence(
    generated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.main([str(generated)]) == 0

    shown = capsys.readouterr().out
    assert "Strong signs that AI made or altered this picture." in shown
    assert "Not tested:" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8\xff", b"no picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 99]
)
def test_a_bad_file_gets_a_sentence_and_the_others_their_assessment(
    tmp_path: Path,
    photo: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(content)

    status = command_line.main(["--json", str(bad), str(photo)])

    first, second = lines(capsys)
    assert status != 0
    assert set(first) == {"path", "error"}
    assert str(first["error"]).endswith(".")
    assert second["finding"] == "no sign found"


def test_a_missing_file_a_folder_and_an_impossible_name_get_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [str(tmp_path / "absent"), str(tmp_path), "a\0b"]

    assert command_line.main(["--json", *names]) != 0
    assert all(set(line) == {"path", "error"} for line in lines(capsys))

    assert command_line.main(names) != 0
    assert capsys.readouterr().err.count("\n") == 3


def test_a_hostile_name_and_hostile_text_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "\x1b[2J[red]" + SETTINGS)
    file = io.BytesIO()
    Image.effect_noise((80, 80), 40).save(file, "PNG", pnginfo=info)
    path = tmp_path / "\x1b[2J[bold]a.png"
    path.write_bytes(file.getvalue())

    command_line.main([str(path)])

    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "[bold]a.png" in shown
    assert "[red]" in shown


def test_the_original_is_compared_with_every_photo(
    photo: Path, edited: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["--original", str(photo), "--json", str(edited), str(photo)]

    assert command_line.main(told) == 0

    strengths = [
        [e["strength"] for e in line["evidence"] if e["kind"] == "derivation"]
        for line in map(json.loads, capsys.readouterr().out.splitlines())
    ]
    assert strengths == [["strong"], ["measurement"]]


def test_a_person_reads_what_was_made_from_the_original_and_gets_the_map(
    photo: Path, edited: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = tmp_path / "map.png"

    told = ["--original", str(photo), "--heatmap", str(drawn), str(edited)]
    assert command_line.main(told) == 0

    shown = capsys.readouterr().out
    assert "Strong signs that this picture is an edit of the original given." in shown
    assert "derivation" in shown
    with Image.open(drawn) as heatmap:
        assert max(heatmap.size) <= 512


def test_a_bad_original_and_a_map_that_cannot_be_written_get_a_sentence(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "absent.jpg"

    assert command_line.main(["--original", str(missing), "--json", str(photo)]) == 1
    assert lines(capsys) == [{"path": str(missing), "error": "There is no such file."}]

    unwritable = ["--heatmap", str(tmp_path / "no" / "map.png"), str(photo)]
    assert command_line.main(["--original", str(photo), *unwritable]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_a_map_without_an_original_or_of_two_photos_is_refused(photo: Path) -> None:
    for told in ([str(photo)], ["--original", str(photo), str(photo), str(photo)]):
        with pytest.raises(SystemExit):
            command_line.main(["--heatmap", "map.png", *told])


def test_the_command_works_where_django_cannot_be_imported(photo: Path) -> None:
    blocked = (
        "import runpy, sys;"
        "sys.modules.update(dict.fromkeys(('django', 'rest_framework', 'celery')));"
        "sys.argv = ['detector', *sys.argv[1:]];"
        "runpy.run_module('detector', run_name='__main__')"
    )

    done = subprocess.run(
        [sys.executable, "-c", blocked, str(photo), "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert json.loads(done.stdout)["finding"] == "no sign found"


@pytest.mark.parametrize(
    ("specification", "told"),
    [
        ("defenders", "NAME:PATH#sha256=DIGEST"),
        (f"sahu:/x#sha256={'0' * 64}", "no model of this name"),
        (f"defenders:/nowhere/x.pth#sha256={'0' * 64}", "x.pth is not a file"),
    ],
)
def test_a_model_that_cannot_be_loaded_ends_the_command_with_a_sentence(
    photo: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    specification: str,
    told: str,
) -> None:
    monkeypatch.setenv("DETECTOR_MODEL", specification)

    assert command_line.main([str(photo)]) == 2

    shown = capsys.readouterr()
    assert told in shown.err
    assert shown.out == ""


def test_a_configured_model_is_loaded_once_and_asked_for_every_photo(
    tmp_path: Path,
    photo: Path,
    generated: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Model:
        def opinion(self, _: Image.Image) -> ModelOpinion:
            return ModelOpinion("brought", 0.25, weights="ab")

    loaded: list[Checkpoint] = []

    def load(checkpoint: Checkpoint) -> Model:
        loaded.append(checkpoint)
        return Model()

    monkeypatch.setattr(command_line, "load_model", load)
    digest = "0" * 64
    monkeypatch.setenv("DETECTOR_MODEL", f"defenders:{tmp_path}/a.pth#sha256={digest}")

    command_line.main(["--json", str(photo), str(generated)])

    models = [line["models"] for line in lines(capsys)]
    assert loaded == [Checkpoint("defenders", tmp_path / "a.pth", digest)]
    assert models[0] == models[1]
    assert isinstance(models[0], list)
    assert models[0][-1]["probability"] == 0.25

    command_line.main([str(photo)])
    assert "25%, not calibrated" in capsys.readouterr().out


def test_a_bad_file_ends_the_process_without_a_traceback(tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"not a picture")

    done = subprocess.run(
        [sys.executable, "-m", "detector", str(bad), "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    assert done.stderr == ""
    assert "error" in json.loads(done.stdout)
