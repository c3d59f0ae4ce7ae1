import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from tests.drawing import encode, landscape, mirror

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
    return [*paths, folder, folder / "missing.jpg"]


def test_hash_prints_one_object_per_file(photo: Path) -> None:
    done = tracker("hash", photo, photo, "--json")
    assert done.returncode == 0
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert first == second
    assert first["path"] == str(photo)
    assert [signal["type"] for signal in first["signals"]] == ["sha256", "pdq", "phash"]
    for signal in first["signals"]:
        assert set(signal) == {"type", "value", "quality", "version"}


def test_hash_names_each_bad_file_and_goes_on(tmp_path: Path, photo: Path) -> None:
    bad = bad_files(tmp_path)
    done = tracker("hash", *bad, photo, "--json")
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["path"] for line in lines] == [str(path) for path in [*bad, photo]]
    assert all(line["error"].endswith(".") for line in lines[:-1])
    assert lines[-1]["signals"]


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


def test_an_index_is_built_described_and_searched(tmp_path: Path) -> None:
    path = tmp_path / "index"
    lines = b"7 00ff\n18446744073709551615 00fe\n"
    built = tracker("index", "build", path, given=lines)
    assert json.loads(built.stdout)["n"] == 2
    assert json.loads(tracker("index", "info", path).stdout)["bits"] == 16
    found = tracker("index", "search", path, "00fe", "--radius", "1")
    assert json.loads(found.stdout) == [
        {"id": 18446744073709551615, "distance": 0},
        {"id": 7, "distance": 1},
    ]


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"hello",
        b"1 0g",
        b"1 0",
        b"-1 00",
        b"1 00\n2 0000",
        b"18446744073709551616 00",
        b"1 \xff\xfe",
    ],
)
def test_lines_that_are_no_hashes_build_no_index(tmp_path: Path, given: bytes) -> None:
    done = tracker("index", "build", tmp_path / "index", given=given)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.endswith(b".\n")
    assert not (tmp_path / "index").exists()


def test_searching_in_vain_is_said_plainly(tmp_path: Path, photo: Path) -> None:
    tracker("index", "build", tmp_path / "index", given=b"7 00ff\n")
    for arguments in (
        ("info", tmp_path / "missing"),
        ("info", photo),
        ("info", tmp_path),
        ("search", tmp_path / "index", "00"),
        ("search", tmp_path / "index", "zz"),
        ("search", tmp_path / "index", "00ff", "--radius", "-1"),
    ):
        done = tracker("index", *arguments)
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
