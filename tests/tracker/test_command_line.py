import io
import json
import os
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.drawing import encode, landscape, mirror
from tracker.__main__ import main

# Runs a module as `python -m` does, in a process where the portal's libraries are not.
WITHOUT_DJANGO = """
import runpy, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"django", "rest_framework", "celery", "portal"}:
            raise ImportError(name + " is not installed here")

sys.meta_path.insert(0, Absent())
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def tracker(
    *arguments: str | Path, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run the command line; whatever happens, it never shows a traceback."""
    start = [sys.executable, "-W", "error", "-c", WITHOUT_DJANGO, "tracker"]
    command = [*start, *arguments]
    done = subprocess.run(
        command, input=given, capture_output=True, timeout=60, check=False
    )
    assert b"Traceback" not in done.stdout + done.stderr
    return done


@dataclass
class Done:
    returncode: int
    stdout: bytes
    stderr: bytes


class Inside:
    """The same within this process: half a second less for each."""

    def __init__(
        self, patch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[bytes]
    ) -> None:
        self.patch, self.captured = patch, captured

    def __call__(self, *arguments: str | Path, given: bytes = b"") -> Done:
        self.patch.setattr(sys, "argv", ["tracker", *map(str, arguments)])
        self.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        code = main()
        told = self.captured.readouterr()
        return Done(code, told.out, told.err)


@pytest.fixture
def inside(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Inside:
    return Inside(monkeypatch, capsysbinary)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(encode(landscape(1)))
    return path


def bad_files(folder: Path) -> list[Path]:
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header
    contents = {
        "bomb.png": bomb + struct.pack(">I", zlib.crc32(b"IHDR" + header)),
        "empty.jpg": b"",
        "text.jpg": b"hello",
        "cut.png": encode(landscape(1))[:5000],
        "new\nline \x1b[31m.jpg": b"",
    }
    paths = [folder / name for name in contents]
    for path in paths:
        path.write_bytes(contents[path.name])
    return [*paths, folder / "missing.jpg"]


def test_hash_prints_one_object_per_file(photo: Path) -> None:
    done = tracker("hash", photo, photo, "--json")
    assert done.returncode == 0
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert first == second
    assert first["path"] == str(photo)
    assert [signal["type"] for signal in first["signals"]] == ["sha256", "pdq", "phash"]
    for made in first["signals"]:
        assert set(made) == {"type", "value", "quality", "version"}


def test_hash_names_each_bad_file_and_goes_on(tmp_path: Path, photo: Path) -> None:
    bad = bad_files(tmp_path)
    done = tracker("hash", *bad, photo, "--json")
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["path"] for line in lines] == [str(path) for path in [*bad, photo]]
    assert all(line["error"].endswith(".") for line in lines[:-1])
    assert lines[-1]["signals"]


