"""The main job, whole, with the worker killed all the time and the broker deleted."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.demo.conftest import ROOT, Portal, StartPortal, environment_of

PROMISED = {
    "sightings": 15,  # 9 copies; a gallery shows each of its three in three sizes
    "false_matches": 0,
    "notices_approved": 1,
    "outbox": 1,
    "seen_removed": 1,
}
KILLS = 20
IMPATIENT = {"CLAIM_SECONDS": "4", "SWEEP_SECONDS": "1"}

pytestmark = pytest.mark.slow


def start_demo(portal: Portal) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env=environment_of(portal.var, portal.port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def end_as_promised(demo: subprocess.Popen[str]) -> str:
    """Wait for the end; returns what it said."""
    said, _ = demo.communicate(timeout=300)
    assert demo.returncode == 0, said
    told: dict[str, float] = json.loads(said.splitlines()[-1])
    assert told.pop("seconds") > 0
    assert told == PROMISED, said
    return said


def letters(portal: Portal) -> list[Path]:
    return list((portal.var / "outbox").glob("*.eml"))


def test_the_demo_says_what_to_do_when_no_portal_runs(tmp_path: Path) -> None:
    demo = subprocess.run(
        [sys.executable, "-m", "demo", "--portal", "http://127.0.0.1:9"],
        cwd=ROOT,
        env=environment_of(tmp_path, 9),
        capture_output=True,
        text=True,
        check=False,
    )
    assert demo.returncode == 1
    assert demo.stderr.strip().endswith("Start it in another terminal: make run")
    assert "Traceback" not in demo.stderr


def test_a_worker_killed_at_twenty_moments_changes_nothing(
    start_portal: StartPortal,
) -> None:
    portal = start_portal(**IMPATIENT)
    chance = random.Random(20)  # noqa: S311 (moments, not secrets)
    kills = runs = 0
    while kills < KILLS:
        demo = start_demo(portal)
        while demo.poll() is None and kills < KILLS:
            time.sleep(chance.uniform(0.5, 5))
            if pid := portal.pid_of("worker"):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    kills += 1
        end_as_promised(demo)
        runs += 1
    assert len(letters(portal)) == runs


def test_a_broker_deleted_in_the_middle_changes_nothing(
    start_portal: StartPortal,
) -> None:
    portal = start_portal(**IMPATIENT)
    demo = start_demo(portal)
    while demo.poll() is None:
        time.sleep(2)
        shutil.rmtree(portal.var / "broker", ignore_errors=True)
    end_as_promised(demo)
    assert len(letters(portal)) == 1
