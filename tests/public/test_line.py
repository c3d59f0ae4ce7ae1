import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.public import line
from portal.public.line import PLACES, FullError, Place

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "ENTER_SECONDS", 0.1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "line"


@pytest.fixture
def crowd(folder: Path) -> Iterator[list[Place]]:
    """Everybody who can be in line, in their order."""
    places = [Place(folder) for _ in range(PLACES)]
    yield places
    for place in places:
        place.leave()


def test_who_comes_stands_behind_those_who_are_there(crowd: list[Place]) -> None:
    assert [place.number for place in crowd] == list(range(PLACES))


def test_nobody_enters_a_full_line(crowd: list[Place], folder: Path) -> None:
    with pytest.raises(FullError):
        Place(folder)


def test_when_somebody_leaves_those_behind_move_up_in_order(crowd: list[Place]) -> None:
    crowd[1].leave()
    assert not crowd[0].moves_up()
    assert [place.moves_up() for place in crowd[2:]] == [True] * (PLACES - 2)
    assert [place.number for place in crowd[2:]] == list(range(1, PLACES - 1))


def test_nobody_is_passed(crowd: list[Place]) -> None:
    crowd[0].leave()
    assert not crowd[2].moves_up(), "who stands before has not moved yet"
    assert crowd[1].moves_up()
    assert crowd[1].number == 0
    assert crowd[2].moves_up()


def test_leaving_twice_frees_one_place(crowd: list[Place], folder: Path) -> None:
    crowd[-1].leave()
    crowd[-1].leave()
    place = Place(folder)
    assert place.number == PLACES - 1
    place.leave()


def test_many_who_come_at_once_all_get_places_of_their_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "ENTER_SECONDS", 5.0)
    got: list[Place] = []

    def comes() -> None:
        got.append(place := Place(folder))
        for _ in range(40):  # as whoever waits does
            place.moves_up()
            time.sleep(0.05)

    threads = [threading.Thread(target=comes) for _ in range(PLACES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(place.number for place in got) == list(range(PLACES))
    for place in got:
        place.leave()


def test_the_place_of_a_process_that_dies_is_free(folder: Path) -> None:
    program = (
        "import pathlib, sys\nfrom portal.public.line import Place\n"
        "place = Place(pathlib.Path(sys.argv[1]))\nprint(place.number, flush=True)\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, folder],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "0\n"
        place = Place(folder)
        assert place.number == 1
        process.send_signal(signal.SIGKILL)
    assert place.moves_up()
    place.leave()


def test_nothing_is_written_about_who_stands_there(
    crowd: list[Place], folder: Path
) -> None:
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == [str(n) for n in range(PLACES)]
    assert {file.stat().st_size for file in files} == {0}


def test_a_process_in_which_all_of_them_wait_still_answers_others() -> None:
    program = (ROOT / "deploy/web.py").read_text("utf-8")
    threads = re.search(r"^THREADS = (\d+)", program, re.MULTILINE)
    assert threads
    assert int(threads[1]) >= PLACES + 2
