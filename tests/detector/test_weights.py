"""The one door to checkpoints refuses what was not named by its digest."""

import hashlib
from pathlib import Path

import pytest

from detector import Checkpoint, WeightsError, checked, parse_checkpoint, weights

CONTENT = b"numbers that somebody trained"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    path.write_bytes(CONTENT)
    return path


def test_the_bytes_of_a_checkpoint_with_the_right_digest_are_handed_out(
    checkpoint: Path,
) -> None:
    assert checked(checkpoint, DIGEST) == CONTENT
    assert checked(str(checkpoint), f" {DIGEST.upper()}\n") == CONTENT


def test_a_checkpoint_changed_by_one_bit_is_refused_with_both_digests(
    checkpoint: Path,
) -> None:
    changed = bytes([CONTENT[0] ^ 1]) + CONTENT[1:]
    checkpoint.write_bytes(changed)

    with pytest.raises(WeightsError) as refusal:
        checked(checkpoint, DIGEST)

    assert DIGEST in str(refusal.value)
    assert hashlib.sha256(changed).hexdigest() in str(refusal.value)


@pytest.mark.parametrize("digest", ["", "ab", "g" * 64, DIGEST[:-1], DIGEST + "0"])
def test_a_malformed_digest_is_refused_before_the_file_is_read(
    tmp_path: Path, digest: str
) -> None:
    with pytest.raises(WeightsError, match="64 hexadecimal digits"):
        checked(tmp_path / "absent", digest)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.pt", tmp_path):
        with pytest.raises(WeightsError, match="is not a file"):
            checked(path, DIGEST)


def test_an_oversized_checkpoint_is_refused(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "MAX_BYTES", len(CONTENT) - 1)

    with pytest.raises(WeightsError, match="larger than"):
        checked(checkpoint, DIGEST)


def test_an_unreadable_checkpoint_is_refused_by_name_only(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)

    with pytest.raises(WeightsError) as refusal:
        checked(checkpoint, DIGEST)

    assert str(refusal.value) == "model.safetensors cannot be read: Permission denied."


def test_a_specification_names_a_model_a_file_and_a_digest() -> None:
    given = parse_checkpoint(f" defenders:/srv/a #1:2.pth#sha256={DIGEST.upper()}\n")

    assert given == Checkpoint("defenders", Path("/srv/a #1:2.pth"), DIGEST)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "defenders",
        "/srv/final.pth",
        "defenders:/srv/final.pth",
        f":/srv/final.pth#sha256={DIGEST}",
        f"defenders:#sha256={DIGEST}",
        f"defenders#sha256={DIGEST}",
    ],
)
def test_a_specification_of_another_form_is_refused_with_the_right_one(
    text: str,
) -> None:
    with pytest.raises(WeightsError, match="NAME:PATH#sha256=DIGEST"):
        parse_checkpoint(text)


def test_a_specification_with_a_malformed_digest_is_refused() -> None:
    with pytest.raises(WeightsError, match="64 hexadecimal digits"):
        parse_checkpoint("defenders:/srv/final.pth#sha256=abc")


@pytest.mark.parametrize("path", ["", ".", "a\0b", "a" * 5000])
def test_an_impossible_path_is_refused(path: str) -> None:
    with pytest.raises(WeightsError):
        checked(path, DIGEST)


def test_a_file_is_proved_without_being_handed_out(checkpoint: Path) -> None:
    weights.prove(Checkpoint("any", checkpoint, DIGEST))
    with pytest.raises(WeightsError, match="not the checkpoint that was named"):
        weights.prove(Checkpoint("any", checkpoint, "0" * 64))
    with pytest.raises(WeightsError, match="is not a file"):
        weights.prove(Checkpoint("any", checkpoint.parent, DIGEST))


def test_a_file_that_is_too_large_is_not_proved_either(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "MAX_BYTES", len(CONTENT) - 1)
    with pytest.raises(WeightsError, match="is larger than"):
        weights.prove(Checkpoint("any", checkpoint, DIGEST))
