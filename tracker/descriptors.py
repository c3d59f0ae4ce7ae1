"""A learned copy descriptor that an operator brings: an ONNX file with a checked SHA-256.

Floats and not bits: nothing of it goes into the bank, and no platform is shown it. It must
not know who trained the network. onnxruntime is imported only when one is loaded.
"""

import hashlib
import hmac
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt
from PIL import Image

from tracker.images import Picture

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.uint64]

# What the authors of SSCD publish for sscd_disc_mixup (facebookresearch/sscd-copy-detection,
# README, 2022): skewed to a square of 320 pixels, ImageNet's mean and deviation, and 90 %
# of DISC's pairs above 0.75 are copies. We have not measured it: a person decides.
SIDE = 320
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
POSSIBLE = 0.75  # cosine of the angle between two descriptors

MAX_BYTES = 2**30
MAX_DIMENSIONS = 4096
MAX_SIDE = 1024
_URL = re.compile(r"onnx:(?P<path>/[^#?]+)#sha256=(?P<sha256>[0-9a-f]{64})")


class DescriptorError(Exception):
    """A descriptor that cannot be used, and why, in a sentence for the operator."""


class Descriptor:
    """One loaded network. `version` names it: descriptors of two never meet."""

    def __init__(self, url: str) -> None:
        """`url` is onnx:/path/to/file#sha256=... Raises DescriptorError."""
        told = _URL.fullmatch(url)
        if told is None:
            raise DescriptorError(
                "A descriptor is given as onnx:/path/to/file.onnx#sha256= and 64 "
                "hexadecimal digits in lower case."
            )
        self.version = f"onnx/{told['sha256'][:16]}"
        self._session = _session(_checked(Path(told["path"]), told["sha256"]))
        self._name, self._shape = _input(self._session)

    def describe(self, picture: Picture) -> Floats:
        """The picture's descriptor, shape (dimensions,), of length 1.

        Raises DescriptorError where the network gives anything else than numbers.
        """
        asked = {self._name: prepared(picture.image, self._shape)}
        try:
            made = np.asarray(self._session.run(None, asked)[0], np.float32)
        except Exception as error:
            # onnxruntime raises classes of its own, made anew in each of its versions.
            raise DescriptorError("The descriptor's network failed.") from error
        described: Floats = unit(made.reshape(1, -1))[0]
        return described


class DescriptorIndex:
    """All descriptors within a cosine, exactly: FAISS's flat scan by inner product."""

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self._flat = faiss.IndexIDMap2(faiss.IndexFlatIP(dimensions))

    def add(self, ids: Ids, vectors: Floats) -> None:
        """Vectors of shape (n, dimensions). Raises DescriptorError, and adds none."""
        self._flat.add_with_ids(self._fit(vectors), ids.astype(np.int64))

    def search(
        self, queries: Floats, least: float = POSSIBLE
    ) -> list[list[tuple[int, float]]]:
        """For each query the ids at a cosine of `least` or more, the nearest first."""
        below = float(np.nextafter(np.float32(least), np.float32(-2)))
        lims, cosines, ids = self._flat.range_search(self._fit(queries), below)
        found = []
        for start, end in pairwise(lims):
            pairs = zip(ids[start:end], cosines[start:end], strict=True)
            hits = [(int(np.uint64(id_)), float(cosine)) for id_, cosine in pairs]
            found.append(sorted(hits, key=lambda hit: -hit[1]))
        return found

    def __len__(self) -> int:
        return int(self._flat.ntotal)

    def _fit(self, vectors: Floats) -> Floats:
        if vectors.ndim != 2 or vectors.shape[1] != self._dimensions:
            raise DescriptorError(
                f"This index holds descriptors of {self._dimensions} numbers."
            )
        return unit(vectors)


def unit(vectors: Floats) -> Floats:
    """Vectors of shape (n, dimensions), each brought to length 1.

    Raises DescriptorError for NaN, for infinity, and for one that has no direction.
    """
    if not 2 <= vectors.shape[1] <= MAX_DIMENSIONS:
        raise DescriptorError(f"A descriptor has 2 to {MAX_DIMENSIONS} numbers.")
    if not np.isfinite(vectors).all():
        raise DescriptorError("A descriptor holds a value that is no finite number.")
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    if (lengths < 1e-6).any():
        raise DescriptorError("A descriptor is all zeros.")
    return np.ascontiguousarray(vectors / lengths, np.float32)


def prepared(image: Image.Image, shape: tuple[int, int]) -> Floats:
    """What the network is given: (1, 3, height, width), skewed and not cropped."""
    height, width = shape
    small = image.resize((width, height), Image.Resampling.BILINEAR)
    pixels = (np.asarray(small, np.float32) / 255 - MEAN) / DEVIATION
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[np.newaxis], np.float32)


def _checked(path: Path, sha256: str) -> bytes:
    """The file's bytes: what is loaded is what was hashed, whoever exchanges the file."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError):
        raise DescriptorError("The descriptor's file cannot be read.") from None
    if len(data) > MAX_BYTES:
        raise DescriptorError("The descriptor's file is larger than 1 GiB.")
    if not hmac.compare_digest(hashlib.sha256(data).hexdigest(), sha256):
        raise DescriptorError(
            "The descriptor's file is another one: its SHA-256 differs."
        )
    return data


def _session(data: bytes) -> Any:
    try:
        import onnxruntime  # noqa: PLC0415  # an optional extra
    except ImportError:
        raise DescriptorError(
            "A descriptor needs onnxruntime: install the extra “descriptor”."
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(
            data, options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise DescriptorError("The descriptor's file is no ONNX network.") from error


def _input(session: Any) -> tuple[str, tuple[int, int]]:
    """The name of its one input, and the height and width that it takes."""
    wanted = session.get_inputs()
    shape = wanted[0].shape if len(wanted) == 1 else []
    if len(shape) != 4 or wanted[0].type != "tensor(float)":
        raise DescriptorError("The network must take one picture, as floats.")
    sizes = [side if isinstance(side, int) else SIDE for side in shape[2:]]
    colours = shape[1] if isinstance(shape[1], int) else 3
    if colours != 3 or not all(1 <= side <= MAX_SIDE for side in sizes):
        raise DescriptorError("The network takes no picture of a size that we make.")
    return wanted[0].name, (sizes[0], sizes[1])
