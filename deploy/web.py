"""The web server of both profiles. Nothing here may write a visitor's address anywhere.

Granian reads requests in Rust and hands them to threads of ours: see docs/adr/0025.
"""

import os
import sys
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

ROOT = Path(__file__).resolve().parents[1]
THREADS = 8  # of each process: as many slow uploads as it bears
LIFETIME = 6 * 3600  # seconds; then a process starts anew, and returns what it leaked
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
    # A refusal to start stops the server, not a worker; and workers are born with the
    # portal read.
    import portal.wsgi  # noqa: F401, PLC0415

    address, port, uds = place()
    Server(
        "portal.wsgi:application",
        address=address,
        port=port,
        uds=uds,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=int(os.environ.get("WEB_WORKERS", "2")),
        blocking_threads=THREADS,
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
