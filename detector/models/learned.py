"""Our own model: a small network that looks at residuals patch by patch.

It must not know how it was trained: it reads weights and a card, and keeps to them.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load as load_tensors
from torch import Tensor

from detector.assessment import ModelOpinion
from detector.measurements import jpeg
from detector.models.network import PATCH, Ensemble, Network, pooled
from detector.weights import WeightsError, checked

NAME: Final = "learned"
WEIGHTS: Final = Path(__file__).with_name("learned.safetensors")
CARD: Final = Path(__file__).with_name("learned.json")

# The scale at which it was trained: larger pictures are reduced to it, which bounds
# time and memory too. What remains of a generator's traces there is what platforms
# leave of them anyway.
SIDE: Final = 512  # the shorter side is at most this
AREA: Final = 2 * SIDE * SIDE

# Outside of these it abstains: see docs/adr/0032.
MIN_SIDE: Final = 256  # after the reduction, so that long strips abstain too
MIN_QUALITY: Final = 40
MAX_FLAT: Final = 0.6  # of all blocks; photographs stay below, drawings do not
_BLOCK: Final = 8
_EVEN: Final = 2  # grey levels between a flat block's darkest and brightest pixel


@dataclass(frozen=True, slots=True)
class Calibration:
    """From a score to a likelihood ratio, as a table; between its rows it is linear.

    All but `scores` are common logarithms, already cut at what the calibration's
    pictures can bear.
    """

    scores: tuple[float, ...]
    ratios: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def at(self, score: float) -> tuple[float, float, float]:
        """Return the likelihood ratio and its 95 % interval."""
        ratio, low, high = (
            10 ** float(np.interp(score, self.scores, table))
            for table in (self.ratios, self.low, self.high)
        )
        return ratio, low, high


class Model:
    """Weights with their calibration; safe to ask again and again."""

    def __init__(
        self, network: Ensemble, calibration: Calibration | None, weights: str
    ) -> None:
        self._network = network.eval()
        self._calibration = calibration
        self._weights = weights

    @property
    def networks(self) -> tuple[Network, ...]:
        """Those whose logits are averaged."""
        return self._network.networks

    def opinion(self, image: Image.Image) -> ModelOpinion:
        """Give the calibrated opinion on an upright RGB picture, or abstain."""
        seen = reduced(image)
        if code := _outside(image, seen):
            return self._silent(code)
        return self._calibrated(self.score(seen))

    def scored(self, image: Image.Image) -> tuple[float, ModelOpinion]:
        """Return score() and opinion(), in the time of one."""
        seen = reduced(image)
        score = self.score(seen)
        if code := _outside(image, seen):
            return score, self._silent(code)
        return score, self._calibrated(score)

    def _silent(self, code: str) -> ModelOpinion:
        return ModelOpinion(NAME, None, abstained=code, weights=self._weights)

    def _calibrated(self, score: float) -> ModelOpinion:
        if self._calibration is None:
            probability = 1 / (1 + float(np.exp(-score)))
            return ModelOpinion(NAME, probability, weights=self._weights)
        ratio, low, high = self._calibration.at(score)
        return ModelOpinion(
            NAME,
            probability=ratio / (1 + ratio),  # at equal odds beforehand
            likelihood_ratio=ratio,
            interval=(low, high),
            weights=self._weights,
        )

    def score(self, image: Image.Image) -> float:
        """Return the uncalibrated score, higher for synthetic, of any RGB picture."""
        return float(pooled(self._logits(image))[0])

    def heatmap(self, image: Image.Image) -> NDArray[np.float32]:
        """Return how synthetic each place looks: 0 to 1, about one value per 16 pixels.

        These are the very numbers that the score is made of. They show where the model
        looked, which need not be where a forgery is.
        """
        chances: NDArray[np.float32] = torch.sigmoid(self._logits(image))[0].numpy()
        return chances

    def mapped(
        self, image: Image.Image
    ) -> tuple[ModelOpinion, NDArray[np.float32] | None]:
        """Return opinion() and heatmap(), in the time of one; no map where it abstains."""
        seen = reduced(image)
        if code := _outside(image, seen):
            return self._silent(code), None
        logits = self._logits(seen)
        chances: NDArray[np.float32] = torch.sigmoid(logits)[0].numpy()
        return self._calibrated(float(pooled(logits)[0])), chances

    def _logits(self, image: Image.Image) -> Tensor:
        pixels = np.array(reduced(image))
        rgb = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
        with torch.inference_mode(), _one_thread():
            logits: Tensor = self._network(rgb)
        return logits


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let nothing be shared out: a tenth of a second would be gained at best.

    On a busy machine threads that wait for each other take many times as long.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def load(weights: Path = WEIGHTS, card: Path = CARD) -> Model:
    """Read the shipped model, or another one with its card.

    Raises:
        WeightsError: A file is missing, is not what the card names, or does not fit.
    """
    facts = read_card(card)
    try:
        digest = str(facts["sha256"])
        network = Ensemble([Network(**form) for form in facts["networks"]])
        calibration = facts["calibration"]
        table = Calibration(**calibration["table"]) if calibration else None
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{card.name} is no card of this model.") from error
    content = checked(weights, digest)
    try:
        network.load_state_dict(load_tensors(content), strict=True)
    except Exception as error:  # a Rust error type that safetensors does not export
        raise WeightsError(f"{weights.name} does not fit this model.") from error
    return Model(network, table, digest)


def read_card(path: Path) -> dict[str, Any]:
    """Read a model card; raise WeightsError where there is none."""
    try:
        facts = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path.name} cannot be read as a model card.") from error
    if not isinstance(facts, dict):
        raise WeightsError(f"{path.name} is no card of this model.")
    return facts


def reduced(image: Image.Image) -> Image.Image:
    """Reduce a picture to the scale of the training; a smaller one stays as it is."""
    if image.mode != "RGB":  # not what was promised; its levels of grey will do
        image = image.convert("L").convert("RGB")
    width, height = image.size
    scale = min(SIDE / min(width, height), (AREA / (width * height)) ** 0.5)
    if scale >= 1:
        return image
    size = max(PATCH, round(width * scale)), max(PATCH, round(height * scale))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _outside(image: Image.Image, seen: Image.Image) -> str:
    """Name why this picture lies outside of what was calibrated, or nothing."""
    if min(seen.size) < MIN_SIDE:
        return "models.small"
    tables = jpeg.quantisation(image.info.get("quantization"))
    if tables and tables.quality < MIN_QUALITY:
        return "models.recompressed"
    if flatness(seen) > MAX_FLAT:
        return "models.not_a_photo"
    return ""


def flatness(image: Image.Image) -> float:
    """Return the share of 8 x 8 blocks in which nothing happens, not even noise."""
    grey = np.asarray(image.convert("L"))
    rows, columns = (length // _BLOCK for length in grey.shape)
    cut = grey[: rows * _BLOCK, : columns * _BLOCK]
    cells = cut.reshape(rows, _BLOCK, columns, _BLOCK)
    return float(np.mean(np.ptp(cells, axis=(1, 3)) <= _EVEN))
