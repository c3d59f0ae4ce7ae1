"""Where the demo walks: the portal, its state folder, and the small internet beside it."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console

from demo.internet import serving

CONF = "deploy/embedded/supervisord.conf"
PATIENCE = 240  # seconds, for one step
console = Console(stderr=False, highlight=False)


class DemoError(Exception):
    """The demo cannot go on; says what to do."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are: the portal's address, its code, its state."""

    portal: str
    root: Path
    var: Path


def require_portal(portal: str) -> None:
    try:
        httpx.get(portal, timeout=30, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL):
        raise DemoError(
            f"No portal answers at {portal}. Start it in another terminal: make run"
        ) from None


def control_of(places: Places, stack: ExitStack) -> str:
    """The small internet's control: found running, started beside the portal, or ours."""
    file = places.var / "internet.json"
    if not is_serving(file):
        if (places.var / "supervisor.sock").exists():
            supervisorctl(places, "start", "internet")
            wait(lambda: is_serving(file), "The demo's sites do not start.")
        else:
            stack.enter_context(serving(file))
    ports = json.loads(file.read_text("utf-8"))["ports"]
    return f"http://127.0.0.1:{ports['control']}"


def supervisorctl(places: Places, *words: str) -> None:
    programs = Path(sys.executable).parent
    command = [str(programs / "supervisorctl"), "-c", CONF]
    environment = {
        "RECLAIM_VAR": str(places.var),
        "BIN": str(programs),
        "DEMO_INTERNET": "false",
    }
    subprocess.run(
        [*command, *words],
        cwd=places.root,
        env=environment,
        capture_output=True,
        check=False,
    )


def is_serving(file: Path) -> bool:
    with suppress(OSError, ValueError, KeyError, httpx.HTTPError):
        ports = json.loads(file.read_text("utf-8"))["ports"]
        told = httpx.get(f"http://127.0.0.1:{ports['control']}/", timeout=5).json()
        return set(told) <= set(ports)
    return False


@contextmanager
def shown(words: str) -> Iterator[None]:
    """One line of progress."""
    began = time.monotonic()
    with console.status(f"{words} ..."):
        yield
    console.print(f"[green]✓[/] {words} ({time.monotonic() - began:.0f} s)")


def wait(ready: Callable[[], bool], otherwise: str) -> None:
    """Until it is so. Raises DemoError with `otherwise` when patience ends."""
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            raise DemoError(f"{otherwise} See the logs in the portal's state folder.")
        time.sleep(0.3)
