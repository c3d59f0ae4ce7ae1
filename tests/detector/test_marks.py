"""Marks that generators hide in pixels, written here as they write them."""

import gzip
import io
import json
import struct
from typing import Final

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from detector import Evidence, assess
from detector.marks import hidden_text, read
from tests.drawing import landscape
from tracker.images import decode

SETTINGS: Final = json.dumps({"Software": "NovelAI", "Comment": '{"steps": 28}'})
FLUX: Final = 0b001010101111111010000111100111001111010100101110


def bits(text: bytes) -> list[int]:
    return [int(bit) for byte in text for bit in f"{byte:08b}"]


def watermarked(image: Image.Image, payload: list[int]) -> Image.Image:
    """Write "dwtDct" as its authors' program does, block after block."""
    yuv = cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2YUV)
    height, width = (length // 4 * 4 for length in yuv.shape[:2])
    chroma = yuv[:height, :width, 1].astype(float)
    a, b, c, d = (chroma[y::2, x::2] for y in (0, 1) for x in (0, 1))
    bands = [(a + b + c + d) / 2, (a - b + c - d) / 2, (a + b - c - d) / 2]
    bands.append((a - b - c + d) / 2)
    coarse = bands[0]
    blocks = [
        (i * 4, j * 4)
        for i in range(coarse.shape[0] // 4)
        for j in range(coarse.shape[1] // 4)
    ]
    for number, (row, column) in enumerate(blocks):
        cell = coarse[row : row + 4, column : column + 4]
        place = np.unravel_index(np.argmax(np.abs(cell.ravel()[1:])) + 1, (4, 4))
        bit = payload[number % len(payload)]
        cell[place] = (cell[place] // 36 + 0.25 + 0.5 * bit) * 36
    w, x, y, z = bands
    yuv[0:height:2, 0:width:2, 1] = (w + x + y + z) / 2
    yuv[0:height:2, 1:width:2, 1] = (w - x + y - z) / 2
    yuv[1:height:2, 0:width:2, 1] = (w + x - y - z) / 2
    yuv[1:height:2, 1:width:2, 1] = (w - x - y + z) / 2
    return Image.fromarray(cv2.cvtColor(yuv, cv2.COLOR_YUV2RGB))


def hidden(mark: bytes, written: bytes, length: int | None = None) -> Image.Image:
    """A landscape with a text in the lowest bits of its transparency or colours."""
    size = 8 * len(written) if length is None else length
    row = np.array(bits(mark + struct.pack(">I", size) + written), np.uint8)
    image = np.asarray(landscape(3, (80, 70)).convert("RGBA")).copy()
    plane: NDArray[np.uint8] = image[..., 3:] if b"png" in mark else image[..., :3]
    columns = plane.swapaxes(0, 1).copy()
    flat = columns.reshape(-1)
    flat[: row.size] = flat[: row.size] & 0xFE | row
    plane[...] = columns.swapaxes(0, 1)
    whole = Image.fromarray(image)
    return whole if b"png" in mark else whole.convert("RGB")


def reopened(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "PNG")
    return decode(file.getvalue()).image


def marks(image: Image.Image) -> list[Evidence]:
    return list(read(image))


@pytest.mark.parametrize(
    ("tool", "payload"),
    [
        ("Stable Diffusion 1", bits(b"StableDiffusionV1")),
        ("Stable Diffusion 2", bits(b"SDV2")),
        ("Stable Diffusion XL", bits(bytes.fromhex("b3ec907bb19e"))),
        ("FLUX", [int(bit) for bit in f"{FLUX:b}"]),
    ],
)
def test_a_known_invisible_watermark_is_strong_signs(
    tool: str, payload: list[int]
) -> None:
    marked = watermarked(landscape(6, (514, 514)), payload)

    assessment = assess(reopened(marked), models=())

    (piece,) = [e for e in assessment.evidence if e.kind == "generator_marks"]
    assert assessment.finding == "strong signs"
    assert piece.finding == f"the invisible watermark of {tool}"


def test_an_unknown_watermark_a_resized_one_and_none_are_nothing() -> None:
    plain = landscape(5, (512, 512))
    known = watermarked(plain, bits(b"StableDiffusionV1"))

    assert marks(plain) == []
    assert marks(watermarked(plain, bits(b"SomebodyElse1"))) == []
    assert marks(known.resize((400, 400))) == []
    assert marks(known.crop((0, 0, 255, 512))) == []
    assert marks(Image.new("RGB", (2049, 2049))) == []


def test_landscapes_hold_no_mark() -> None:
    assert [piece for seed in range(40) for piece in marks(landscape(seed))] == []


@pytest.mark.parametrize(
    ("mark", "written"),
    [
        (b"stealth_pngcomp", gzip.compress(SETTINGS.encode(), mtime=0)),
        (b"stealth_pnginfo", SETTINGS.encode()),
        (b"stealth_rgbcomp", gzip.compress(SETTINGS.encode(), mtime=0)),
        (b"stealth_rgbinfo", SETTINGS.encode()),
    ],
)
def test_a_text_hidden_in_the_pixels_is_strong_signs_and_quoted(
    mark: bytes, written: bytes
) -> None:
    (piece,) = marks(reopened(hidden(mark, written)))

    assert piece.strength == "strong"
    assert SETTINGS in piece.detail


def test_a_mark_without_a_readable_text_is_some_signs() -> None:
    for written, length in (
        (b"no gzip", None),
        (b"", None),
        (b"\xff" * 40, None),
        (gzip.compress(SETTINGS.encode(), mtime=0)[:12], 2**32 - 1),
    ):
        (piece,) = marks(reopened(hidden(b"stealth_pngcomp", written, length)))
        assert piece.strength == "medium"
        assert "stealth_pngcomp" in piece.detail


def test_a_hidden_bomb_is_unpacked_no_further_than_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hidden_text, "_MAX_TEXT", 1000)
    bomb = gzip.compress(b"a" * 600_000, mtime=0)
    image = reopened(hidden(b"stealth_pngcomp", bomb))

    found = hidden_text.find(image)

    assert found is not None
    assert found.text == "a" * 1000


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (3, 40)])
def test_pictures_too_small_for_a_mark_have_none(size: tuple[int, int]) -> None:
    tiny = Image.new("RGB", size)
    tiny.info["alpha"] = Image.new("L", size)
    assert marks(tiny) == []


def test_transparency_of_another_kind_is_left_alone() -> None:
    image = landscape(1, (90, 90))
    for alpha in ("text", b"bytes", Image.new("RGB", (9, 9)), None):
        image.info["alpha"] = alpha
        assert marks(image) == []
