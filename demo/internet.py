"""The small internet: three sites on loopback, and a door to put a run on and take posts down.

`python -m demo.internet` serves until it is stopped. What it needs to show the same again
after a restart is in internet.json in the portal's state folder.
"""

import json
import os
import secrets
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from demo.sites import Reply, Visit, answer, first_copy
from demo.world import SITES, PhotosError, Run, new_run

HOST = "127.0.0.1"
FIRST_PORT = 8901  # where we look for free ports; another demo may have the first ones
CONTROL = "control"
LARGEST_ORDER = 65536  # bytes


@dataclass
class Internet:
    """All that is served. `file` remembers it; None forgets."""

    file: Path | None
    ports: dict[str, int] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    served: set[str] = field(default_factory=set)  # names of pictures asked for
    lock: threading.Lock = field(default_factory=threading.Lock)

    def base(self, site: str) -> str:
        return f"http://{HOST}:{self.ports[site]}"

    def answer(self, site: str, target: str) -> Reply:
        parts = urlsplit(target)
        path, query = unquote(parts.path), dict(parse_qsl(parts.query))
        if site == CONTROL:
            return self._told(path)
        down = frozenset(self.down)
        visit = Visit(self.base(site), path, query, tuple(self.runs), down)
        reply = answer(site, visit)
        if reply.type == "image/jpeg":
            self.served.add(path.rpartition("/")[2][:8])
        return reply

    def obey(self, path: str, order: Mapping[str, str]) -> Reply:
        """An order from the demo: `/runs` begins a run, `/down` takes a picture down."""
        with self.lock:
            if path == "/runs":
                photos = Path(order["photos"]) if order.get("photos") else None
                try:
                    run = new_run(secrets.token_hex(3), photos)
                except PhotosError as error:
                    return _json({"error": str(error)}, 400)
                self.runs.append(run)
                self.remember()
                return _json(self._about(run))
            if path == "/down":
                self.down.add(order.get("picture", ""))
                self.remember()
                return _json({})
        return _json({"error": "No such order."}, 404)

    def _told(self, path: str) -> Reply:
        """`/` says that we are here, `/runs/1f2e3d` how much of that run was looked at."""
        for run in self.runs:
            if path == f"/runs/{run.id}":
                return _json(
                    {
                        site: all(p.picture in self.served for p in run.posts(site))
                        for site in SITES
                    }
                )
            if path == f"/runs/{run.id}/original.jpg":
                return Reply(run.original(), "image/jpeg")
        return _json({site: self.base(site) for site in SITES})

    def _about(self, run: Run) -> dict[str, object]:
        """Where the run is to be seen, and the truth about it."""
        return {
            "id": run.id,
            "original": f"{self.base(CONTROL)}/runs/{run.id}/original.jpg",
            "sites": {
                "gallery": f"{self.base('gallery')}/{run.id}/",
                "forum": f"{self.base('forum')}/{run.id}/",
                "fediverse": self.base("fediverse"),
            },
            "reported": self.base("forum") + first_copy(run),
            "posts": sum(len(run.posts(site)) for site in SITES),
            "copies": {
                post.picture: post.copy
                for site in SITES
                for post in run.posts(site)
                if post.copy
            },
        }

    def load(self) -> None:
        if self.file is None or not self.file.exists():
            return
        kept = json.loads(self.file.read_text("utf-8"))
        self.ports, self.down = kept["ports"], set(kept["down"])
        self.runs = [
            Run(
                run["id"],
                datetime.fromisoformat(run["began"]),
                Path(run["photos"]) if run["photos"] else None,
            )
            for run in kept["runs"]
        ]

    def remember(self) -> None:
        if self.file is None:
            return
        runs = [
            {
                "id": run.id,
                "began": run.began.isoformat(),
                "photos": str(run.photos) if run.photos else "",
            }
            for run in self.runs
        ]
        kept = {"ports": self.ports, "runs": runs, "down": sorted(self.down)}
        half = self.file.with_suffix(".half")
        half.write_text(json.dumps(kept), "utf-8")
        half.rename(self.file)


@contextmanager
def serving(file: Path | None = None) -> Iterator[Internet]:
    """Serve the sites, on the ports of last time where they are free."""
    internet = Internet(file)
    internet.load()
    with ExitStack() as stack:
        for site in (*SITES, CONTROL):
            server = _server(internet, site)
            internet.ports[site] = server.server_address[1]
            thread = threading.Thread(
                target=server.serve_forever, args=(0.05,), daemon=True
            )
            thread.start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
        with internet.lock:
            internet.remember()
        yield internet


def _server(internet: Internet, site: str) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version, sys_version = "demo", ""
        timeout = 30

        def do_GET(self) -> None:
            self._send(internet.answer(site, self.path))

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "0")
            if site != CONTROL or not length.isdecimal() or int(length) > LARGEST_ORDER:
                self.close_connection = True
                self._send(Reply(b"", status=405))
                return
            order = dict(parse_qsl(self.rfile.read(int(length)).decode()))
            self._send(internet.obey(self.path, order))

        def _send(self, reply: Reply) -> None:
            with suppress(ConnectionError):
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.type)
                self.send_header("Content-Length", str(len(reply.body)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

        def log_message(self, *args: object) -> None:
            """Nothing: a log of who asked for what is what we promise not to keep."""

    wanted = internet.ports.get(site) or FIRST_PORT
    for port in range(wanted, wanted + 200):
        if port in internet.ports.values() and port != internet.ports.get(site):
            continue
        with suppress(OSError):
            server = ThreadingHTTPServer((HOST, port), Handler)
            server.daemon_threads = True
            return server
    raise SystemExit("No port is free for the demo's sites.")


def _json(value: Mapping[str, object], status: int = 200) -> Reply:
    return Reply(json.dumps(value).encode(), "application/json", status)


def main() -> None:
    stopped = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: stopped.set())
    root = Path(__file__).resolve().parent.parent
    var = Path(os.environ.get("RECLAIM_VAR") or root / "var")
    with serving(var / "internet.json"):
        stopped.wait()


if __name__ == "__main__":
    main()
