"""What an operator deploys, checked as far as it can be without its host."""

import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
TORRC = (DEPLOY / "tor" / "torrc").read_text("utf-8")
QUEUES = {"default"} | {
    route["queue"] for route in settings.CELERY_TASK_ROUTES.values()
}


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(
        (DEPLOY / "compose.yaml").read_text("utf-8")
    )
    return loaded


def queues_in(text: str) -> set[str]:
    """The queues that the workers in this text listen to."""
    found = re.findall(r"--queues (\S+)", text)
    return {queue for queues in found for queue in queues.split(",")}


def test_every_queue_has_a_worker_in_every_deployment() -> None:
    assert queues_in((DEPLOY / "compose.yaml").read_text("utf-8")) == QUEUES
    assert (
        queues_in((DEPLOY / "embedded/supervisord.conf").read_text("utf-8")) == QUEUES
    )
    unit = (DEPLOY / "systemd/reclaim-worker@.service").read_text("utf-8")
    assert queues_in(unit) == {"%i"}
    named = re.search(r"reclaim-worker@\{(\S+)\}", unit)
    assert named
    assert set(named[1].split(",")) == QUEUES


def test_compose_starts_one_scheduler_and_waits_for_the_migrations() -> None:
    services = compose()["services"]
    ours = {name: it for name, it in services.items() if it.get("image") == "reclaim"}
    beats = [name for name, it in ours.items() if " beat" in str(it.get("command"))]
    assert beats == ["scheduler"]
    for name, service in ours.items():
        assert service["env_file"] == "production.env"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        if name != "migrate":
            wanted = service["depends_on"]["migrate"]["condition"]
            assert wanted == "service_completed_successfully"


def test_only_the_proxy_is_reached_from_outside() -> None:
    services = compose()["services"]
    assert [name for name, it in services.items() if "ports" in it] == ["proxy"]


def test_the_image_is_built_from_what_is_here_and_pinned() -> None:
    lines = (DEPLOY / "Dockerfile").read_text("utf-8")
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    kept = [line[1:] for line in ignored if line.startswith("!")]
    for words in re.findall(r"^COPY (?!--)(.+)$", lines, re.MULTILINE):
        for source in words.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert any(fnmatch(source, pattern) for pattern in kept), source
    assert "--requirement /build/requirements-production.txt" in lines


def test_the_image_does_not_run_as_root() -> None:
    last = (DEPLOY / "Dockerfile").read_text("utf-8").rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!root)", last, re.MULTILINE)


def test_the_proxy_keeps_no_access_log_and_lets_the_largest_report_in() -> None:
    text = (DEPLOY / "Caddyfile").read_text("utf-8")
    directives = re.sub(r"#.*", "", text)
    options, _, site = directives.partition("(portal)")
    assert "log" not in site.split()
    assert re.search(r"log \{\s+level FATAL\s+\}", options)
    size = re.search(r"max_size (\d+)MB", site)
    assert size
    assert int(size[1]) * 10**6 >= settings.MAX_REQUEST_BYTES
    assert directives.count("{") == directives.count("}")


def test_machines_are_answered_by_processes_of_their_own() -> None:
    services = compose()["services"]
    assert services["machines"]["environment"]["WEB_THREADS"] == 2
    assert services["proxy"]["environment"]["MACHINES"] == "machines:8000"
    assert "machines" in services["proxy"]["depends_on"]
    port = re.search(
        r"WEB_BIND=(127\.0\.0\.1:\d+) .*WEB_THREADS=2 ",
        (DEPLOY / "systemd/reclaim-machines.service").read_text("utf-8"),
    )
    assert port
    proxy = (DEPLOY / "Caddyfile").read_text("utf-8")
    way = re.search(r"reverse_proxy /api/\* \{\$MACHINES:(\S+)\} \{([^}]*)\}", proxy)
    assert way
    assert way[1] == port[1]
    assert "request_buffers" in way[2]
    assert proxy.count("import unknown") == proxy.count("reverse_proxy ")


def test_tor_hands_its_visitors_to_the_same_proxy_and_nobody_else_can() -> None:
    onion = (DEPLOY / "tor/onion.caddy").read_text("utf-8")
    port = re.search(r"^HiddenServicePort 80 127\.0\.0\.1:(\d+)$", TORRC, re.MULTILINE)
    assert port
    assert f"http://{{$ONION}}:{port[1]} {{" in onion
    assert "bind 127.0.0.1" in onion
    assert "import portal" in onion
    assert "header -Strict-Transport-Security" in onion
    assert "import onion*.caddy" in (DEPLOY / "Caddyfile").read_text("utf-8")
    assert not {"8081:8081", port[1]} & set(compose()["services"]["proxy"]["ports"])


def test_no_program_in_front_of_the_portal_keeps_who_came() -> None:
    assert "log" not in (DEPLOY / "tor/onion.caddy").read_text("utf-8").split()
    assert "SafeLogging 1" in TORRC
    database = compose()["services"]["database"]["command"]
    # A statement that fails is otherwise logged with its values.
    assert "log_min_error_statement=panic" in database
    assert "log_connections=off" in database


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd is not installed"
)
def test_systemd_understands_the_unit(unit: Path, tmp_path: Path) -> None:
    text = unit.read_text("utf-8")
    # The programs of this environment stand for those that an operator installs.
    programs = str(Path(sys.executable).parent)
    here = text.replace("/srv/reclaim/.venv/bin", programs)
    instance = tmp_path / unit.name.replace("@", "@default")
    instance.write_text(here.replace("/srv/reclaim", str(ROOT)), "utf-8")
    told = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", "--man=no", instance],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert told.stderr == ""


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_locked_down(unit: Path) -> None:
    lines = unit.read_text("utf-8").splitlines()
    for wanted in (
        "User=reclaim",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "UMask=0077",
        "CapabilityBoundingSet=",
        "EnvironmentFile=/etc/reclaim/production.env",
    ):
        assert wanted in lines
