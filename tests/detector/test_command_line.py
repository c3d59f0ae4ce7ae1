"""`python -m detector`: JSON, a table for people, and a sentence for trouble."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from detector import Assessment, Checkpoint, ModelOpinion, TrustList, reading
from detector import __main__ as command_line
from detector.models import SHIPPED
from tests import clips
from tests.drawing import landscape

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
    photo: Path,
    generated: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DETECTOR_MODEL")
    status = command_line.main(["--json", str(photo), str(generated)])

    first, second = lines(capsys)
    assert status == 0
    assert first["path"] == str(photo)
    assert first["finding"] == "no sign found"
    models = first["models"]
    assert isinstance(models, list)
    assert [model["name"] for model in models] == list(SHIPPED)
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


@pytest.fixture
def folder(tmp_path: Path, photo: Path) -> Path:
    """A folder with a photo, a video, an animation, a text, and hidden things."""
    root = tmp_path / "folder"
    (root / "b").mkdir(parents=True)
    (root / ".hidden").mkdir()
    drawn = [landscape(seed, (96, 80)) for seed in (1, 2)]
    (root / "a.jpg").write_bytes(photo.read_bytes())
    (root / "b" / "clip.mp4").write_bytes(clips.encode(drawn * 8))
    drawn[0].save(
        root / "b" / "anim.gif", save_all=True, append_images=drawn[1:], duration=250
    )
    (root / "z.txt").write_text("no picture")
    (root / ".secret.jpg").write_bytes(photo.read_bytes())
    (root / ".hidden" / "a.jpg").write_bytes(photo.read_bytes())
    (root / "loop").symlink_to(root)
    return root


def test_a_folder_is_walked_in_order_without_what_is_hidden(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = command_line.main(["--json", str(folder)])

    found = lines(capsys)
    names = [str(Path(str(line["path"])).relative_to(folder)) for line in found]
    assert names == ["a.jpg", "z.txt", "b/anim.gif", "b/clip.mp4"]
    assert status == 1
    assert set(found[1]) == {"path", "error"}
    frames = found[2]["frames"]
    assert isinstance(frames, list)
    assert [frame["at"] for frame in frames] == [0.0, 0.25]
    assert found[3]["finding"] == "no sign found"
    assert found[3]["stopped"] is False


def test_a_person_gets_a_table_of_the_frames_of_a_video(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.main([str(folder / "b" / "clip.mp4")]) == 0

    shown = capsys.readouterr().out
    assert "No sign of AI was found. That is no proof that the video" in shown
    assert "0:00.5" in shown
    assert "Frames between the sampled ones: 2 were looked at" in shown


def test_a_list_of_paths_is_read_from_a_file_and_from_standard_input(
    folder: Path,
    photo: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = f"{photo}\r\n\n{folder / 'b'}\n"
    path = tmp_path / "list"
    path.write_text(names)
    expected = [str(photo), str(folder / "b/anim.gif"), str(folder / "b/clip.mp4")]

    assert command_line.main(["--json", "--list", str(path)]) == 0
    assert [line["path"] for line in lines(capsys)] == expected
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(names.encode() + b"a\xff\0b\n"))
    )
    assert command_line.main(["--json", str(photo), "--list", "-"]) == 1
    found = [line["path"] for line in lines(capsys)]
    assert found[:-1] == [str(photo), *expected]


def test_a_list_that_cannot_be_read_gets_a_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert command_line.main(["--list", str(tmp_path / "absent")]) == 1
    assert "This list cannot be read." in capsys.readouterr().err
    monkeypatch.setattr(reading, "_MAX_LIST", 3)
    (tmp_path / "long").write_text("abcdef")
    assert command_line.main(["--json", "--list", str(tmp_path / "long")]) == 1
    assert "larger" in str(lines(capsys)[0]["error"])
    with pytest.raises(SystemExit):
        command_line.main([])


def test_a_bar_is_shown_on_a_terminal_and_leaves_the_output_alone(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = ["--json", str(folder / "a.jpg"), str(folder / "z.txt")]
    command_line.main(told)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    command_line.main(told)
    shown = capsys.readouterr()
    assert len(shown.out.splitlines()) == 2
    assert all(json.loads(line)["path"] for line in shown.out.splitlines())
    assert "0/2" in shown.err
    assert "2/2" in shown.err
    assert "a.jpg" not in shown.err

    command_line.main(["--json", str(folder / "a.jpg")])
    assert capsys.readouterr().err == ""


def test_a_map_of_a_video_and_a_broken_video_get_a_sentence(
    folder: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = folder / "b" / "clip.mp4"
    told = ["--original", str(photo), "--heatmap", str(tmp_path / "map.png")]
    assert command_line.main([*told, str(clip)]) == 1
    assert "a video or an animation, and not a photo" in capsys.readouterr().err

    clip.write_bytes(clip.read_bytes()[:900])
    assert command_line.main([str(clip)]) == 1
    assert "damaged or cut short" in capsys.readouterr().err


def test_the_trust_list_of_the_environment_is_used_or_ends_the_command(
    photo: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DETECTOR_TRUST", f"{tmp_path}/no.pem#sha256={'0' * 64}")
    assert command_line.main([str(photo)]) == 2
    assert "trust list cannot be read" in capsys.readouterr().err

    given = TrustList("pem", "digest")
    seen: list[object] = []

    def assessed(*asked: object) -> Assessment:
        seen.append(asked[-1])
        return Assessment("cannot say", (), (), (), "1")

    monkeypatch.setattr(command_line, "parse_trust", lambda _: given)
    monkeypatch.setattr(command_line, "assessed", assessed)
    assert command_line.main([str(photo)]) == 0
    assert seen == [given]


def test_a_map_of_two_photos_is_refused(photo: Path) -> None:
    for told in ([str(photo)] * 2, ["--original", str(photo), str(photo), str(photo)]):
        with pytest.raises(SystemExit):
            command_line.main(["--heatmap", "map.png", *told])


def test_a_map_of_a_folder_with_two_photos_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = tmp_path / "map.png"

    assert command_line.main(["--heatmap", str(drawn), str(folder)]) == 1
    assert "only be drawn of one photo" in capsys.readouterr().err
    assert not drawn.exists()


def test_without_an_original_the_map_shows_where_our_model_looked(
    photo: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = tmp_path / "map.png"

    monkeypatch.setenv("DETECTOR_MODEL", "none")
    assert command_line.main(["--heatmap", str(drawn), str(photo)]) == 1
    assert "no model has an opinion" in capsys.readouterr().err
    assert not drawn.exists()

    monkeypatch.setenv("DETECTOR_MODEL", "")
    assert command_line.main(["--heatmap", str(drawn), str(photo)]) == 0
    with Image.open(drawn) as heatmap:
        assert heatmap.format == "PNG"
        assert max(heatmap.size) <= 512


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

    monkeypatch.setattr("detector.models.load_model", load)
    digest = "0" * 64
    monkeypatch.setenv("DETECTOR_MODEL", f"defenders:{tmp_path}/a.pth#sha256={digest}")

    command_line.main(["--json", str(photo), str(generated)])

    models = [line["models"] for line in lines(capsys)]
    assert loaded == [Checkpoint("defenders", tmp_path / "a.pth", digest)]
    for given in models:
        assert isinstance(given, list)
        assert given[-1]["probability"] == 0.25

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
