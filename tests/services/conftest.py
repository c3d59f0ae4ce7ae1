"""Real servers on loopback, as production has them: each on a free port, gone in the end."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
POSTGRESQL = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
BUCKET = "evidence"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextmanager
def running(
    command: list[str],
    ready: Callable[[], bool],
    folder: Path,
    environment: dict[str, str] | None = None,
) -> Iterator[None]:
    """A server from when it is ready to when it has ended."""
    log = folder / "server.log"
    with log.open("wb") as said:
        server = subprocess.Popen(
            command, stdout=said, stderr=said, cwd=folder, env=environment
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            ended = server.poll() is not None or time.monotonic() > deadline
            assert not ended, log.read_text("utf-8", "replace")
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Short, for sockets, and open to the users that the servers want to run as."""
    path = Path(tempfile.mkdtemp(prefix="rc-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def own(path: Path, user: str) -> list[str]:
    """Give a new folder to `user`; the words that run a command as that user."""
    path.mkdir()
    if os.geteuid() != 0:
        return []
    shutil.chown(path, user, user)
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]


@pytest.fixture(scope="session")
def postgresql(folder: Path) -> Iterator[str]:
    """DATABASE_URL of an empty database. PostgreSQL refuses to run as root."""
    if not POSTGRESQL:
        pytest.skip("PostgreSQL is not installed")
    home, port = folder / "postgresql", free_port()
    as_owner = own(home, "postgres")
    programs, data = POSTGRESQL[-1], str(home / "data")
    made = [f"{programs}/initdb", "-D", data, "-U", "reclaim", "-A", "trust", "-N"]
    subprocess.run([*as_owner, *made], check=True, capture_output=True, cwd=home)
    server = [f"{programs}/postgres", "-D", data, "-p", str(port), "-k", str(home)]
    options = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
    ask = [f"{programs}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]

    def ready() -> bool:
        return subprocess.run(ask, check=False).returncode == 0

    with running([*as_owner, *server, *options], ready, folder):
        yield f"postgresql://reclaim@127.0.0.1:{port}/postgres"


@pytest.fixture(scope="session")
def redis(folder: Path) -> Iterator[str]:
    """URL of a Redis without a database number."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("Redis is not installed")
    home, port = folder / "redis", free_port()
    home.mkdir()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", "."]
    with running([program, *options], lambda: answers(port), home):
        yield f"redis://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def rabbitmq(folder: Path) -> Iterator[str]:
    """BROKER_URL of a RabbitMQ."""
    if not RABBITMQ.exists():
        pytest.skip("RabbitMQ is not installed")
    home, port = folder / "rabbitmq", free_port()
    home.mkdir()
    (home / "none").touch()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "ERL_EPMD_PORT": str(free_port()),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": "reclaim@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "logs"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "none"),
        "RABBITMQ_CONF_ENV_FILE": str(home / "none"),
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }
    with running([str(RABBITMQ)], lambda: answers(port), home, environment):
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
    epmd = shutil.which("epmd")
    if epmd:
        subprocess.run(
            [epmd, "-kill"], env=environment, check=False, capture_output=True
        )


@pytest.fixture(scope="session")
def object_store(folder: Path) -> Iterator[dict[str, str]]:
    """The environment of an evidence store on S3, with its bucket made."""
    home, port = folder / "s3", free_port()
    home.mkdir()
    endpoint = f"http://127.0.0.1:{port}"
    program = str(Path(sys.executable).parent / "moto_server")
    command = [program, "--host", "127.0.0.1", "--port", str(port)]
    with running(command, lambda: answers(port), home):
        httpx.put(f"{endpoint}/{BUCKET}", trust_env=False).raise_for_status()
        yield {
            "EVIDENCE_URL": f"s3://{BUCKET}/sealed",
            "EVIDENCE_ENDPOINT": endpoint,
            "AWS_ACCESS_KEY_ID": "made-up",
            "AWS_SECRET_ACCESS_KEY": "made-up",
            "AWS_DEFAULT_REGION": "us-east-1",
        }


@pytest.fixture
def production(
    postgresql: str, redis: str, object_store: dict[str, str], tmp_path: Path
) -> dict[str, str]:
    """The environment of a portal whose parts are production's, except the broker."""
    return {
        "PATH": os.environ["PATH"],
        "RECLAIM_VAR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": postgresql,
        "CACHE_URL": f"{redis}/1",
        "BROKER_URL": f"{redis}/0",
        "HELD_KEYS_URL": f"{redis}/2",
        **object_store,
    }
