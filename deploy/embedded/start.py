"""Starts the embedded portal in the foreground: web, worker and scheduler, until Ctrl-C.

supervisord starts the programs and starts again what dies. On an empty database the demo
runs once, so that the first thing a newcomer sees is the main job done.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
VAR = Path(os.environ.get("RECLAIM_VAR") or ROOT / "var").resolve()
LONGEST_SOCKET_PATH = 100  # bytes; the kernel takes 107
START_SECONDS = 60
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
Programs = subprocess.Popen[bytes]


def main() -> None:
    os.chdir(ROOT)
    os.umask(0o077)
    for sign in STOPS:
        signal.signal(sign, interrupt)
    port = free_port(os.environ.get("PORT") or "8000")
    lock = only_one()
    os.environ |= {
        "PORT": str(port),
        "RECLAIM_VAR": str(VAR),
        "BIN": str(BIN),
        "DEMO_INTERNET": str((VAR / "internet.json").exists()).lower(),
    }
    programs = None
    try:
        prepare()
        programs = supervise()
        await_answer(port, programs)
        print(f"\n  Reclaim answers at  http://127.0.0.1:{port}/", flush=True)
        print("  Ctrl-C stops it.\n", flush=True)
        if os.environ.get("DEMO", "1") != "0" and is_empty():
            subprocess.run([sys.executable, "-m", "demo"], check=False)
        programs.wait()
        sys.exit(f"The portal stopped by itself. See {VAR / 'logs'}.")
    except KeyboardInterrupt:
        print("\nStopping: the work in hand is finished first.", flush=True)
    finally:
        if programs:
            stop(programs)
        lock.close()


def free_port(text: str) -> int:
    """The port as a number, if it can be had; else say so and leave."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        sys.exit(f"PORT must be a number from 1 to 65535, not {text!r}.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(text)))
        except PermissionError:
            sys.exit(f"Port {text} needs rights you lack. Choose another: PORT=8001")
        except OSError:
            sys.exit(f"Port {text} is taken. Choose another: make run PORT=8001")
    return int(text)


def only_one() -> IO[str]:
    """Hold the state folder's lock for as long as we live."""
    if len(bytes(VAR)) + len("/supervisor.sock") > LONGEST_SOCKET_PATH:
        sys.exit(f"The path of the state folder is too long for a socket: {VAR}")
    VAR.mkdir(parents=True, exist_ok=True, mode=0o700)
    VAR.chmod(0o700)
    (VAR / "logs").mkdir(exist_ok=True, mode=0o700)
    lock = (VAR / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"A portal already runs on the state in {VAR}.")
    return lock


def prepare() -> None:
    if manage("migrate", "--verbosity", "0"):
        sys.exit("The database could not be brought up to date.")
    if manage("restore_check", "--verbosity", "0"):
        sys.exit("Cases that were withdrawn could not be kept withdrawn.")
    print("✓ Database ready", flush=True)


def is_empty() -> bool:
    return manage("seed_demo", "--is-empty") == 0


def manage(*arguments: str) -> int:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, check=False).returncode  # noqa: S603


def supervise() -> Programs:
    # A session of its own: Ctrl-C reaches us alone, and we stop the programs in order.
    # If we are killed outright, the kernel stops them for us.
    last_will = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    conf = "deploy/embedded/supervisord.conf"
    return subprocess.Popen(  # noqa: S603
        [*last_will, BIN / "supervisord", "--configuration", conf],
        start_new_session=True,
    )


def await_answer(port: int, programs: Programs) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and programs.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    sys.exit(f"The web server does not answer. See {VAR / 'logs' / 'web.log'}.")


def stop(programs: Programs) -> None:
    for sign in STOPS:
        signal.signal(sign, signal.SIG_IGN)  # one is enough
    programs.terminate()
    programs.wait()
    print("Stopped.", flush=True)


def interrupt(sign: int, frame: FrameType | None) -> NoReturn:
    del sign, frame
    signal.alarm(1)  # what is raised inside a destructor is lost: then raise it again
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
