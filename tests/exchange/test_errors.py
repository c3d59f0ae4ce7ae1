"""Whatever a machine sends, it is answered in JSON: a code and a sentence."""

import io
import json
import logging
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from portal.exchange import actions
from portal.exchange.throttling import KeyThrottle
from tests.exchange.conftest import Answer, Machine, as_json, picture, signals_of

pytestmark = pytest.mark.django_db
PDQ = {"type": "pdq", "value": "0f" * 32}


def problem(answer: Answer) -> tuple[int, str, str]:
    """Status, code and sentence; and proof that there is nothing else."""
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert set(body) == {"error", "detail"}
    for trace in ("Traceback", "Error(", ".py", "<"):
        assert trace not in body["detail"]
    assert body["detail"]
    return answer.status_code, body["error"], body["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"signals": NaN}',
        b"[" * 100_000,
        b'{"signals": ' + b"9" * 5000 + b"}",
    ],
)
def test_malformed_json(machine: Machine, body: bytes) -> None:
    answer = machine.client.generic("POST", "/api/v1/lookups", body, "application/json")
    status, code, _ = problem(answer)
    assert status == 400
    assert code in {"malformed", "one_question"}  # an empty body asks nothing


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        ([], "invalid", ""),
        ("signals", "invalid", ""),
        (None, "invalid", ""),
        ({}, "one_question", ""),
        ({"signals": [PDQ], "pictures": [[PDQ]]}, "one_question", ""),
        ({"signals": None}, "invalid", "signals:"),
        ({"signals": {}}, "invalid", "signals:"),
        ({"signals": "x"}, "invalid", "signals:"),
        ({"signals": []}, "nothing_asked", "signals:"),
        ({"signals": [PDQ] * 1001}, "too_many", "signals:"),
        ({"signals": [PDQ, "x"]}, "not_a_signal", "signals[1]:"),
        ({"signals": [PDQ, None]}, "invalid", "signals[1]:"),
        ({"signals": [PDQ, PDQ, {}]}, "not_a_signal", "signals[2]:"),
        ({"signals": [PDQ | {"type": 1}]}, "not_a_signal", "signals[0]:"),
        ({"signals": [PDQ | {"type": "md5"}]}, "not_a_signal", "signals[0]:"),
        ({"signals": [PDQ | {"type": "\ud800"}]}, "not_a_signal", "signals[0]:"),
        ({"signals": [PDQ | {"value": "\ud800"}]}, "not_a_signal", "signals[0]:"),
        ({"signals": [PDQ | {"value": "0F" * 32}]}, "not_a_signal", "signals[0]:"),
        ({"signals": [PDQ | {"value": "0f" * 31}]}, "not_a_signal", "signals[0]:"),
        ({"signals": [PDQ | {"value": "0f" * 4000}]}, "not_a_signal", "signals[0]:"),
        ({"signals": [PDQ | {"value": "\x00"}]}, "not_a_signal", "signals[0]:"),
        ({"pictures": [[PDQ], []]}, "nothing_asked", "pictures[1]:"),
        ({"pictures": [PDQ]}, "invalid", "pictures[0]:"),
        ({"pictures": [[PDQ] * 17]}, "too_many", "pictures[0]:"),
        ({"pictures": [[PDQ]] * 1001}, "too_many", "pictures:"),
        ({"pictures": [[PDQ], [PDQ, 7]]}, "not_a_signal", "pictures[1][1]:"),
    ],
)
def test_a_question_that_cannot_be_asked_names_its_bad_place(
    machine: Machine, body: object, code: str, place: str
) -> None:
    answer = machine.client.generic(
        "POST", "/api/v1/lookups", json.dumps(body), "application/json"
    )
    status, found, detail = problem(answer)
    assert (status, found) == (400, code)
    assert detail.startswith(place)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"match_id": "0" * 32},
        {"match_id": "0" * 31, "outcome": "removed"},
        {"match_id": "0" * 31 + "\x00", "outcome": "removed"},
        {"match_id": ["0" * 32], "outcome": "removed"},
        {"match_id": "0" * 32, "outcome": "\ud800"},
        {"match_id": "0" * 32, "outcome": "burnt"},
        {"match_id": "0" * 32, "outcome": {"a": 1}},
        {"match_id": "0" * 32, "outcome": "removed", "count": 0},
        {"match_id": "0" * 32, "outcome": "removed", "count": -1},
        {"match_id": "0" * 32, "outcome": "removed", "count": 10**9},
        {"match_id": "0" * 32, "outcome": "removed", "count": "many"},
    ],
)
def test_feedback_that_cannot_be_taken(machine: Machine, body: object) -> None:
    answer = machine.client.generic(
        "POST", "/api/v1/feedback", json.dumps(body), "application/json"
    )
    status, code, detail = problem(answer)
    assert (status, code) == (400, "invalid")
    assert ":" in detail  # the field is named


