"""The portal as `make run` starts it, on a state folder and a port of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
START = [sys.executable, "deploy/embedded/start.py"]
CONF = "deploy/embedded/supervisord.conf"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Portal:
    var: Path
    port: int
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def pid_of(self, program: str) -> int:
        """The process id of a program that runs, 0 while it does not."""
        told = self._supervisorctl("pid", program)
        return int(told) if told.isdecimal() else 0

    def processes(self) -> list[int]:
        """All that this portal has started and that still lives."""
        mark = f"RECLAIM_VAR={self.var}".encode()
        alive = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and int(entry.name) != os.getpid():
                with suppress(OSError):
                    if mark in (entry / "environ").read_bytes().split(b"\0"):
                        alive.append(int(entry.name))
        return alive

    def logs(self) -> str:
        files = (self.var / "logs").glob("*.log")
        return "\n".join(file.read_text("utf-8", "replace") for file in files)

    def stop(self) -> str:
        """Ctrl-C; returns what it printed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        said, _ = self.process.communicate(timeout=60)
        return said

    def _supervisorctl(self, *words: str) -> str:
        program = str(Path(sys.executable).parent / "supervisorctl")
        command = [program, "-c", CONF, *words]
        environment = {
            "RECLAIM_VAR": str(self.var),
            "BIN": "",
            "DEMO_INTERNET": "false",
        }
        told = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return told.stdout.strip()


StartPortal = Callable[..., Portal]


def environment_of(var: Path, port: int, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "RECLAIM_VAR": str(var), "PORT": str(port), "DEMO": "0", **more}


@contextmanager
def starting(state: Path | None = None) -> Iterator[StartPortal]:
    """Start a portal and wait until it answers; all are stopped in the end.

    Each has a state folder of its own, a copy of `state` or empty.
    """
    with ExitStack() as stack:

        def start(**environment: str) -> Portal:
            # Not pytest's folder: a socket's path must be short.
            var = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rc-")))
            if state:
                shutil.copytree(state, var, dirs_exist_ok=True)
            port = free_port()
            process = subprocess.Popen(
                START,
                cwd=ROOT,
                env=environment_of(var, port, **environment),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            portal = Portal(var, port, process)
            stack.callback(portal.stop)
            deadline = time.monotonic() + 90
            while time.monotonic() < deadline and process.poll() is None:
                with (
                    suppress(OSError),
                    socket.create_connection(("127.0.0.1", port), 1),
                ):
                    return portal
                time.sleep(0.1)
            raise AssertionError(portal.logs())

        yield start


@pytest.fixture(scope="session")
def started_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a portal that was started and stopped: a second start takes seconds."""
    state = tmp_path_factory.mktemp("started") / "var"
    with starting() as start:
        portal = start()
        portal.stop()
        shutil.copytree(portal.var, state)
    return state


@pytest.fixture
def start_portal(started_once: Path) -> Iterator[StartPortal]:
    with starting(started_once) as start:
        yield start


@pytest.fixture
def portal(start_portal: StartPortal) -> Portal:
    return start_portal()


@pytest.fixture
def new_portal() -> Iterator[Portal]:
    """A portal that was never started before."""
    with starting() as start:
        yield start()
