"""The one door through which untrusted bytes become a picture.

What lies beyond it is upright, RGB or small and grey, under known limits; it must not
know what the picture is for. Nothing global in Pillow is changed: every limit is passed
or checked here.
"""

import hashlib
import io
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageFile

MAX_BYTES = 25 * 1024 * 1024
MAX_PIXELS = 64_000_000
SMALL = 512  # pixels of the longer side of a small picture
# Of an animation: a frame builds on those before it, so all of them must be decoded.
MOST_DECODED = 10_000
MAX_DECODED_PIXELS = 1_000_000_000

_SENTENCES = {
    "unreadable": "This file cannot be read.",
    "empty": "This file is empty.",
    "too_large": f"This file is larger than {MAX_BYTES // 2**20} MiB.",
    "too_many_pixels": f"This picture has over {MAX_PIXELS // 10**6} million pixels.",
    "unsupported": "This file is not a JPEG, PNG, WebP, GIF, AVIF or BMP picture.",
    "damaged": "This picture is damaged or cut short and cannot be opened.",
}

# What brings a stored picture upright, by the value of EXIF tag 0x0112 (CIPA DC-008).
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_ON_ITS_SIDE = range(5, 9)

# Pillow writes what it reads, EXIF values included, to its debug log.
logging.getLogger("PIL").setLevel(logging.INFO)

# Python's warning filters belong to the whole process: one thread at a time may swap
# them. Only headers are read under the lock; pixels are decoded outside it.
_QUIET = threading.Lock()


class ImageError(Exception):
    """Bytes that cannot become a picture; str() is a sentence for the person.

    `code` is one of: unreadable, empty, too_large, too_many_pixels, unsupported,
    damaged.
    """

    def __init__(self, code: str) -> None:
        super().__init__(_SENTENCES[code])
        self.code = code


@dataclass(frozen=True)
class Picture:
    """One decoded picture, upright; of an animation the first frame.

    `width` and `height` are of its full size. `sha256` and `size` are of the whole file,
    with whatever was hung on behind the picture. `grey` is what it shows in levels of
    grey, as large as `small` or larger.
    """

    format: str
    width: int
    height: int
    sha256: str
    size: int
    animated: bool
    grey: Image.Image = field(repr=False, compare=False)
    make_image: Callable[[], Image.Image] = field(repr=False, compare=False)

    @cached_property
    def image(self) -> Image.Image:
        """RGB, full size.

        Its `info` keeps what was written beside the pixels: "exif" and "xmp" (raw, the
        EXIF still holding the orientation already applied), PNG texts, "quantization"
        (JPEG tables), "alpha" (mode "L": the transparency that was laid on white, as
        the file has it), "format".
        """
        return self.make_image()

    @cached_property
    def small(self) -> Image.Image:
        """`grey` fitted within SMALL x SMALL by averaging pixels; never enlarged.

        One fixed way for each file, because hashes of differently shrunk copies drift
        apart. docs/adr/0026 has the way, and the drift that was measured.
        """
        return _fitted(self.grey, self.small_size)

    @property
    def small_size(self) -> tuple[int, int]:
        """Width and height of `small`."""
        return _small_size((self.width, self.height))


def decode(data: bytes) -> Picture:
    """Decode a file that a stranger made.

    The first bytes decide the format, never a name or a header sent with it. Of an
    animation the first frame is taken; transparency is laid on white. Raises
    ImageError, and no other error or warning, whatever the bytes are.

    All of the file is read here. Of a JPEG that is its brightness alone, at the scale
    that `small` needs, for a third of the time; its colours follow where `image` is
    asked for, through the same decoder from bytes that it has read to their end.
    """
    file_format = _format_of(data)
    with _refusing():
        opened, orientation, animated = _open(data, file_format)
        width, height = opened.size
        if orientation in _ON_ITS_SIDE:
            width, height = height, width
        grey, make_image = _read(opened, orientation, data, file_format)
    return Picture(
        format=file_format,
        width=width,
        height=height,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        animated=animated,
        grey=grey,
        make_image=make_image,
    )


def decoded(image: Image.Image, *, format: str, sha256: str, size: int) -> Picture:  # noqa: A002 (the field's name)
    """A picture that another door decoded: a frame of a video, upright and RGB.

    Format, SHA-256 and size are those of its file.
    """
    return Picture(
        format=format,
        width=image.width,
        height=image.height,
        sha256=sha256,
        size=size,
        animated=False,
        grey=grey_of(image),
        make_image=lambda: image,
    )


def decode_file(path: Path) -> Picture:
    """Decode the file at `path`, reading no more of it than is allowed.

    Raises ImageError, also where there is no such file or it may not be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise ImageError("unreadable") from error
    return decode(data)


def frames_of(data: bytes, most: int = 60) -> Iterator[tuple[float, Image.Image]]:
    """Decode up to `most` frames of an animation, one at a time, spread over its length.

    Yields (seconds from the beginning, upright RGB). Frames past MOST_DECODED, or past
    MAX_DECODED_PIXELS of all frames together, are left away; where the file breaks off,
    the frames before it count. Raises ImageError as decode() does.
    """
    file_format = _format_of(data)
    with _refusing():
        opened, orientation, _ = _open(data, file_format)
        count = min(
            getattr(opened, "n_frames", 1),
            max(1, MAX_DECODED_PIXELS // (opened.width * opened.height)),
            MOST_DECODED,
        )
    parts = min(most, count)
    wanted = {(2 * part + 1) * count // (2 * parts) for part in range(parts)}
    at = 0.0
    for number in range(count):
        try:
            with _refusing():
                opened.seek(number)
                opened.load()
                milliseconds = float(opened.info.get("duration") or 0)
                chosen = number in wanted
                image = _upright(opened, orientation, file_format) if chosen else None
        except ImageError:
            if number == 0:
                raise
            return
        if image is not None:
            yield at, image
        at += milliseconds / 1000


def grey_of(image: Image.Image) -> Image.Image:
    """What Picture.grey is of pixels that are RGB already, such as a video's frame."""
    return _fitted(image.convert("L"), _small_size(image.size))


