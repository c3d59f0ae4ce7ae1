"""Content Credentials, signed here by throw-away certificates, intact and broken."""

import hashlib
import io
import json
import re
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import c2pa
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from detector import Evidence, TrustError, assess, parse_trust, trust_list
from detector.provenance import credentials, credentials_reader
from detector.provenance.metadata import gather
from tests import clips
from tests.studios import (
    AI,
    Studio,
    a_studio,
    certificate,
    distinguished,
    manifest,
)

Save = Callable[..., bytes]
Reopen = Callable[[bytes], Image.Image]

NOISE: Final = b"jumb\0\0\0\x20jumd" + bytes(range(256)) * 40
CAMERA: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


@pytest.fixture(scope="session")
def studio() -> Studio:
    return a_studio()


@pytest.fixture(scope="session")
def photo(save: Save) -> bytes:
    return save("JPEG", quality=90)


@pytest.fixture(scope="session")
def signed(studio: Studio, photo: bytes) -> bytes:
    return studio.sign(photo, manifest(AI))


def credential(data: bytes, **options: str) -> Evidence:
    metadata = gather(Image.new("RGB", (8, 8)), data)
    (piece,) = credentials.read(metadata, **options)
    return piece


def test_an_intact_signature_by_an_unknown_signer_declares_and_says_unverified(
    signed: bytes, reopen: Reopen
) -> None:
    assessment = assess(reopen(signed), data=signed)

    piece = assessment.evidence[0]
    assert assessment.finding == "declared"
    assert (piece.kind, piece.strength) == ("c2pa", "declared")
    assert "signature valid, signer not verified" in piece.finding
    for quoted in (AI, "Made Up", "Reclaim's tests", "Made Up Studio"):
        assert quoted in piece.detail


def test_a_signer_on_the_trust_list_is_called_trusted(
    signed: bytes, studio: Studio
) -> None:
    piece = credential(signed, trust_anchors=studio.authority)

    assert piece.strength == "declared"
    assert "trusted signer" in piece.finding