def test_hash_takes_all_that_is_in_a_folder_in_order_on_every_core(
    tmp_path: Path,
) -> None:
    data = encode(landscape(1, (96, 64)))
    for number in range(50):
        path = tmp_path / f"{number % 3}" / f"{number:02}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data if number != 7 else b"hello")
    os.mkfifo(tmp_path / "waits for ever.png")
    (tmp_path / "1" / "loop").symlink_to(tmp_path)
    done = tracker("hash", tmp_path, "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    paths = sorted(path for path in tmp_path.glob("[012]/*.png"))
    assert [line["path"] for line in lines] == [str(path) for path in paths]
    assert [line["path"] for line in lines if "error" in line] == [
        str(tmp_path / "1" / "07.png")
    ]
    assert len({json.dumps(line.get("signals")) for line in lines}) == 2
    assert done.stderr == b"Pictures hashed: 49. Files that are none: 1.\n"
    assert done.returncode == 1


def test_hash_of_an_empty_folder_is_nothing(tmp_path: Path) -> None:
    done = tracker("hash", tmp_path)
    assert (done.returncode, done.stdout) == (0, b"")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What a shell starts in the background ignores Ctrl-C, and so do its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_hash_ends_cleanly_when_it_is_interrupted(tmp_path: Path) -> None:
    (tmp_path / "0.png").write_bytes(encode(landscape(1, (96, 64))))
    for number in range(1, 3000):  # more lines than a pipe holds that nobody reads
        (tmp_path / f"{number}.png").hardlink_to(tmp_path / "0.png")
    command = [sys.executable, "-m", "tracker", "hash", str(tmp_path), "--json"]
    running = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C goes to all processes of a terminal at once
    )
    assert running.stdout
    assert running.stdout.readline()
    os.killpg(running.pid, signal.SIGINT)
    _, errors = running.communicate(timeout=30)
    assert (running.returncode, errors) == (128 + signal.SIGINT, b"")


def test_hash_speaks_to_people(tmp_path: Path, photo: Path) -> None:
    done = tracker("hash", photo, *bad_files(tmp_path))
    shown = " ".join(done.stdout.decode().split())  # long lines are folded
    assert done.returncode == 1
    assert "pdq" in shown
    assert "This file is empty." in shown
    assert "\x1b[31m" not in shown


def test_a_file_name_that_is_no_text_is_no_trouble(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"\xff\xfe.png")  # noqa: PTH118  # bytes
    Path(os.fsdecode(path)).write_bytes(encode(landscape(1)))
    assert tracker("hash", os.fsdecode(path)).returncode == 0
    assert tracker("hash", os.fsdecode(path), "--json").returncode == 0


def test_compare_tells_kind_distance_and_why(tmp_path: Path, photo: Path) -> None:
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(encode(mirror(landscape(1)), "JPEG", quality=40))
    done = tracker("compare", copy, photo, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert set(told) == {"kind", "distance", "why"}
    assert (told["kind"], told["why"].endswith("mirroring")) == ("near", True)
    assert b"near: PDQ" in tracker("compare", copy, photo).stdout


def test_compare_draws_why_into_a_new_file_and_over_none(
    tmp_path: Path, photo: Path
) -> None:
    out = tmp_path / "why.png"
    done = tracker("compare", photo, photo, "--explain", out, "--json")
    assert json.loads(done.stdout)["kind"] == "exact"
    written = out.read_bytes()
    assert written.startswith(b"\x89PNG")
    again = tracker("compare", photo, photo, "--explain", out)
    assert (again.returncode, out.read_bytes()) == (1, written)
    assert b"is there already" in again.stdout


def test_compare_says_why_it_cannot_draw(tmp_path: Path, photo: Path) -> None:
    for name in ("why.jpg", "absent/why.png", f"{'x' * 300}.png"):
        done = tracker("compare", photo, photo, "--explain", tmp_path / name, "--json")
        assert done.returncode == 1
        assert json.loads(done.stdout)["error"].endswith(".")
    assert [path.name for path in tmp_path.iterdir()] == [photo.name]


def test_compare_names_the_file_that_is_no_picture(tmp_path: Path, photo: Path) -> None:
    for bad in bad_files(tmp_path):
        done = tracker("compare", photo, bad, "--json")
        assert done.returncode == 1
        assert json.loads(done.stdout)["path"] == str(bad)
        assert tracker("compare", bad, photo).returncode == 1


def test_an_index_is_built_described_searched_and_verified(tmp_path: Path) -> None:
    path = tmp_path / "index"
    lines = b"7 00ff\n18446744073709551615 00fe\n"
    built = tracker("index", "build", path, "--json", given=lines)
    assert json.loads(built.stdout)["n"] == 2
    info = json.loads(tracker("index", "info", path, "--json").stdout)
    assert (info["bits"], info["size"]) == (16, path.stat().st_size)
    asked = ("00fe", "ff00", "--radius", "1", "--json")
    done = tracker("index", "search", path, *asked)
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert first == {
        "hash": "00fe",
        "matches": [
            {"id": 18446744073709551615, "distance": 0},
            {"id": 7, "distance": 1},
        ],
    }
    assert second == {"hash": "ff00", "matches": []}
    told = json.loads(tracker("index", "verify", path, "--json").stdout)
    assert told == {"n": 2, "sample": 100, "whole": True}


def test_an_index_speaks_to_people(tmp_path: Path, inside: Inside) -> None:
    path, lines = tmp_path / "index", tmp_path / "lines"
    lines.write_text(f"{'0f' * 32}\n{'f0' * 32}\n")
    told = [
        inside("index", *arguments).stdout.decode()
        for arguments in (
            ("build", path, lines, "--type", "pdq"),
            ("search", path, "0f" * 32, "00" * 32),
            ("verify", path, "--sample", "3"),
        )
    ]
    for words in ("2 of 256 bits", "pdq/1", "a scan", "SHA-256 of hashes"):
        assert words in told[0]
    assert "bits apart" in told[1]
    assert "no neighbours" in told[1]
    assert "2 hashes are as written; 3 answers are a scan's." in told[2]


def test_queries_come_from_standard_input_too(tmp_path: Path, inside: Inside) -> None:
    inside("index", "build", tmp_path / "index", given=b"00ff\n00fe\n")
    given = b"00ff\n00fe\n"
    done = inside(
        "index", "search", tmp_path / "index", "--json", "--most", "1", given=given
    )
    answers = [json.loads(line)["matches"] for line in done.stdout.splitlines()]
    assert answers == [[{"id": 1, "distance": 0}], [{"id": 2, "distance": 0}]]


def test_an_index_is_replaced_only_where_that_is_said(
    tmp_path: Path, inside: Inside
) -> None:
    path = tmp_path / "index"
    inside("index", "build", path, given=b"00ff\n")
    done = inside("index", "build", path, given=b"00ff\n00fe\n")
    assert done.returncode == 1
    assert b"--replace" in done.stderr
    done = inside("index", "build", path, "--replace", "--json", given=b"00ff\n00fe\n")
    assert json.loads(done.stdout)["n"] == 2


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (b"", b"nothing"),
        (b"hello", b"Line 1 "),
        (b"1 00\n2 0g", b"Line 2 "),
        (b"1 0", b"Line 1 "),
        (b"AB", b"Line 1 "),
        (b"-1 00", b"Line 1 "),
        (b"1 00\n\n2 00", b"Line 2 "),
        (b"1 00\n2 0000", b"line 2 "),
        (b"1 00\n00", b"Line 2 "),
        (b"18446744073709551616 00", b"Line 1 "),
        (b"1 \xff\xfe", b"Line 1 "),
    ],
)
def test_lines_that_are_no_hashes_build_no_index(
    tmp_path: Path, given: bytes, named: bytes, inside: Inside
) -> None:
    done = inside("index", "build", tmp_path / "index", given=given)
    assert (done.returncode, done.stdout) == (1, b"")
    assert named in done.stderr
    assert done.stderr.endswith(b".\n")
    assert not (tmp_path / "index").exists()


def test_asking_in_vain_is_said_plainly(
    tmp_path: Path, photo: Path, inside: Inside
) -> None:
    path, flipped = tmp_path / "index", tmp_path / "flipped"
    inside("index", "build", path, given=b"7 00ff\n")
    flipped.write_bytes(path.read_bytes()[:-1] + b"\x00")
    for arguments in (
        ("info", tmp_path / "missing"),
        ("info", photo),
        ("info", tmp_path),
        ("verify", flipped),
        ("verify", photo),
        ("search", path, "00"),
        ("search", path, "00FF"),
        ("search", path, "zz"),
        ("search", path, "00ff", "--radius", "-1"),
        ("search", path, "00ff", "--most", "0"),
        ("build", tmp_path / "new", tmp_path / "missing"),
        ("build", tmp_path / "new", photo),
        ("build", tmp_path / "new", "--type", "pdq"),
    ):
        done = inside("index", *arguments, given=b"00ff\n")
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.endswith(b".\n")


def test_a_reader_that_leaves_is_no_error(photo: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-m", "tracker", "hash", photo, "--json"],
            stdout=gone,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (141, b"")
