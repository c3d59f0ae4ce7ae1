"""Production refuses; embedded starts with nothing set."""

import hashlib
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from portal.checks import SECRETS, check_profile, refuse_to_start

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "deploy" / "production.env.example"
GIVEN = (*SECRETS, "SMTP_HOST", "CRAWL_CONTACT", "HELD_KEYS_URL", "TOMBSTONES")
GOOD = {
    "PROFILE": "production",
    "DEBUG": False,
    "BROKER_URL": "amqp://127.0.0.1",
    "EVIDENCE_URL": "s3://bucket",
    "CACHE_URL": "redis://127.0.0.1/1",
    "ALLOWED_HOSTS": ["reclaim.example.org", f"{'a' * 56}.onion"],
    "HTTPS": True,
    "INWARD_HOSTS": False,
    "NOTICE_FROM": "notices@reclaim.example.org",
    "INDEX_URL": "milvus://reclaim:secret@127.0.0.1:19530/reclaim",
    **{name: name.lower() * 4 for name in SECRETS},
}
BROKEN = [
    ("E001", "PROFILE", "prod"),
    ("E010", "DEBUG", True),
    ("E012", "BROKER_URL", "filesystem://"),
    ("E013", "EVIDENCE_URL", "file:///var/evidence"),
    ("E014", "CACHE_URL", "locmem://"),
    ("E015", "ALLOWED_HOSTS", ["localhost", "127.0.0.1"]),
    ("E015", "ALLOWED_HOSTS", ["*"]),
    ("E016", "HTTPS", False),
    ("E017", "INWARD_HOSTS", True),
    ("E018", "NOTICE_FROM", "notices@reclaim.invalid"),
    ("E021", "ONION_LOCATION", "https://reclaim.example.org"),
    ("E021", "ONION_LOCATION", f"http://{'a' * 16}.onion"),
    ("E021", "ONION_LOCATION", f"http://{'b' * 56}.onion"),  # not in ALLOWED_HOSTS
    ("E021", "ONION_LOCATION", f"http://{'a' * 56}.onion/guide"),
    ("E021", "ONION_LOCATION", f"{'a' * 56}.onion"),
    ("E025", "OBSERVATIONS_URL", "chdb:///var/observations"),
    ("E024", "INDEX_URL", ""),
    ("E024", "INDEX_URL", "file://"),
    ("E024", "INDEX_URL", "file://index"),  # a host, and no folder
    ("E024", "INDEX_URL", "/var/lib/reclaim/index"),
    ("E024", "INDEX_URL", "milvus:///bank.db"),
    ("E024", "INDEX_URL", "milvus://127.0.0.1:door"),
    ("E024", "INDEX_URL", "milvus-lite:///var/lib/reclaim/bank.db"),
    ("E024", "INDEX_URL", "https://127.0.0.1:19530"),
    *((f"E0{30 + at}", name, "too short") for at, name in enumerate(SECRETS)),
]
NOT_GIVEN = [
    ("E019", "SMTP_HOST"),
    ("E020", "CRAWL_CONTACT"),
    ("E022", "HELD_KEYS_URL"),
    ("E023", "TOMBSTONES"),
    *((f"E0{30 + at}", name) for at, name in enumerate(SECRETS)),
]