def test_json_longer_than_a_form_may_be(machine: Machine, settings: Settings) -> None:
    body = b'{"signals": [' + b" " * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b"]}"
    answer = machine.client.generic("POST", "/api/v1/lookups", body, "application/json")
    assert problem(answer)[:2] == (413, "too_large")


def test_a_picture_larger_than_may_be(machine: Machine, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 1000
    assert problem(machine.uploads(picture()))[:2] == (413, "too_large")


def test_form_fields_longer_than_may_be(machine: Machine, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = machine.client.post("/api/v1/lookups", {"picture": "x" * 2000})
    assert problem(answer)[:2] == (413, "too_large")


def test_a_body_that_django_calls_suspicious(
    machine: Machine, settings: Settings
) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2
    form = dict.fromkeys("abcdef", "x")
    answer = machine.client.post("/api/v1/lookups", form)
    assert problem(answer)[:2] == (400, "malformed")


def a_bomb(side: int = 50_000) -> bytes:
    """A PNG of a few kB that says it is 50,000 x 50,000."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1_000_000)
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture()[:2000],
        a_bomb(),
    ],
    ids=["empty", "text", "svg", "truncated", "bomb"],
)
def test_a_file_that_is_no_picture(machine: Machine, data: bytes) -> None:
    status, code, _ = problem(machine.uploads(data))
    assert status == 400
    assert code != "failed"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"picture": "text"},
        {"photo": SimpleUploadedFile("x.jpg", b"x")},
    ],
)
def test_an_upload_without_a_picture(machine: Machine, form: dict[str, object]) -> None:
    status, code, detail = problem(machine.client.post("/api/v1/lookups", form))
    assert (status, code) == (400, "invalid")
    assert detail.startswith("picture:")


def test_a_multipart_body_that_is_none(machine: Machine) -> None:
    for media_type in ("multipart/form-data", "multipart/form-data; boundary=x"):
        answer = machine.client.generic("POST", "/api/v1/lookups", b"xyz", media_type)
        assert problem(answer)[0] == 400


def test_other_media_types_and_methods(machine: Machine) -> None:
    client = machine.client
    wrong = client.generic("POST", "/api/v1/lookups", b"<a/>", "application/xml")
    assert problem(wrong)[:2] == (415, "unsupported_media_type")
    assert problem(client.get("/api/v1/lookups"))[:2] == (405, "method_not_allowed")
    unread = client.get("/api/v1/status", headers={"accept": "text/html"})
    assert problem(unread)[:2] == (406, "not_acceptable")
    assert problem(client.get("/api/v1/status?format=xml"))[:2] == (404, "not_found")


def test_a_charset_that_unpacks_is_not_followed(machine: Machine) -> None:
    body = json.dumps({"signals": [as_json(signals_of()["pdq"])]}).encode()
    for charset in ("rot13", "zip", "utf-16", "no-such"):
        answer = machine.client.generic(
            "POST", "/api/v1/lookups", body, f"application/json; charset={charset}"
        )
        assert answer.status_code == 200  # JSON is UTF-8 (RFC 8259), whatever is said


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1/", "/api/v1/lookups/", "/api/v2/lookups", "/api/\x00"]
)
def test_an_address_where_nothing_is(machine: Machine, path: str) -> None:
    assert problem(Client().get(path))[:2] == (404, "not_found")
    assert problem(machine.posts(path.removeprefix("/api/v1/"), {}))[0] == 404


def test_too_many_requests_are_told_how_long_to_wait(
    machine: Machine, other_machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KeyThrottle, "rate", "2/min", raising=False)
    body = {"signals": [PDQ]}
    assert [machine.posts("lookups", body).status_code for _ in range(2)] == [200, 200]
    answer = machine.posts("lookups", body)
    assert problem(answer)[:2] == (429, "throttled")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert other_machine.posts("lookups", body).status_code == 200


def test_what_breaks_on_our_side_says_so_and_logs_no_value(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("secret value")

    monkeypatch.setattr(actions, "lookup", breaks)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.getLogger().handlers[0].formatter)
    logger = logging.getLogger("portal.exchange.errors")
    logger.addHandler(handler)
    try:
        answer = machine.posts("lookups", {"signals": [PDQ]})
    finally:
        logger.removeHandler(handler)
    assert problem(answer)[:2] == (500, "failed")
    assert "RuntimeError" in stream.getvalue()
    assert "secret value" not in stream.getvalue()


def test_errors_are_in_english_whatever_language_is_asked_for(
    machine: Machine,
) -> None:
    answer = machine.client.generic(
        "POST",
        "/api/v1/lookups",
        b'{"signals": null}',
        "application/json",
        headers={"accept-language": "ko"},
    )
    assert problem(answer)[2] == "signals: This field may not be null."
    assert answer.headers["Content-Language"] == "en"
