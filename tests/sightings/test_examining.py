"""The guarded program: what it tells, and what becomes of it and of us when it goes wrong."""

import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from portal.sightings import examining
from portal.sightings.checked import CheckedPicture
from portal.sightings.examining import CheckError, examine
from tests import drawing
from tests.studios import AI, a_studio, manifest

DECODED = ["starting", "decoding"]
LOOKED_AT = ["measurements", "models"]
CERTAIN = json.dumps(
    {
        "assessment": {
            "finding": "certain",
            "evidence": [],
            "models": [],
            "not_tested": [],
            "version": "",
        }
    }
)
# Stands in for the program, and lets one part of it go wrong.
ODD = """
import importlib.util, sys, time
spec = importlib.util.spec_from_file_location("examiner", {real!r})
examiner = importlib.util.module_from_spec(spec)
spec.loader.exec_module(examiner)
def odd(*args, **kwargs):
    {body}
examiner.detector.assess = odd
examiner.limit(0)
examiner.main(*sys.argv[1:3])
"""


@pytest.fixture(autouse=True)
def no_program_of_other_tests() -> Iterator[None]:
    examining.end_idle()
    yield
    examining.end_idle()


@pytest.fixture(scope="module")
def photo() -> bytes:
    return drawing.encode(drawing.landscape(1), "JPEG", quality=90)


def goes_wrong(
    monkeypatch: pytest.MonkeyPatch, folder: Path, body: str, program: str = ODD
) -> None:
    """From now on the program does this where it should look at the picture."""
    path = folder / "odd.py"
    path.write_text(program.format(real=str(examining.PROGRAM), body=body), "utf-8")
    monkeypatch.setattr(examining, "PROGRAM", path)


def told_of(picture: bytes, original: bytes | None = None) -> list[examining.Progress]:
    return [told for told in examine(picture, original) if told]


def checked(picture: bytes) -> CheckedPicture:
    found = told_of(picture)[-1]
    assert isinstance(found, CheckedPicture)
    return found


def found_in(picture: bytes) -> str:
    """What its signed history says."""
    (code,) = [
        item["code"] for item in checked(picture).evidence if item["kind"] == "c2pa"
    ]
    return str(code)


def refused(picture: bytes, original: bytes | None = None) -> tuple[str, str]:
    with pytest.raises(CheckError) as error:
        told_of(picture, original)
    return error.value.code, error.value.of


def the_program() -> int:
    """Of the one that idles."""
    (program,) = examining._kept
    return program._process.pid


def test_each_step_is_told_and_at_last_what_was_found(photo: bytes) -> None:
    *steps, found = told_of(photo)
    assert steps == [*DECODED, "provenance", *LOOKED_AT]
    assert isinstance(found, CheckedPicture)
    assert found.finding == "no sign found"
    assert found.evidence
    assert found.not_tested


def test_a_second_picture_is_compared(photo: bytes) -> None:
    *steps, found = told_of(photo, photo)
    assert steps == [*DECODED, "provenance", "derivation", *LOOKED_AT]
    assert isinstance(found, CheckedPicture)
    assert "derivation" in {item["kind"] for item in found.evidence}


def test_one_program_looks_at_many_pictures_and_no_refusal_ends_it(
    photo: bytes,
) -> None:
    checked(photo)
    pid = the_program()
    assert refused(b"") == ("empty", "picture")
    assert refused(photo, b"no picture") == ("unsupported", "original")
    assert checked(photo).finding == "no sign found"
    assert the_program() == pid


def test_the_program_knows_none_of_our_secrets(
    photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    checked(photo)
    known = Path(f"/proc/{the_program()}/environ").read_bytes()
    assert b"s3cret" not in known
    assert b"RECLAIM_VAR" not in known


def test_a_picture_that_hangs_it_ends_the_program_and_nothing_else(
    photo: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    settings.CHECK_SECONDS = 1
    with monkeypatch.context() as patched:
        goes_wrong(patched, tmp_path, "time.sleep(60)")
        asked = time.monotonic()
        assert refused(photo) == ("too_long", "picture")
        assert time.monotonic() - asked < 20
    settings.CHECK_SECONDS = 60
    assert checked(photo).finding == "no sign found"


@pytest.mark.parametrize(
    "body",
    [
        "return bytearray(64 << 30)",  # a bomb
        "import os; os.abort()",  # a crash in a library
        "open(sys.argv[0] + '.copy', 'wb').write(kwargs['data'])",  # a leak
    ],
    ids=["bomb", "crash", "leak"],
)
def test_a_picture_that_breaks_it_ends_the_program_and_leaves_nothing(
    photo: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str
) -> None:
    goes_wrong(monkeypatch, tmp_path, body)
    assert refused(photo) == ("failed", "picture")
    assert not examining._kept
    copies = [path for path in tmp_path.iterdir() if path.name != "odd.py"]
    assert all(path.stat().st_size == 0 for path in copies)


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        '{"refused": 7, "of": "picture"}',
        '{"assessment": {"finding": "authentic"}}',
        CERTAIN,
    ],
)
def test_a_program_in_a_strangers_hands_is_not_believed(
    photo: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str
) -> None:
    speaks = "print('{{\"ready\": true}}', flush=True)\nprint({body!r}, flush=True)\n"
    goes_wrong(monkeypatch, tmp_path, line, speaks + "input()")
    assert refused(photo) == ("failed", "picture")
    assert not examining._kept


def test_who_goes_away_takes_the_program_and_the_picture_along(
    photo: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    goes_wrong(monkeypatch, tmp_path, "time.sleep(60)")
    started: list[int] = []

    class Noted(examining._Program):
        def __init__(self) -> None:
            super().__init__()
            started.append(self._process.pid)

    monkeypatch.setattr(examining, "_Program", Noted)
    telling = examine(photo)
    assert "decoding" in telling
    telling.close()
    (pid,) = started
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not examining._kept


def test_a_model_that_is_refused_is_not_asked_and_the_operator_told(
    photo: bytes, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DETECTOR_MODEL = f"defenders:/nowhere.pth#sha256={'0' * 64}"
    with caplog.at_level(logging.ERROR):
        found = checked(photo)
    assert [one["name"] for one in found.models if one["name"] == "defenders"] == []
    assert caplog.messages == ["DETECTOR_MODEL is not used: WeightsError"]


def test_the_trust_list_reaches_the_program_and_a_refused_one_is_told(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    studio = a_studio()
    signed = studio.sign(drawing.encode(drawing.landscape(1), "JPEG"), manifest(AI))
    path = tmp_path / "trusted.pem"
    path.write_text(studio.authority)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    settings.DETECTOR_TRUST = f"{path}#sha256={digest}"
    assert found_in(signed) == "c2pa.ai.trusted"

    examining.end_idle()
    path.write_text("another list")
    assert found_in(signed) == "c2pa.ai.valid"
    assert caplog.messages == ["DETECTOR_TRUST is not used: TrustError"]
