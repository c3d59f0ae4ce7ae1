import hashlib
import io

import imagehash
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from scipy import fft

from tests.drawing import blank, encode, landscape
from tracker import (
    SignalError,
    ask_picture,
    bits_apart,
    decode,
    hash_picture,
    parse_signal,
    signal_type,
)
from tracker.signals import Reading
from tracker.signals.boxes import hash_whole


def value_of(data: bytes, type_name: str) -> str:
    signals = hash_picture(decode(data))
    return next(signal.value for signal in signals if signal.type == type_name)


def test_a_bank_keeps_one_signal_of_each_type_for_the_whole() -> None:
    signals = hash_picture(decode(encode(landscape(1))), whole=True)
    assert [signal.type for signal in signals] == ["sha256", "pdq", "phash"]
    assert {signal.of for signal in signals} == {"whole"}


def test_a_lookup_asks_for_the_whole_with_pdq_in_all_eight_forms() -> None:
    asked = ask_picture(decode(encode(landscape(1))), whole=True)
    types = [signal.type for signal in asked]
    assert types == ["sha256", *["pdq"] * 8, "phash"]


def test_a_plain_picture_has_its_bytes_and_no_looks() -> None:
    data = encode(blank())
    assert [signal.type for signal in hash_picture(decode(data))] == ["sha256"]
    assert [signal.type for signal in ask_picture(decode(data))] == ["sha256"]


def test_sha256_is_of_the_file() -> None:
    data = encode(landscape(1))
    assert value_of(data, "sha256") == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("turn", Image.Transpose)
@pytest.mark.parametrize("seed", range(3))
def test_each_turned_copy_is_found_by_the_form_named_for_it(
    seed: int, turn: Image.Transpose
) -> None:
    named = {
        Image.Transpose.FLIP_LEFT_RIGHT: "mirroring",
        Image.Transpose.FLIP_TOP_BOTTOM: "flipping top to bottom",
        Image.Transpose.ROTATE_90: "turning a quarter left",
        Image.Transpose.ROTATE_180: "turning upside down",
        Image.Transpose.ROTATE_270: "turning a quarter right",
        Image.Transpose.TRANSPOSE: "mirroring along the falling diagonal",
        Image.Transpose.TRANSVERSE: "mirroring along the rising diagonal",
    }
    kept = value_of(encode(landscape(seed).transpose(turn)), "pdq")
    judge = signal_type("pdq")
    asked = judge.ask(Reading(decode(encode(landscape(seed)))))
    distances = [bits_apart(signal.value, kept) for signal in asked]
    assert min(distances) <= 4
    assert judge.forms[distances.index(min(distances))] == named[turn]


def pdq_reference(grey: npt.NDArray[np.float64]) -> str:
    """PDQ from its paper: 64 x 64 averages, the low 16 x 16 of their DCT, a median.

    Area averages stand for the paper's two box filters, so a few bits may differ.
    """
    small = np.asarray(
        Image.fromarray(grey.astype(np.float32)).resize(
            (64, 64), Image.Resampling.BILINEAR
        )
    )
    rows = np.arange(1, 17)[:, np.newaxis]
    columns = np.arange(64)[np.newaxis, :]
    basis = np.sqrt(2 / 64) * np.cos(np.pi / 128 * rows * (2 * columns + 1))
    coefficients = basis @ small @ basis.T
    bits = (coefficients > np.median(coefficients)).flatten()
    return np.packbits(bits[::-1]).tobytes().hex()


@pytest.mark.parametrize("seed", range(4))
def test_pdq_agrees_with_a_slow_reading_of_its_paper(seed: int) -> None:
    image = landscape(seed)
    reference = pdq_reference(np.asarray(image.convert("L"), np.float64))
    assert bits_apart(value_of(encode(image), "pdq"), reference) <= 31


def phash_reference(grey: Image.Image) -> str:
    small = np.asarray(grey.resize((64, 64), Image.Resampling.LANCZOS), np.float64)
    low = fft.dctn(small, type=2)[:16, :16]
    return np.packbits(low > np.median(low)).tobytes().hex()


@pytest.mark.parametrize("seed", range(4))
def test_phash_agrees_with_a_slow_reference_and_with_imagehash(seed: int) -> None:
    data = encode(landscape(seed, (900, 700)))
    small = decode(data).small
    theirs = str(imagehash.phash(small, hash_size=16))
    assert phash_reference(small) == theirs
    assert bits_apart(value_of(data, "phash"), theirs) <= 4


def old_small(data: bytes) -> Image.Image:
    """What was hashed before docs/adr/0026: full size, colours, then shrunk."""
    grey = Image.open(io.BytesIO(data)).convert("RGB").convert("L")
    scale = min(1, 512 / max(grey.size))
    size = (round(grey.width * scale), round(grey.height * scale))
    return grey.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.5)


@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("size", [(1224, 816), (1023, 767), (1301, 1027), (300, 2100)])
def test_a_jpeg_read_at_a_smaller_scale_hashes_as_when_it_is_shrunk(
    size: tuple[int, int], subsampling: int, *, progressive: bool
) -> None:
    image = landscape(1, size)
    data = encode(image, "JPEG", subsampling=subsampling, progressive=progressive)
    small = old_small(data)
    wanted = hash_whole(np.asarray(small, np.float32), small.size)
    made = Reading(decode(data)).pdq
    assert (made.forms != wanted.forms).sum(axis=1).max() <= 4
    assert abs(made.quality - wanted.quality) <= 1


@pytest.mark.parametrize("size", [(4000, 1), (1, 4000), (3000, 30), (2, 2)])
def test_odd_shapes_make_no_error(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    assert ask_picture(decode(encode(Image.fromarray(noise))))[0].type == "sha256"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("md5", "0" * 32),
        ("", "0" * 64),
        ("pdq", ""),
        ("pdq", "0" * 63),
        ("pdq", "0" * 65),
        ("pdq", "A" * 64),
        ("pdq", "g" * 64),
        ("pdq", "0" * 64 + "\n"),
        ("sha256", "\u0660" * 64),
    ],
)
def test_a_signal_that_no_type_could_have_made_is_refused(
    name: str, value: str
) -> None:
    with pytest.raises(SignalError) as refusal:
        parse_signal(name, value)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize("quality", [-1, 0, 49, 101])
def test_a_signal_of_a_picture_too_plain_is_refused(quality: int) -> None:
    with pytest.raises(SignalError):
        parse_signal("pdq", "0" * 64, quality)


@pytest.mark.parametrize("version", ["", "v" * 65, "line\nbreak", "\u202eleft"])
def test_a_version_is_short_and_plain(version: str) -> None:
    with pytest.raises(SignalError):
        parse_signal("pdq", "0" * 64, 100, version)


def test_a_signal_without_a_version_says_so() -> None:
    assert parse_signal("pdq", "0" * 64).version == "unstated"
