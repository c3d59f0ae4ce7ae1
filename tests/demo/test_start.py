"""`make run` in the small things: ports, one portal per state, a clean end, quiet logs."""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.conftest import (
    ROOT,
    START,
    Portal,
    environment_of,
    free_port,
    starting,
)


@pytest.fixture(scope="module")
def unharmed(started_once: Path) -> Iterator[Portal]:
    """One portal for the tests that neither stop nor harm it."""
    with starting(started_once) as start:
        yield start()


def refusal(var: Path, port: str) -> str:
    """What it says when it does not start."""
    environment = environment_of(var, 0) | {"PORT": port}
    ended = subprocess.run(
        START,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr.strip()


def test_a_taken_port_is_named_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal(tmp_path, str(port))
    assert said == f"Port {port} is taken. Choose another: make run PORT=8001"


@pytest.mark.parametrize("port", ["eight", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str) -> None:
    said = refusal(tmp_path, port)
    assert said == f"PORT must be a number from 1 to 65535, not {port!r}."


def test_a_state_folder_too_deep_for_a_socket_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path / ("deep" * 25), str(free_port()))
    assert said.startswith("The path of the state folder is too long")


def test_two_portals_never_share_one_state(unharmed: Portal) -> None:
    said = refusal(unharmed.var, str(free_port()))
    assert said == f"A portal already runs on the state in {unharmed.var}."


def test_nobody_else_can_read_the_state(unharmed: Portal) -> None:
    assert unharmed.var.stat().st_mode & 0o077 == 0
    for path in unharmed.var.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_portal_leaves_no_process(
    portal: Portal, sign: signal.Signals
) -> None:
    assert len(portal.processes()) >= 5
    portal.process.send_signal(sign)
    said = portal.process.communicate(timeout=120)[0]
    assert portal.processes() == []
    assert said.rstrip().endswith("Stopped.")
    assert "Traceback" not in said


def test_a_portal_killed_outright_takes_its_programs_along(portal: Portal) -> None:
    portal.process.kill()
    deadline = time.monotonic() + 40
    while portal.processes() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert portal.processes() == []


def test_no_log_names_a_visitor(portal: Portal) -> None:
    requests = [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /case/?q=secret-word HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n",
        b"no request at all\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /case/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
    ]
    for request in requests:
        with socket.create_connection(("127.0.0.1", portal.port), 10) as connection:
            connection.sendall(request)
            assert connection.recv(100)
    portal.stop()
    for trace in ("127.0.0.1", "secret-word", "elsewhere.example", "Traceback"):
        assert trace not in portal.logs()
