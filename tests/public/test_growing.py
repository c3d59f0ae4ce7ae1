"""A check over the portal's own web server: its pieces as they arrive, and who may wait."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from portal.public.line import PLACES, FullError, Place
from tests import drawing

ROOT = Path(__file__).resolve().parents[2]
LONG = 30  # seconds, on a busy machine


@dataclass
class Portal:
    """A running web server with one process, and all that it can write to."""

    url: str
    folder: Path

    @property
    def line(self) -> Path:
        return self.folder / "var" / "line"

    def files(self) -> dict[str, int]:
        """Each file with its size."""
        return {
            str(path.relative_to(self.folder)): path.stat().st_size
            for path in self.folder.rglob("*")
            if path.is_file()
        }


class Answer:
    """What comes, piece by piece."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self._pieces = response.iter_text()

    def until(self, wanted: str) -> str:
        """What came, up to the piece that holds this."""
        seen, end = "", time.monotonic() + LONG
        while wanted not in seen:
            assert time.monotonic() < end, seen[-500:]
            seen += next(self._pieces)
        return seen


@contextmanager
def checking(portal: Portal, **files: bytes) -> Iterator[Answer]:
    """Somebody sends the form, and looks on until the block ends."""
    with httpx.Client(base_url=portal.url, timeout=LONG, trust_env=False) as client:
        client.get("/check/")
        form = {"adult": "on", "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        with client.stream("POST", "/check/", data=form, files=files) as response:
            answer = Answer(response)  # held: without it the way is closed
            yield answer


@pytest.fixture(scope="module")
def photo() -> bytes:
    return drawing.encode(drawing.landscape(1), "JPEG", quality=90)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("portal")
    (folder / "tmp").mkdir()
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    given = {
        "RECLAIM_VAR": str(folder / "var"),
        "TMPDIR": str(folder / "tmp"),
        "STATIC_ROOT": str(folder / "static"),
        "PORT": str(port),
        "WEB_WORKERS": "1",
    }
    server = subprocess.Popen(
        [sys.executable, "deploy/web.py"], cwd=ROOT, env=os.environ | given
    )
    until = time.monotonic() + LONG
    while time.monotonic() < until:
        with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port))):
            break
        time.sleep(0.1)
    yield Portal(f"http://127.0.0.1:{port}", folder)
    server.terminate()
    server.wait()


def moves_to(place: Place, number: int) -> None:
    end = time.monotonic() + LONG
    while place.number > number:
        assert time.monotonic() < end
        time.sleep(0.05)
        place.moves_up()


@pytest.fixture
def before(portal: Portal) -> Iterator[list[Place]]:
    """Two who are in line already, when all of another test have gone."""
    with ExitStack() as leaving:
        places: list[Place] = []
        while len(places) < 2:
            with suppress(FullError):
                places.append(Place(portal.line))
                leaving.callback(places[-1].leave)
                moves_to(places[-1], len(places) - 1)
        yield places


def test_somebody_watches_the_line_move_and_then_the_answer_come(
    portal: Portal, photo: bytes, before: list[Place]
) -> None:
    with checking(portal, picture=photo) as answer:
        assert answer.status == 200
        assert "no-transform" in answer.headers["Cache-Control"]
        shown = answer.until("You are number 2 in line.")
        assert "Leave this page" in shown, "the way out is there at once"
        before[0].leave()
        before[1].moves_up()
        shown = answer.until("You are number 1 in line.")
        assert "number 2" not in shown, "it came before"
        before[1].leave()
        answer.until("Your picture is being opened.")
        last = answer.until("</html>")
    assert "We found no sign that AI made or changed this picture." in last
    assert "/guide/#helpers" in last


def test_nothing_of_it_is_on_any_disk_afterwards(portal: Portal, photo: bytes) -> None:
    with checking(portal, picture=photo, original=photo) as answer:
        answer.until("</html>")
    first = portal.files()
    with checking(portal, picture=photo, original=photo) as answer:
        assert "Compared with your photo" in answer.until("</html>")
    assert portal.files() == first
    grown = {name for name, size in first.items() if size}
    assert {name.rpartition("/")[0] for name in grown} == {"var/secrets"}


def test_whoever_comes_when_all_places_are_taken_is_told_so_at_once(
    portal: Portal, photo: bytes, before: list[Place]
) -> None:
    with ExitStack() as leaving:
        for _ in range(PLACES - len(before)):
            leaving.enter_context(checking(portal, picture=photo)).until("in line.")
        with checking(portal, picture=photo) as answer:
            assert answer.status == 503
            assert answer.headers["Retry-After"] == "60"
            answer.until("Too many people are waiting just now")
        began = time.monotonic()
        assert httpx.get(f"{portal.url}/check/", trust_env=False).status_code == 200
        assert time.monotonic() - began < 5, "all others are served"


def test_whoever_goes_away_frees_their_place(
    portal: Portal, photo: bytes, before: list[Place]
) -> None:
    with checking(portal, picture=photo) as answer:
        answer.until("You are number 2 in line.")
    other = Place(portal.line)
    moves_to(other, 2)
    other.leave()


def test_all_who_come_at_once_are_answered(portal: Portal, photo: bytes) -> None:
    def check(_: int) -> str:
        with checking(portal, picture=photo) as answer:
            return answer.until("</html>")

    with ThreadPoolExecutor(3) as people:
        ends = list(people.map(check, range(3)))
    assert all("We found no sign" in end for end in ends)
