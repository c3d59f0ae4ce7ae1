"""The page of benchmarks, written from small programs."""

from pathlib import Path

import pytest

from bench.__main__ import Run, command_of, heading, section

PROGRAM = '''"""Ours beside a peer: it says what it is given.

Further down stands more.
"""
import sys
print("working \u2501\u2501\u2501\u2501 100% 0:00:01")
print("given", sys.argv[1:])
sys.exit("it broke" if "break" in sys.argv else 0)
'''


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "rows.py"
    path.write_text(PROGRAM)
    return path


def test_a_program_is_told_by_its_first_sentences_its_command_and_its_table(
    program: Path,
) -> None:
    told, ended_well = section(program, [Run(("--n", "7"))], None)
    assert ended_well
    assert told.startswith("## rows\n\nOurs beside a peer: it says what it is given.\n")
    assert "`python bench/rows.py --n 7`" in told
    assert "```text\ngiven ['--n', '7']\n```" in told
    assert "Further down" not in told


def test_photographs_are_named_by_their_folder_alone(
    program: Path, tmp_path: Path
) -> None:
    run = Run(("--n", "7"), photos=("--photos",))
    told, _ = section(program, [run], tmp_path)
    assert f"`python bench/rows.py --photos {tmp_path.name} --n 7`" in told
    assert f"given ['--photos', '{tmp_path}', '--n', '7']" in told
    assert command_of(program, run, None) == "python bench/rows.py --n 7"


def test_a_program_that_needs_photographs_is_left_out_without_them(
    program: Path,
) -> None:
    told, ended_well = section(program, [Run(photos=(), needs=True)], None)
    assert ended_well
    assert "it needs photographs" in told
    assert "given" not in told.partition("`python")[2]


def test_a_program_that_fails_does_not_stop_the_page(program: Path) -> None:
    told, ended_well = section(program, [Run(("break",)), Run()], None)
    assert not ended_well
    assert "Failed with exit code 1: it broke" in told
    assert "given []" in told


def test_the_page_says_when_on_what_and_at_which_size_it_was_run() -> None:
    quick, full = ("\n".join(heading(full=full, photos=None)) for full in (False, True))
    assert "quick sizes" in quick
    assert "the large sizes" in full
    assert "drawn pictures" in quick
    assert "cores" in quick
    assert "numpy" in quick