def _format_of(data: bytes) -> str:
    if not data:
        raise ImageError("empty")
    if len(data) > MAX_BYTES:
        raise ImageError("too_large")
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and {b"avif", b"avis"} & _brands(data):
        return "AVIF"
    if data.startswith(b"BM"):
        return "BMP"
    raise ImageError("unsupported")


def _brands(data: bytes) -> set[bytes]:
    """Major and compatible brands of an ISO base media file (ISO/IEC 14496-12, 4.3)."""
    box = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    return {box[at : at + 4] for at in range(0, len(box), 4)}


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError("too_many_pixels") from error
    except Exception as error:
        # Hostile bytes make a decoder raise anything, from OSError to struct.error.
        raise ImageError("damaged") from error


def _read(
    opened: ImageFile.ImageFile, orientation: int | None, data: bytes, file_format: str
) -> tuple[Image.Image, Callable[[], Image.Image]]:
    """Read the pixels; returns Picture.grey, and what makes Picture.image.

    A JPEG holds brightness apart from colour, in blocks that can be read at a half, a
    quarter or an eighth of their size (ITU-T T.81): that is what shrinking them would
    give, without the work. One of inks (CMYK) is read as everything else.
    """
    width, height = opened.size
    size = _small_size(opened.size)
    if file_format == "JPEG" and opened.mode in {"L", "RGB"}:
        opened.draft("L", size)
        opened.load()
        scale = round(width / opened.width)
        whole_blocks = opened.width * scale == width and opened.height * scale == height
        box = (0, 0, width / scale, height / scale)
        grey = opened.copy() if whole_blocks else _fitted(opened, size, box)
        return _turned(grey, orientation), partial(_colours, data, file_format)
    image = _upright(opened, orientation, file_format)
    return grey_of(image), lambda: image


def _colours(data: bytes, file_format: str) -> Image.Image:
    with _refusing():
        opened, orientation, _ = _open(data, file_format)
        return _upright(opened, orientation, file_format)


def _small_size(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1, SMALL / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _fitted(
    grey: Image.Image,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    # The gap lets Pillow average whole blocks first: as true, and a third faster.
    return grey.resize(size, Image.Resampling.BILINEAR, box, reducing_gap=1.5)


def _upright(
    opened: ImageFile.ImageFile, orientation: int | None, file_format: str
) -> Image.Image:
    opened.load()
    if isinstance(opened.info.get("transparency"), str):
        del opened.info["transparency"]  # a PNG text that took the name
    image = _turned(_to_rgb(opened), orientation)
    image.info = _kept(opened, file_format)
    return image


def _turned(image: Image.Image, orientation: int | None) -> Image.Image:
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image


def _open(
    data: bytes, file_format: str
) -> tuple[ImageFile.ImageFile, int | None, bool]:
    """Read the headers: size, EXIF orientation, more frames or not; not one pixel.

    Pillow warns here of large sizes and broken metadata. The size is judged by our own
    limit; broken metadata is the detector's business and no reason to refuse.
    """
    with _QUIET, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        opened = Image.open(io.BytesIO(data), formats=(file_format,))
        if opened.width * opened.height > MAX_PIXELS:
            raise ImageError("too_many_pixels")
        # A JPEG may hold a second picture (MPO) and is no animation for that.
        may_move = file_format in {"GIF", "PNG", "WEBP", "AVIF"}
        animated = may_move and getattr(opened, "is_animated", False)
        try:
            orientation = opened.getexif().get(ExifTags.Base.Orientation)
        except Exception:  # noqa: BLE001  # EXIF of strangers breaks in any way
            orientation = None
    return opened, orientation, animated


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        # Pillow clips 16-bit grey at 255; its upper byte is the picture.
        upper = (np.asarray(image) >> 8).astype(np.uint8)
        return Image.fromarray(upper).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        sheet = Image.new("RGB", image.size, "white")
        sheet.paste(layer, mask=layer.getchannel("A"))
        return sheet
    return image.convert("RGB")


def _kept(opened: Image.Image, file_format: str) -> dict[str | tuple[int, int], object]:
    """What was written beside the pixels; a PNG text may take no name that is ours."""
    ours: dict[str | tuple[int, int], object] = {"format": file_format}
    for name in ("exif", "xmp"):
        if isinstance(opened.info.get(name), bytes):
            ours[name] = opened.info[name]
    if tables := getattr(opened, "quantization", None):
        ours["quantization"] = tables
    if opened.mode in {"RGBA", "LA"}:
        ours["alpha"] = opened.getchannel("A")
    reserved = {"exif", "xmp", "quantization", "transparency", "alpha"}
    kept = {name: told for name, told in opened.info.items() if name not in reserved}
    return kept | ours
