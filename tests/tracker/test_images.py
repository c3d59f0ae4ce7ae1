import io
import itertools
import struct
import time
import warnings
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tests.drawing import encode, landscape
from tracker import MAX_BYTES, ImageError, bits_apart, decode, decode_file, hash_picture
from tracker import images as door
from tracker.images import frames_of

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "BMP")


def the_code(data: bytes) -> str:
    with pytest.raises(ImageError) as refusal:
        decode(data)
    assert str(refusal.value).endswith(".")
    return refusal.value.code


def code_or_mode(data: bytes) -> str:
    try:
        return decode(data).image.mode
    except ImageError as error:
        return error.code


def counted(data: bytes) -> int | str:
    try:
        return len(list(frames_of(data)))
    except ImageError as error:
        return error.code


def a_png_header(width: int, height: int) -> bytes:
    """A PNG that promises that many grey pixels and brings one."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body))
        + name
        + body
        + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def pdq_of(data: bytes) -> str:
    return next(s.value for s in hash_picture(decode(data)) if s.type == "pdq")


@pytest.mark.parametrize("file_format", FORMATS)
def test_every_allowed_format_is_decoded_and_named(file_format: str) -> None:
    data = encode(landscape(1), file_format)
    picture = decode(data)
    assert (picture.format, picture.image.mode) == (file_format, "RGB")
    assert (picture.width, picture.height) == picture.image.size == (640, 480)
    assert (picture.size, picture.animated) == (len(data), False)


@pytest.mark.parametrize("file_format", ["TIFF", "ICO", "PPM", "TGA", "PDF", "EPS"])
def test_every_other_format_is_refused(file_format: str) -> None:
    assert the_code(encode(landscape(1, (64, 64)), file_format)) == "unsupported"


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9, 0.99])
def test_a_picture_that_was_cut_short_is_damaged(
    file_format: str, share: float
) -> None:
    data = encode(landscape(1), file_format)
    assert the_code(data[: int(len(data) * share)]) == "damaged"


def test_no_bytes_are_empty() -> None:
    assert the_code(b"") == "empty"


@pytest.mark.parametrize(
    "data",
    [b"\0", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"PK"],
)
def test_what_is_no_picture_is_unsupported(data: bytes) -> None:
    assert the_code(data) == "unsupported"


def test_a_file_over_the_limit_is_not_even_looked_at() -> None:
    assert the_code(b"\xff\xd8\xff" + bytes(MAX_BYTES)) == "too_large"


def test_a_decompression_bomb_is_refused_in_an_instant() -> None:
    started = time.perf_counter()
    assert the_code(a_png_header(50_000, 50_000)) == "too_many_pixels"
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize("size", [(8_001, 8_000), (10_000, 10_000), (13_000, 13_000)])
def test_the_limit_of_pixels_is_our_own_and_warns_nobody(size: tuple[int, int]) -> None:
    assert the_code(a_png_header(*size)) == "too_many_pixels"


def test_a_huge_webp_canvas_is_refused() -> None:
    data = encode(Image.new("L", (16_000, 4_100)), "WEBP", lossless=True, method=0)
    assert the_code(data) == "too_many_pixels"


def test_a_polyglot_is_its_picture_under_the_hash_of_all_its_bytes() -> None:
    plain = encode(landscape(2), "JPEG")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("payload.html", "<script>alert(1)</script>")
    polyglot = plain + archive.getvalue()
    assert zipfile.is_zipfile(io.BytesIO(polyglot))
    assert pdq_of(polyglot) == pdq_of(plain)
    assert decode(polyglot).sha256 != decode(plain).sha256
    assert decode(polyglot).size == len(polyglot)


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_of_an_animation_the_first_frame_is_taken(file_format: str) -> None:
    frames = [landscape(seed) for seed in (1, 2, 3)]
    data = encode(frames[0], file_format, save_all=True, append_images=frames[1:])
    picture = decode(data)
    assert picture.animated
    assert bits_apart(pdq_of(data), pdq_of(encode(frames[0]))) <= 8


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_the_frames_of_an_animation_come_with_their_moments(file_format: str) -> None:
    drawn = [landscape(seed, (160, 120)) for seed in (1, 2, 3, 4)]
    data = encode(
        drawn[0], file_format, save_all=True, append_images=drawn[1:], duration=250
    )
    told = list(frames_of(data))
    assert [at for at, _ in told] == pytest.approx([0, 0.25, 0.5, 0.75])
    for (_, image), was in zip(told, drawn, strict=True):
        assert (image.mode, image.size) == ("RGB", (160, 120))
        assert bits_apart(pdq_of(encode(image)), pdq_of(encode(was))) <= 20
    assert [at for at, _ in frames_of(data, most=2)] == pytest.approx([0.25, 0.75])


def test_a_picture_that_does_not_move_is_one_frame() -> None:
    for file_format in FORMATS:
        ((at, image),) = frames_of(encode(landscape(1, (80, 60)), file_format))
        assert (at, image.size) == (0.0, (80, 60))


def test_an_animation_is_decoded_no_further_than_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = [landscape(seed, (80, 60)) for seed in range(6)]
    data = encode(drawn[0], "GIF", save_all=True, append_images=drawn[1:])
    monkeypatch.setattr(door, "MAX_DECODED_PIXELS", 4 * 80 * 60)
    assert len(list(frames_of(data))) == 4
    monkeypatch.setattr(door, "MOST_DECODED", 3)
    assert len(list(frames_of(data))) == 3


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG"])
def test_a_broken_animation_keeps_what_came_before_or_says_that_it_is_damaged(
    file_format: str,
) -> None:
    drawn = [landscape(seed, (80, 60)) for seed in range(4)]
    data = encode(drawn[0], file_format, save_all=True, append_images=drawn[1:])
    for at, spoil in itertools.product(range(20, len(data), len(data) // 25), (0, 1)):
        spoilt = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
        assert counted(spoilt if spoil else data[:at]) in {
            *range(1, 5),
            "damaged",
            "unsupported",
        }


def test_transparency_that_was_laid_on_white_is_kept_beside_the_picture() -> None:
    image = landscape(1, (40, 30)).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize((40, 30)))
    kept = decode(encode(image)).image.info["alpha"]
    assert isinstance(kept, Image.Image)
    assert kept.tobytes() == image.getchannel("A").tobytes()
    named = PngImagePlugin.PngInfo()
    named.add_text("alpha", "a text")
    assert "alpha" not in decode(encode(landscape(1), pnginfo=named)).image.info


def test_a_jpeg_with_a_second_picture_inside_is_no_animation() -> None:
    frames = [landscape(seed) for seed in (1, 2)]
    picture = decode(encode(frames[0], "MPO", save_all=True, append_images=frames[1:]))
    assert (picture.format, picture.animated) == ("JPEG", False)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    turned = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    upright = landscape(3)
    stored = upright if turned is None else upright.transpose(turned)
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode(encode(stored, "PNG", exif=exif))
    assert picture.image.tobytes() == upright.tobytes()


@pytest.mark.parametrize("size", [(640, 480), (1200, 900), (1201, 901)])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_on_its_side_is_the_same_small_picture(
    orientation: int, size: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode(encode(landscape(3, size), "JPEG", exif=exif))
    assert (picture.width, picture.height) == picture.image.size
    assert picture.small.size == picture.small_size
    wanted = picture.image.convert("L").resize(picture.small_size)
    differ = np.asarray(picture.small, np.int16) - np.asarray(wanted)
    assert np.abs(differ).mean() < 2.5


def test_a_jpeg_of_red_green_and_blue_has_the_same_levels() -> None:
    data = encode(landscape(3), "JPEG", keep_rgb=True, quality=95)
    wanted = np.asarray(landscape(3).convert("L"), np.int16)
    assert np.abs(np.asarray(decode(data).grey) - wanted).mean() < 2


def as_palette(image: Image.Image) -> bytes:
    return encode(image.convert("P", palette=Image.Palette.ADAPTIVE))


def as_palette_with_transparency(image: Image.Image) -> bytes:
    alpha = bytes([255] * 255 + [0])
    palette = image.convert("P", palette=Image.Palette.ADAPTIVE, colors=255)
    return encode(palette, transparency=alpha)


def as_grey_16_bit(image: Image.Image) -> bytes:
    grey = np.asarray(image.convert("L")).astype(np.uint16)
    return encode(Image.fromarray(grey * 257))


def as_rgba(image: Image.Image) -> bytes:
    copy = image.convert("RGBA")
    copy.putalpha(Image.new("L", image.size, 255))
    return encode(copy)


MODES: dict[str, Callable[[Image.Image], bytes]] = {
    "palette": as_palette,
    "palette with transparency": as_palette_with_transparency,
    "GIF": lambda image: encode(image, "GIF"),
    "CMYK": lambda image: encode(image.convert("CMYK"), "JPEG", quality=95),
    "16-bit grey": as_grey_16_bit,
    "grey": lambda image: encode(image.convert("L")),
    "grey with alpha": lambda image: encode(image.convert("LA")),
    "1-bit": lambda image: encode(image.convert("1")),
    "RGBA": as_rgba,
    "colour key": lambda image: encode(image, transparency=(1, 2, 3)),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(4))
def test_the_same_picture_in_another_mode_hashes_near(mode: str, seed: int) -> None:
    image = landscape(seed)
    assert bits_apart(pdq_of(MODES[mode](image)), pdq_of(encode(image))) <= 31


def test_transparency_is_laid_on_white() -> None:
    data = encode(Image.new("RGBA", (8, 8), (255, 0, 0, 0)))
    assert decode(data).image.getpixel((0, 0)) == (255, 255, 255)


def test_what_was_written_beside_the_pixels_is_kept() -> None:
    exif = Image.Exif()
    exif[0x0131] = "a program"
    texts = PngImagePlugin.PngInfo()
    texts.add_text("parameters", "Steps: 20")
    png = decode(encode(landscape(1), "PNG", exif=exif, pnginfo=texts)).image.info
    assert (png["format"], png["parameters"]) == ("PNG", "Steps: 20")
    assert b"a program" in png["exif"]
    jpeg = decode(encode(landscape(1), "JPEG", exif=exif, xmp=b"<x/>")).image.info
    assert (jpeg["format"], jpeg["xmp"]) == ("JPEG", b"<x/>")
    assert len(jpeg["quantization"][0]) == 64


def test_texts_that_take_reserved_names_do_no_harm() -> None:
    texts = PngImagePlugin.PngInfo()
    for name in (
        "exif",
        "xmp",
        "transparency",
        "format",
        "quantization",
        "Orientation",
    ):
        texts.add_text(name, "mallory")
    info = decode(encode(landscape(1), "PNG", pnginfo=texts)).image.info
    assert info["format"] == "PNG"
    assert not {"xmp", "transparency", "quantization"} & set(info)
    assert not isinstance(info.get("exif"), str)


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0garbage",
        b"Exif\0\0II*\0\xff\xff\xff\x7f",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12\0\x03\xff\xff\xff\xff\0\0\0\x09",
    ],
)
def test_broken_exif_is_no_reason_to_refuse_and_warns_nobody(exif: bytes) -> None:
    assert decode(encode(landscape(1), "JPEG", exif=exif)).width == 640


def test_bytes_changed_at_random_give_a_picture_or_a_clear_refusal() -> None:
    rng = np.random.default_rng(0)
    codes = set()
    for file_format in FORMATS:
        whole = np.frombuffer(encode(landscape(1, (96, 64)), file_format), np.uint8)
        for _ in range(60):
            data = whole.copy()
            at = rng.integers(12, len(data), 8)
            data[at] = rng.integers(0, 256, 8)
            codes.add(code_or_mode(data.tobytes()))
    assert codes <= {"RGB", "damaged", "too_many_pixels", "unsupported"}


def test_a_jpeg_that_is_let_in_has_its_colours_too() -> None:
    """They are read later, and nothing is refused then that decode() did not refuse."""
    rng = np.random.default_rng(1)
    whole = encode(landscape(1, (1100, 64)), "JPEG")
    for _ in range(200):
        data = bytearray(whole[: len(whole) - rng.integers(0, 4)])
        for at in rng.integers(2, len(data), 4):
            data[at] = rng.integers(0, 256)
        try:
            picture = decode(bytes(data))
        except ImageError:
            continue
        assert picture.image.size == (picture.width, picture.height)


def test_one_pixel_is_a_picture() -> None:
    picture = decode(encode(Image.new("RGB", (1, 1))))
    assert [signal.type for signal in hash_picture(picture)] == ["sha256"]


@pytest.mark.parametrize("name", ["missing.jpg", ".", "nul\0.jpg"])
def test_a_file_that_cannot_be_read_is_said_to_be_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImageError) as refusal:
        decode_file(tmp_path / name)
    assert refusal.value.code == "unreadable"


def test_a_wrong_extension_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "picture.txt"
    path.write_bytes(encode(landscape(1), "WEBP"))
    assert decode_file(path).format == "WEBP"


def test_an_endless_file_is_read_no_further_than_allowed() -> None:
    with pytest.raises(ImageError) as refusal:
        decode_file(Path("/dev/zero"))
    assert refusal.value.code == "too_large"


def test_threads_may_decode_at_once_and_leave_the_warnings_alone() -> None:
    exif = b"Exif\0\0II*\0\xff\xff\xff\x7f"
    data = encode(landscape(1, (64, 48)), "JPEG", exif=exif)
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        sizes = {picture.image.size for picture in pool.map(decode, [data] * 200)}
    assert sizes == {(64, 48)}
    assert list(warnings.filters) == before
