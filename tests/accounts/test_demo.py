"""The demo's workers: keys and phones made once, and found again by the next run."""

import io
import json
import re
import stat
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from portal.accounts import sealing, second_factor
from portal.accounts.models import User
from portal.desk.management.commands import demo_codes, seed_demo
from tests.accounts.doors import SECOND, gives_password

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def phones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "demo-phones.json"
    for module in (demo_codes, seed_demo):
        monkeypatch.setattr(module, "PHONES", path)
    return path


def says(command: str) -> str:
    out = io.StringIO()
    call_command(command, stdout=out)
    return out.getvalue()


def test_the_printed_password_and_code_let_in(phones: Path) -> None:
    people = json.loads(says("seed_demo"))["people"]
    codes = dict(line.split()[:2] for line in says("demo_codes").splitlines())
    assert people.keys() == codes.keys() == {"wren", "stella"}
    for name, password in people.items():
        client = Client()
        assert gives_password(client, name, password) == SECOND
        assert client.post(SECOND, {"code": codes[name]})["Location"] == "/desk/"
    assert stat.S_IMODE(phones.stat().st_mode) == 0o600


def test_a_second_run_keeps_keys_and_phones(phones: Path) -> None:
    people = json.loads(says("seed_demo"))["people"]
    before, kept = (
        User.objects.get(username="wren").public_key,
        phones.read_text("utf-8"),
    )
    assert json.loads(says("seed_demo"))["people"] == people
    assert User.objects.get(username="wren").public_key == before
    assert phones.read_text("utf-8") == kept


def test_a_changed_password_is_the_demos_again(phones: Path) -> None:
    password = json.loads(says("seed_demo"))["people"]["wren"]
    wren = User.objects.get(username="wren")
    wren.set_password("something else entirely")
    wren.save()
    says("seed_demo")
    wren.refresh_from_db()
    assert wren.check_password(password)
    assert sealing.unlock(wren, password)
    assert not wren.must_change_password


def test_without_a_demo_there_are_no_codes() -> None:
    with pytest.raises(CommandError, match="make demo"):
        says("demo_codes")


def test_a_code_is_six_digits_of_rfc_6238() -> None:
    """Its test vector: the secret is ASCII 12345678901234567890, SHA-1."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert second_factor.code_of(secret, 59) == "287082"
    assert second_factor.code_of(secret, 1111111109) == "081804"
    assert re.fullmatch(r"\d{6}", second_factor.code_of(secret, time.time()))