@pytest.fixture
def production(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in GIVEN:
        monkeypatch.setenv(name, "given")
    for name, value in GOOD.items():
        setattr(settings, name, value)
    engine = "django.db.backends.postgresql"
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", engine)
    return settings


def broken() -> set[str]:
    return {str(error.id).removeprefix("reclaim.") for error in check_profile()}


def test_a_well_set_production_starts(production: Settings) -> None:
    assert broken() == set()
    refuse_to_start()


def test_an_index_in_files_is_one_for_production_too(production: Settings) -> None:
    production.INDEX_URL = "file:///var/lib/reclaim/index"
    assert broken() == set()


def test_an_onion_service_that_is_named_twice_alike_starts(
    production: Settings,
) -> None:
    production.ONION_LOCATION = f"http://{'a' * 56}.onion"
    assert broken() == set()


@pytest.mark.parametrize(("number", "name", "value"), BROKEN)
def test_production_refuses(
    production: Settings, number: str, name: str, value: object
) -> None:
    setattr(production, name, value)
    assert broken() == {number}


def test_production_refuses_sqlite(
    production: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = "django.db.backends.sqlite3"
    monkeypatch.setitem(production.DATABASES["default"], "ENGINE", engine)
    assert broken() == {"E011"}


@pytest.mark.parametrize(("number", "name"), NOT_GIVEN)
def test_production_refuses_what_the_portal_made_up(
    production: Settings,
    monkeypatch: pytest.MonkeyPatch,
    number: str,
    name: str,
) -> None:
    monkeypatch.delenv(name)
    assert broken() == {number}


def test_production_refuses_one_secret_for_two_uses(
    production: Settings,
) -> None:
    production.MATCH_ID_KEY = production.SECRET_KEY
    assert broken() == {"E030", "E032"}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "final.pth"
    path.write_bytes(b"numbers")
    return path


@pytest.mark.parametrize("profile", ["embedded", "production"])
@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("defenders", "NAME:PATH#sha256=DIGEST"),
        ("defenders:/nowhere.pth#sha256=" + "0" * 64, "nowhere.pth is not a file"),
        ("defenders:{path}#sha256=" + "0" * 64, "not the checkpoint that was named"),
        ("nobody:{path}#sha256=" + "0" * 64, "known: defenders"),
    ],
    ids=["malformed", "missing", "changed", "unknown"],
)
def test_a_model_that_is_not_the_one_that_was_named_stops_every_profile(
    production: Settings, weights: Path, profile: str, model: str, reason: str
) -> None:
    production.PROFILE = profile
    production.DETECTOR_MODEL = model.format(path=weights)
    assert broken() == {"E026"}
    with pytest.raises(SystemExit, match=reason):
        refuse_to_start()


def test_the_model_that_was_named_lets_it_start_without_being_loaded(
    production: Settings, weights: Path
) -> None:
    digest = hashlib.sha256(b"numbers").hexdigest()
    production.DETECTOR_MODEL = f"defenders:{weights}#sha256={digest}"
    assert broken() == set()


@pytest.mark.parametrize("profile", ["embedded", "production"])
def test_a_trust_list_that_will_not_do_stops_every_profile(
    production: Settings, weights: Path, profile: str
) -> None:
    production.PROFILE = profile
    for named, reason in (
        ("trusted.pem", "PATH#sha256=DIGEST"),
        (f"{weights}#sha256={'0' * 64}", "not the trust list that was named"),
        (f"/nowhere.pem#sha256={'0' * 64}", "cannot be read"),
    ):
        production.DETECTOR_TRUST = named
        assert broken() == {"E027"}
        with pytest.raises(SystemExit, match=reason):
            refuse_to_start()


def test_every_reason_is_named_at_once(
    production: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    production.DEBUG, production.HTTPS = True, False
    with pytest.raises(SystemExit) as refusal:
        refuse_to_start()
    assert "E010" in str(refusal.value)
    assert "E016" in str(refusal.value)


def test_embedded_starts_with_nothing_set() -> None:
    assert broken() == set()


START = {
    "manage": ["manage.py", "check"],
    "web": ["deploy/web.py"],
    "worker": ["-m", "celery", "--app", "portal", "worker"],
    "scheduler": ["-m", "celery", "--app", "portal", "beat"],
}


@pytest.mark.parametrize("program", START)
def test_no_program_starts_in_a_production_with_nothing_set(
    program: str, tmp_path: Path
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "RECLAIM_PROFILE": "production",
        "RECLAIM_VAR": str(tmp_path),
    }
    ended = run(START[program], environment)
    assert ended.returncode != 0
    assert "reclaim.E011" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_the_example_names_every_setting_that_the_environment_gives() -> None:
    named = set(
        re.findall(r"^#?([A-Z][A-Z_]+)=", EXAMPLE.read_text("utf-8"), re.MULTILINE)
    )
    code = (ROOT / "portal" / "settings.py").read_text("utf-8")
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', code))
    not_for_production = {"DEBUG", "HTTPS", "INWARD_HOSTS"}
    assert read - not_for_production <= named


def test_the_example_filled_in_passes_every_check(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text("utf-8").splitlines()
    environment = dict(
        line.split("=", 1) for line in lines if line and not line.startswith("#")
    )
    environment |= {name: secrets.token_hex(32) for name in SECRETS}
    environment |= {"PATH": os.environ["PATH"], "RECLAIM_VAR": str(tmp_path)}
    ended = run(
        ["manage.py", "check", "--deploy", "--fail-level", "ERROR"], environment
    )
    assert ended.returncode == 0, ended.stderr


def run(
    arguments: list[str], environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
