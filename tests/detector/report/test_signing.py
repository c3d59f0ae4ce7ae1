"""The command: the same bytes in any process, a key that is kept, a signature that holds."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from detector import __main__ as command_line
from detector.report import KeyFileError, make_key, sign
from detector.report.signing import read_key
from tests.detector.report.conftest import needs_fonts

ROOT = Path(__file__).parents[3]
VERIFIER = ROOT / "deploy" / "verify_report.py"


def verify(*arguments: object) -> tuple[int, str]:
    """Run the script alone: isolated, away from this tree."""
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert not done.stderr
    return done.returncode, done.stdout


def start(folder: Path, photo: Path, seed: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            sys.executable, "-m", "detector", "report", str(photo), "-o", "out.pdf",
            "--html", "out.html", "--locale", "ko", "--heatmap",
            "--original", str(photo), "--examined-at", "2026-03-01T10:00:00+09:00",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    make_key(path)
    return path


@pytest.fixture
def signed(tmp_path: Path, key: Path) -> Path:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"%PDF-1.3 a report")
    beside = path.with_name("report.pdf.sig")
    beside.write_text(sign(path.read_bytes(), read_key(key)))
    return path


@needs_fonts
def test_a_report_built_twice_is_the_same_to_the_byte(
    tmp_path: Path, photo: Path
) -> None:
    for seed in "12":
        (tmp_path / seed).mkdir()
    started = [start(tmp_path / seed, photo, seed) for seed in "12"]

    assert [process.wait() for process in started] == [0, 0]

    for name in ("out.pdf", "out.html"):
        first, second = ((tmp_path / seed / name).read_bytes() for seed in "12")
        assert first == second
    assert b"<img" in (tmp_path / "1" / "out.html").read_bytes()


@needs_fonts
def test_the_command_writes_and_signs_both_files(
    tmp_path: Path, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, out, page = (tmp_path / name for name in ("key", "out.pdf", "out.html"))
    assert command_line.main(["keygen", str(key)]) == 0
    public = capsys.readouterr().out.strip()

    status = command_line.main(
        ["report", str(photo), "-o", str(out), "--html", str(page), "--sign", str(key)]
    )

    assert status == 0
    for path in (out, page):
        assert verify(path, "--key", public) == (
            0,
            f"valid: signed by the key {public}\n",
        )


def test_a_signature_holds_and_is_the_same_each_time(signed: Path, key: Path) -> None:
    beside = signed.with_name("report.pdf.sig")

    assert verify(signed)[0] == 0
    assert sign(signed.read_bytes(), read_key(key)) == beside.read_text()


@pytest.mark.parametrize("at", [0, 8, 16])
def test_one_changed_byte_and_the_signature_does_not_hold(
    signed: Path, at: int
) -> None:
    content = bytearray(signed.read_bytes())
    content[at] ^= 1
    signed.write_bytes(content)

    status, said = verify(signed)

    assert status == 1
    assert said.startswith("not valid")


@pytest.mark.parametrize("field", ["signature", "public_key", "sha256"])
def test_a_changed_signature_file_does_not_hold(signed: Path, field: str) -> None:
    beside = signed.with_name("report.pdf.sig")
    facts = json.loads(beside.read_text())
    turned = "0" if facts[field][0] != "0" else "1"
    beside.write_text(json.dumps(facts | {field: turned + facts[field][1:]}))

    assert verify(signed)[0] == 1


@pytest.mark.parametrize(
    "written",
    [
        "", "[]", "null", "{}", '{"version": 1, "algorithm": "Ed25519"}',
        '{"version": 1, "algorithm": "none"}', "[" * 100_000, "\xff",
        '{"version": 1, "algorithm": "Ed25519", "sha256": 3, "public_key": 4}',
    ],
)  # fmt: skip
def test_what_is_no_signature_file_is_told_in_a_sentence(
    signed: Path, written: str
) -> None:
    signed.with_name("report.pdf.sig").write_bytes(written.encode("latin-1"))

    status, said = verify(signed)

    assert status == 1
    assert said.startswith("not valid: ")


def test_a_signature_by_another_key_is_refused_where_one_is_named(signed: Path) -> None:
    assert verify(signed, "--key", "00" * 32)[0] == 1
    assert verify(signed.with_name("missing.pdf"))[0] == 1


def test_the_verifier_is_short_and_stands_alone() -> None:
    lines = VERIFIER.read_text("utf-8").splitlines()

    assert len(lines) <= 60
    assert not any("detector" in line or "portal" in line for line in lines)


def test_a_key_is_its_owners_alone_and_is_never_overwritten(key: Path) -> None:
    before = key.read_text()

    assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyFileError, match="already"):
        make_key(key)
    assert key.read_text() == before


def test_a_key_that_others_can_read_is_refused(key: Path) -> None:
    key.chmod(0o640)

    with pytest.raises(KeyFileError, match="chmod 600"):
        read_key(key)


@pytest.mark.parametrize("written", ["", "00", "zz" * 32, "00" * 33, "\u00e9" * 32])
def test_what_is_no_key_is_refused(key: Path, written: str) -> None:
    key.write_text(written)

    with pytest.raises(KeyFileError, match="no key file"):
        read_key(key)


def test_a_link_a_pipe_or_a_folder_is_no_key_file(tmp_path: Path, key: Path) -> None:
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(key)
    os.mkfifo(pipe, 0o600)

    for path in (link, pipe, tmp_path, tmp_path / "missing"):
        with pytest.raises(KeyFileError):
            read_key(path)


@pytest.mark.parametrize(
    "changed",
    [
        {"photo": "missing.png"},
        {"--original": "missing.png"},
        {"--sign": "missing"},
        {"--fonts": "."},
        {"photo": __file__},
        {"-o": "no/such/folder/out.pdf"},
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    changed: dict[str, str],
    tmp_path: Path,
    photo: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    options = {"photo": str(photo), "-o": "out.pdf"} | changed
    path = options.pop("photo")
    flat = [word for pair in options.items() for word in pair]

    assert command_line.main(["report", path, *flat]) == 1

    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert not told.out
    assert not Path("out.pdf").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ["--examined-at", "yesterday"],
        ["--reference", "x" * 201],
        ["--examiner", "a\nb"],
        ["--locale", "fr"],
    ],
)
def test_what_is_stated_wrongly_is_refused(wrong: list[str], photo: Path) -> None:
    with pytest.raises(SystemExit) as refused:
        command_line.main(["report", str(photo), "-o", "out.pdf", *wrong])

    assert refused.value.code == 2
