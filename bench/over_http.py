"""Lookups over HTTP: our portal beside a bare server of ThreatExchange's PDQ index.

python bench/over_http.py [--n 1000000] [--seconds 3]: requests a second and milliseconds,
asked by wrk from a process of its own over loopback, one question or a hundred in a
request; half of the questions are planted within 31 bits of a banked hash. Ours runs as
it is delivered, key, throttle, consent and audit row included, on SQLite and, where it is
installed, on PostgreSQL. The peer is a page of Flask that holds the index and no database,
with two workers, one OpenMP thread and jemalloc where it is installed: less than Meta's
HMA does, so it is faster. What HMA itself did on a like machine stands below.

It is not named http.py: beside the other programs here it would hide Python's own.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import httpx
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from tests.services.conftest import POSTGRESQL, answers, free_port, own, running
from tracker import signal_type

if TYPE_CHECKING:
    from flask import Flask

Hashes = npt.NDArray[np.uint8]
Row = tuple[str, int, int, dict[str, float]]  # of whom, questions, connections, figures

ROOT = Path(__file__).resolve().parents[1]
RADIUS, BATCH = 31, 100
SINGLES, BATCHES = 2000, 40  # different requests, asked in turn
CHECKED = 200  # questions whose answers are looked at before
ROUNDS = 3
REGIONS = 50  # signals of one picture: of the whole, and of its parts
WORKERS = 2
JEMALLOC = Path("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2")  # Debian: libjemalloc2
# facebook/ThreatExchange of July 2026 (HMA 1.1.7), `/m/raw_lookup` of 100,000 hashes with
# jemalloc and OMP_NUM_THREADS=1: two sync workers of gunicorn, PostgreSQL 15, wrk, two
# processors. It has no lookup of several hashes.
FIGURES = ("rate", "p50", "p99", "cpu")
# By connections: requests a second, milliseconds, and of processors a request.
HMA = {1: (624, 1.48, 2.0, 1.54), 8: (1218, 6.4, 9.0, 1.48)}
HMA_N = 100_000
ON_POSTGRESQL = "ours, PostgreSQL"

# Asks what stands in a file, one request a line, in turn; in the end it prints JSON.
WRK = """
local made, place = {}, 0
wrk.headers["Authorization"] = os.getenv("KEY")
wrk.headers["Content-Type"] = "application/json"
function init()
  for line in io.lines(os.getenv("QUESTIONS")) do
    local method, path, body = line:match("^(%S+) (%S+) ?(.*)$")
    made[#made + 1] = wrk.format(method, path, nil, method == "POST" and body or nil)
  end
end
function request()
  place = place % #made + 1
  return made[place]
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\\n{"rate": %f, "p50": %f, "p99": %f, "failed": %d}\\n',
    summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def planted(hashes: Hashes) -> Hashes:
    """Questions (SINGLES, 32): every other one a banked hash with 0 to 31 bits turned."""
    rng = np.random.default_rng(1)
    queries = rng.integers(0, 256, (SINGLES, 32), np.uint8)
    for i in range(0, SINGLES, 2):
        bits = np.zeros(256, np.uint8)
        bits[rng.choice(256, rng.integers(0, RADIUS + 1), replace=False)] = 1
        queries[i] = hashes[rng.integers(len(hashes))] ^ np.packbits(bits)
    return queries


def fill(hashes: Hashes) -> str:
    """Bank them for cases that share with everybody, publish; a platform's key."""
    import django  # noqa: PLC0415

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection, transaction  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from portal.accounts.models import User  # noqa: PLC0415
    from portal.bank.following import publish  # noqa: PLC0415
    from portal.bank.models import Sequence, Signal  # noqa: PLC0415
    from portal.cases.models import Case, Consent, Exhibit, Report  # noqa: PLC0415
    from portal.exchange.actions import issue_key  # noqa: PLC0415
    from portal.platforms.models import Platform  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    cases = Case.objects.bulk_create(
        Case(locator=os.urandom(32), public_key=os.urandom(32))
        for _ in range(-(-len(hashes) // REGIONS))
    )
    reports = Report.objects.bulk_create(
        Report(case=case, token_hash=os.urandom(32)) for case in cases
    )
    exhibits = Exhibit.objects.bulk_create(
        Exhibit(case=report.case, report=report) for report in reports
    )
    for kind in (Consent.Kind.MATCHING, Consent.Kind.SHARING):
        Consent.objects.bulk_create(Consent(case=case, kind=kind) for case in cases)
    given = {
        "type": "pdq",
        "version": signal_type("pdq").version,
        "quality": 100,
        "deposited_at": timezone.now(),
    }
    names = ["case_id", "exhibit_id", "value", "of", "seq", *given]
    marks = ", ".join("%s" for _ in names)
    table = connection.ops.quote_name(Signal.objects.model._meta.db_table)  # noqa: SLF001 (public)
    insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 (ours)
    with transaction.atomic(), connection.cursor() as cursor:
        for start in range(0, len(hashes), 50_000):
            rows = [
                (
                    exhibits[row // REGIONS].case_id,
                    exhibits[row // REGIONS].pk,
                    hashes[row].tobytes().hex(),
                    f"part {row % REGIONS}" if row % REGIONS else "whole",
                    row + 1,
                    *given.values(),
                )
                for row in range(start, min(start + 50_000, len(hashes)))
            ]
            cursor.executemany(insert, rows)
    Sequence.objects.create(pk=1, last=len(hashes))
    publish("pdq")
    wren, stella = (User.objects.create(username=name) for name in ("wren", "stella"))
    chirp = Platform.objects.create(name="Chirp")
    return issue_key(chirp, ["lookup"], issued_by=wren, approved_by=stella)[1]


def peer(hashes: str) -> "Flask":
    """What gunicorn serves as the peer: `/m/raw_lookup`, as HMA answers it."""
    import faiss  # noqa: PLC0415
    from flask import Flask, request  # noqa: PLC0415
    from threatexchange.signal_type.pdq.pdq_index import PDQIndex  # noqa: PLC0415

    faiss.omp_set_num_threads(1)
    rows = enumerate(np.load(hashes))
    index = PDQIndex((row.tobytes().hex(), place) for place, row in rows)
    app = Flask("peer")

    @app.get("/m/raw_lookup")
    def raw_lookup() -> dict[str, Any]:
        found = index.query(request.args["signal"])
        return {"matches": [match.metadata for match in found]}

    return app


@contextmanager
def serving(
    command: list[str], folder: Path, environment: dict[str, str]
) -> Iterator[httpx.Client]:
    port = free_port()
    environment = os.environ | environment | {"PORT": str(port)}
    command = [sys.executable, *command]
    with (
        running(command, lambda: answers(port), folder, environment),
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False
        ) as client,
    ):
        yield client


@contextmanager
def serving_peer(folder: Path, hashes: Path) -> Iterator[tuple[httpx.Client, str]]:
    """The peer, and no key. Its workers share the index by fork."""
    app = f"over_http:peer({str(hashes)!r})"
    environment = {"OMP_NUM_THREADS": "1"}
    if JEMALLOC.exists():
        environment["LD_PRELOAD"] = str(JEMALLOC)
    command = [
        "-m",
        "gunicorn",
        "--preload",
        "--workers",
        str(WORKERS),
        "--chdir",
        str(ROOT / "bench"),
        app,
    ]
    with serving(command, folder, environment) as client:
        yield client, ""


@contextmanager
def serving_ours(
    environment: dict[str, str], folder: Path, hashes: Path
) -> Iterator[tuple[httpx.Client, str]]:
    """The portal as deploy/ starts it, its bank filled, and a platform's key."""
    environment = environment | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "RECLAIM_VAR": str(folder / "var"),
        "LOOKUP_RATE": "100000000/min",
        "WEB_WORKERS": str(WORKERS),
        "WEB_THREADS": "2",  # as deploy/ has it for machines
    }
    filled = subprocess.run(
        [sys.executable, __file__, "--fill", str(hashes)],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    with serving([str(ROOT / "deploy/web.py")], folder, environment) as client:
        yield client, f"Bearer {filled.stdout.strip()}"


@contextmanager
def serving_ours_on_postgresql(
    folder: Path, hashes: Path
) -> Iterator[tuple[httpx.Client, str]]:
    """Its settings are those of Debian: a commit is on the disk when it returns."""
    home, port = folder / "postgresql", free_port()
    as_owner = own(home, "postgres")
    data, programs = str(home / "data"), POSTGRESQL[-1]
    made = [f"{programs}/initdb", "-D", data, "-U", "reclaim", "-A", "trust"]
    subprocess.run([*as_owner, *made], check=True, capture_output=True, cwd=home)
    server = [f"{programs}/postgres", "-D", data, "-p", str(port), "-k", str(home)]
    ask = [f"{programs}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]

    def is_ready() -> bool:
        return subprocess.run(ask, check=False).returncode == 0

    url = f"postgresql://reclaim@127.0.0.1:{port}/postgres"
    with (
        running([*as_owner, *server], is_ready, home),
        serving_ours({"DATABASE_URL": url}, folder, hashes) as client,
    ):
        yield client


Serving = AbstractContextManager[tuple[httpx.Client, str]]
SERVERS: dict[str, Callable[[Path, Path], Serving]] = {
    "ours, SQLite": partial(serving_ours, {}),
    ON_POSTGRESQL: serving_ours_on_postgresql,
    "peer": serving_peer,
}


def requests_to(name: str, queries: list[str]) -> dict[int, list[str]]:
    """What is sent: of each number of questions, lines of method, address and body."""
    if name == "peer":
        ask = "GET /m/raw_lookup?signal_type=pdq&signal="
        return {1: [ask + query for query in queries]}

    def post(some: list[str]) -> str:
        signals = [{"type": "pdq", "value": value} for value in some]
        return f"POST /api/v1/lookups {json.dumps({'signals': signals})}"

    starts = range(0, BATCH * BATCHES, BATCH)
    batches = [[queries[(at + i) % SINGLES] for i in range(BATCH)] for at in starts]
    return {1: [post([query]) for query in queries], BATCH: list(map(post, batches))}


def found_by(client: httpx.Client, key: str, line: str) -> int:
    """How many questions of one request have matches."""
    method, path, body = f"{line} ".split(" ", 2)
    headers = {"Authorization": key, "Content-Type": "application/json"}
    answer = client.request(method, path, content=body, headers=headers)
    told = answer.raise_for_status().json()
    return sum(bool(result["matches"]) for result in told.get("results", [told]))


def spent() -> float:
    """Seconds of processor that the servers, which we started, have used so far."""
    parents: dict[int, int] = {}
    used: dict[int, int] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            fields = file.read_text("ascii").rpartition(")")[2].split()
            pid = int(file.parent.name)
            parents[pid], used[pid] = int(fields[1]), int(fields[11]) + int(fields[12])

    def is_ours(pid: int) -> bool:
        return pid == os.getpid() or (pid in parents and is_ours(parents[pid]))

    ours = sum(used[pid] for pid in used if pid != os.getpid() and is_ours(pid))
    return ours / os.sysconf("SC_CLK_TCK")


def measure(
    client: httpx.Client, key: str, file: Path, connections: int, seconds: int
) -> dict[str, float]:
    script = file.with_suffix(".lua")
    script.write_text(WRK, "ascii")
    began = spent()
    sizes = ["-t1", f"-c{connections}", f"-d{seconds}s"]
    asked = subprocess.run(
        [
            shutil.which("wrk") or "wrk",
            *sizes,
            "--latency",
            "-s",
            str(script),
            str(client.base_url),
        ],
        env=os.environ | {"KEY": key, "QUESTIONS": str(file)},
        capture_output=True,
        check=True,
        text=True,
    )
    told: dict[str, float] = json.loads(asked.stdout.splitlines()[-1])
    told["cpu"] = (spent() - began) / (told["rate"] * seconds) * 1e3
    if told["failed"]:
        raise SystemExit(f"{told['failed']:.0f} requests failed:\n{asked.stdout}")
    return told


def side_by_side(
    names: list[str], hashes: Path, queries: list[str], seconds: int
) -> list[Row]:
    """Every measurement: medians of rounds, in each of which all servers take their turn.

    They are all up at once and one is asked; the others wait and cost nothing.
    """
    measured: dict[tuple[str, int, int], list[dict[str, float]]] = {}
    with ExitStack() as stack:
        up = {name: stack.enter_context(started(name, hashes)) for name in names}
        asked = [
            (name, size, up[name][2] / f"{size}.txt")
            for name in names
            for size, lines in requests_to(name, queries).items()
            if write_checked(name, *up[name], size, lines)
        ]
        for round_ in range(ROUNDS + 1):  # the first warms up
            for connections in HMA:
                for name, size, file in asked:
                    told = measure(*up[name][:2], file, connections, seconds)
                    if round_:
                        measured.setdefault((name, size, connections), []).append(told)
    return [
        (*key, {name: statistics.median(one[name] for one in told) for name in FIGURES})
        for key, told in measured.items()
    ]


@contextmanager
def started(name: str, hashes: Path) -> Iterator[tuple[httpx.Client, str, Path]]:
    """A server, the key for it, and a folder."""
    with tempfile.TemporaryDirectory(prefix="rc-") as made:
        folder = Path(made)
        folder.chmod(0o755)  # PostgreSQL refuses to run as root
        with SERVERS[name](folder, hashes) as (client, key):
            yield client, key, folder


def write_checked(
    name: str, client: httpx.Client, key: str, folder: Path, size: int, lines: list[str]
) -> bool:
    """Put requests into a file. Raises SystemExit unless half of the questions are found."""
    some = lines[: 2 * CHECKED // size]
    found = sum(found_by(client, key, line) for line in some)
    if 2 * found != size * len(some):
        raise SystemExit(f"{name} finds {found} of {size * len(some)} questions.")
    (folder / f"{size}.txt").write_text("\n".join(lines), "ascii")
    return True


def table(rows: list[Row], n: int) -> Table:
    """Each beside the peer's lookups a second with as many connections, and HMA's own."""
    shown = Table(title=f"{n:,} hashes, {WORKERS} workers; ratios of lookups a second")
    for heading in (
        "",
        "questions",
        "connections",
        "requests/s",
        "lookups/s",
        "p50 ms",
        "p99 ms",
        "CPU ms",
        "to peer",
        "to HMA",
    ):
        shown.add_column(heading, justify="right" if heading else "left")
    peers = {at: told["rate"] for name, _, at, told in rows if name == "peer"}
    measured = [
        (
            f"HMA at {HMA_N:,}, quiet",
            1,
            at,
            dict(zip(FIGURES, hma, strict=True)),
        )
        for at, hma in HMA.items()
    ]
    for name, size, connections, told in (*rows, *measured):
        rate = size * told["rate"]
        beside = peers.get(connections)
        shown.add_row(
            name,
            str(size),
            str(connections),
            f"{told['rate']:,.0f}",
            f"{rate:,.0f}",
            f"{told['p50']:.2f}",
            f"{told['p99']:.2f}",
            f"{told['cpu']:.2f}",
            f"{rate / beside:.2f}" if beside else "",
            f"{rate / HMA[connections][0]:.2f}",
        )
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000, help="hashes in the bank")
    parser.add_argument("--seconds", type=int, default=3, help="of each round")
    parser.add_argument("--only", choices=list(SERVERS), nargs="+", help="of them")
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.fill:
        print(fill(np.load(asked.fill)))
        return
    if not shutil.which("wrk"):
        print("Not measured: wrk, which asks, is not installed (Debian: wrk).")
        return
    hashes = np.random.default_rng(0).integers(0, 256, (asked.n, 32), np.uint8)
    queries = [query.tobytes().hex() for query in planted(hashes)]
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file, hashes)
        file.flush()
        del hashes
        names = [name for name in SERVERS if name != ON_POSTGRESQL or POSTGRESQL]
        names = asked.only or names
        rows = side_by_side(names, Path(file.name), queries, asked.seconds)
    Console(width=118).print(table(rows, asked.n))


if __name__ == "__main__":
    main()