def test_a_signer_who_is_not_on_the_trust_list_is_told_apart_from_no_list(
    signed: bytes, photo: bytes, studio: Studio
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    other = certificate("Other", key, distinguished("Other"), key)
    listed = other.public_bytes(serialization.Encoding.PEM).decode()
    plain = studio.sign(photo, manifest(CAMERA))

    for data, strength in ((signed, "declared"), (plain, "none")):
        piece = credential(data, trust_anchors=listed)
        assert piece.strength == strength
        assert piece.finding.endswith("signer not on the trust list")


def test_the_trust_list_of_a_file_reaches_the_finding(
    signed: bytes, studio: Studio, reopen: Reopen, tmp_path: Path
) -> None:
    path = tmp_path / "trusted.pem"
    path.write_text(f"The studios that we know\n{studio.authority}")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()

    trust = parse_trust(f"{path}#sha256={digest.upper()}")
    assessment = assess(reopen(signed), data=signed, trust=trust)

    assert trust.sha256 == digest
    assert "by a trusted signer" in assessment.evidence[0].finding


def test_a_trust_list_that_will_not_do_is_refused_with_a_sentence(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trusted.pem"
    path.write_text(studio.authority)
    wrong = f"{path}#sha256={'0' * 64}"

    for specification, why in (
        (str(path), "PATH#sha256=DIGEST"),
        (f"{tmp_path / 'absent'}#sha256=0", "cannot be read"),
        (f"{tmp_path}#sha256=0", "cannot be read"),
        (f"a\0b#sha256={'0' * 64}", "cannot be read"),
        (wrong, "not the trust list that was named"),
    ):
        with pytest.raises(TrustError, match=re.escape(why)):
            parse_trust(specification)
    pem = studio.authority.encode()
    for content in (b"", b"no certificate", pem[:-60], b"\xff" * 99):
        with pytest.raises(TrustError, match="no certificates"):
            trust_list(content)
    monkeypatch.setattr("detector.provenance.trust._MAX_BYTES", 100)
    with pytest.raises(TrustError, match="larger"):
        parse_trust(wrong)


def test_the_signed_history_of_a_video_is_read(studio: Studio) -> None:
    data = studio.sign(clips.clip(1), manifest(AI), kind="video/mp4")

    piece = credential(data, trust_anchors=studio.authority)

    assert piece.strength == "declared"
    assert "by a trusted signer" in piece.finding


def test_a_picture_changed_after_signing_gives_some_signs_and_the_failure(
    signed: bytes, reopen: Reopen
) -> None:
    changed = signed[:-20] + bytes([signed[-20] ^ 1]) + signed[-19:]

    assessment = assess(reopen(changed), data=changed)

    assert assessment.finding == "some signs"
    assert assessment.evidence[0].strength == "medium"
    assert "assertion.dataHash.mismatch" in assessment.evidence[0].detail


def test_a_history_without_ai_raises_nothing(studio: Studio, photo: bytes) -> None:
    piece = credential(studio.sign(photo, manifest(CAMERA)))

    assert piece.strength == "none"
    assert "not a statement that none was used" in piece.detail


def test_a_picture_opened_from_an_ai_made_one_is_declared(
    studio: Studio, signed: bytes
) -> None:
    step = {"action": "c2pa.color_adjustments"}
    edit = {"assertions": [{"label": "c2pa.actions", "data": {"actions": [step]}}]}

    piece = credential(studio.sign(signed, edit, opened=True))

    assert piece.strength == "declared"
    assert AI in piece.detail


def test_an_ai_made_reference_picture_says_nothing_about_the_result(
    studio: Studio, photo: bytes, signed: bytes
) -> None:
    made = studio.sign(photo, manifest(CAMERA), reference=signed)

    assert credential(made).strength == "none"


def test_a_manifest_on_a_server_is_named_and_not_fetched(
    studio: Studio, photo: bytes, reopen: Reopen
) -> None:
    address = "http://127.0.0.1:9/made-up.c2pa"
    data = studio.sign(photo, manifest(AI), remote=address)

    assessment = assess(reopen(data), data=data)

    assert assessment.finding == "no sign found"
    assert assessment.evidence[0].finding == "manifest elsewhere, not fetched"
    assert address in assessment.evidence[0].detail


def test_no_server_is_asked_even_where_a_manifest_seems_to_be_there(
    studio: Studio, photo: bytes
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/made-up.c2pa"
        data = studio.sign(photo, manifest(AI), remote=address)

        assert credential(data + NOISE).finding == "unreadable manifest"
        with pytest.raises(c2pa.C2paError, match="must fetch"):
            credentials_reader.manifest_store(data, "")

        with pytest.raises(TimeoutError):
            server.accept()


def test_the_setting_is_what_keeps_the_reader_from_the_network(
    studio: Studio, photo: bytes
) -> None:
    asked: list[bytes] = []

    def answer(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            asked.append(connection.recv(100))
            connection.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        thread = threading.Thread(target=answer, args=(server,))
        thread.start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/made-up.c2pa"
        data = studio.sign(photo, manifest(AI), remote=address)
        settings = c2pa.Settings.from_dict({"verify": {"remote_manifest_fetch": True}})
        with pytest.raises(c2pa.C2paError):
            c2pa.Reader.try_create(io.BytesIO(data), context=c2pa.Context(settings))
        thread.join()

    assert asked[0].startswith(b"GET /made-up.c2pa")


def test_a_file_cut_anywhere_is_never_trouble(signed: bytes) -> None:
    begin = signed.find(b"jumb")

    for end in (begin + 12, begin + 500, len(signed) // 2, len(signed) - 1):
        metadata = gather(Image.new("RGB", (8, 8)), signed[:end])
        for piece in credentials.read(metadata):
            assert piece.strength in {"none", "medium"}


def test_noise_in_the_place_of_a_manifest_is_an_unreadable_manifest() -> None:
    piece = credential(b"\xff\xd8" + NOISE)

    assert (piece.finding, piece.strength) == ("unreadable manifest", "none")


def test_an_oversized_file_is_not_handed_to_the_reader(
    signed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "_MAX_BYTES", len(signed) - 1)

    assert credential(signed).finding == "unreadable manifest"


@pytest.mark.parametrize(
    "trouble",
    [
        "import os; os.abort()",
        "import time; time.sleep(60)",
        "print('{')",
        "print('[' * 200000)",
        "raise SystemExit(3)",
    ],
    ids=["crash", "hang", "half", "nested", "exit"],
)
def test_a_reader_that_dies_hangs_or_babbles_is_an_unreadable_manifest(
    signed: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    program = tmp_path / "reader.py"
    program.write_text(trouble)
    monkeypatch.setattr(credentials, "_READER", program)
    monkeypatch.setattr(credentials, "_SECONDS", 1)

    begin = time.monotonic()
    piece = credential(signed)

    assert piece.finding == "unreadable manifest"
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize(
    "store",
    [
        [],
        {},
        {"active_manifest": ["a"], "manifests": {"a": 1}},
        {"active_manifest": "a", "manifests": {"a": {"assertions": {"label": 1}}}},
        {
            "active_manifest": "a",
            "manifests": {
                "a": {
                    "ingredients": [7, {"active_manifest": "a"}, {}],
                    "assertions": [
                        None,
                        {"label": "c2pa.actions", "data": [1]},
                        {"label": "c2pa.actions", "data": {"actions": [[], {}]}},
                        {
                            "label": "c2pa.actions",
                            "data": {"actions": [{"digitalSourceType": {"a": 1}}]},
                        },
                    ],
                    "claim_generator_info": "text",
                    "signature_info": [],
                }
            },
            "validation_status": [3],
        },
    ],
)
def test_a_store_of_any_shape_is_no_trouble(
    signed: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: object
) -> None:
    program = tmp_path / "reader.py"
    program.write_text(f"print({json.dumps(json.dumps(store))})")
    monkeypatch.setattr(credentials, "_READER", program)

    pieces = list(credentials.read(gather(Image.new("RGB", (8, 8)), signed)))

    assert [piece.strength for piece in pieces] in ([], ["none"])


def test_a_picture_without_a_manifest_starts_no_process(
    photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")

    assert list(credentials.read(gather(Image.new("RGB", (8, 8)), photo))) == []
