"""The web server of both profiles. Nothing here may write a visitor's address anywhere.

Granian reads requests in Rust and hands them to threads of ours: see docs/adr/0025. A server
that only machines ask has WEB_THREADS=2: see docs/adr/0038.
"""

import gc
import os
import sys
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

ROOT = Path(__file__).resolve().parents[1]
THREADS = 8  # of each process: as many slow uploads as it bears, unless told
LIFETIME = 6 * 3600  # seconds; then a process starts anew, and returns what it leaked
GARBAGE = (
    50_000  # objects more than before, and Python looks for it: a tenth of its time
)
SWITCH = (
    0.0005  # seconds that a thread back from the database or the index waits for Python
)
GRACE = 10  # seconds that a process has to answer what it was asked


def place() -> tuple[str, int, Path | None]:
    """Address, port and socket file: WEB_BIND is "host:port" or "unix:path"."""
    bind = os.environ.get("WEB_BIND") or f"127.0.0.1:{os.environ.get('PORT', '8000')}"
    if bind.startswith("unix:"):
        return "", 0, Path(bind.removeprefix("unix:"))
    host, _, port = bind.rpartition(":")
    return host.strip("[]"), int(port), None


def main() -> None:
    sys.path.insert(0, str(ROOT))
    workers = int(os.environ.get("WEB_WORKERS", "2"))
    # Together they have every core: more threads would only wait for each other.
    cores = max(1, len(os.sched_getaffinity(0)) // workers)
    os.environ.setdefault("OMP_NUM_THREADS", str(cores))
    # A refusal to start stops the server, not a worker; and workers are born with the
    # portal read, which is never garbage.
    import portal.wsgi  # noqa: F401, PLC0415

    gc.freeze()
    gc.set_threshold(GARBAGE, 20, 20)
    sys.setswitchinterval(SWITCH)
    address, port, uds = place()
    Server(
        "portal.wsgi:application",
        address=address,
        port=port,
        uds=uds,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        blocking_threads=int(os.environ.get("WEB_THREADS") or THREADS),
        blocking_threads_idle_timeout=600,  # each keeps its way to the database
        http1_settings=HTTP1Settings(
            header_read_timeout=20_000, max_buffer_size=65_536
        ),
        respawn_failed_workers=True,
        workers_lifetime=LIFETIME,
        workers_kill_timeout=GRACE,
        # A warning about a malformed request would name its sender's address.
        log_level=LogLevels.error,
        log_access=False,
        working_dir=ROOT,
    ).serve()


if __name__ == "__main__":
    main()
