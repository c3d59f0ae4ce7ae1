"""Examinations to report on, with everything in them that a stranger could try."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from detector import ModelOpinion, assess
from detector.report import Examined, Exhibit, examined
from detector.report.fonts import FONTS

HOSTILE = "</p><script>alert(1)</script>\"'><img src=x onerror=y> $title {pages} &amp;"
SETTINGS = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 640x480"

needs_fonts = pytest.mark.skipif(
    not FONTS.is_dir(), reason="the front-end packages are not installed"
)


class Mapped:
    """A model that answers with what it was given and can say where it looked."""

    def __init__(self, given: ModelOpinion) -> None:
        self.given = given

    def opinion(self, image: Image.Image) -> ModelOpinion:
        assert image.mode == "RGB"
        return self.given

    def heatmap(self, image: Image.Image) -> NDArray[np.float32]:
        return np.full((image.height // 16, image.width // 16), 0.5, np.float32)


CALIBRATED = ModelOpinion("learned", 0.96, 24.0, (12.0, 31.0), weights="ab" * 32)


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory, scene: Image.Image) -> Path:
    """A file with hostile statements, and a name that must not be told."""
    note = PngInfo()
    note.add_itxt("parameters", f"{HOSTILE}\n{SETTINGS}")
    path = tmp_path_factory.mktemp("photo") / "secret-name.png"
    scene.save(path, pnginfo=note)
    return path


@pytest.fixture(scope="session")
def examine(
    photo: Path, scene: Image.Image, reopen: Callable[[bytes], Image.Image]
) -> Callable[..., Examined]:
    """Examine the photo, by models that answer as told."""

    def examine(*given: ModelOpinion, **stated: Any) -> Examined:
        data = photo.read_bytes()
        image = reopen(data)
        return Examined(
            exhibit=Exhibit.of(image, data),
            assessment=assess(image, data=data, models=tuple(map(Mapped, given))),
            **stated,
        )

    return examine


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A card of the calibrated model, its rows in no order."""
    row = {
        "level": "JPEG 70, 320 px",
        "fakes": 50,
        "photographs": 60,
        "interval": [0.4, 0.9],
        "null": 0.66,
        "found_at_1": 0.1,
        "found_at_5": 0.25,
        "abstained": 0.05,
    }
    rows = [
        {**row, "name": "easy set", "auc": 0.97},
        {**row, "name": "hard set", "auc": 0.52},
        {**row, "name": "empty set", "auc": float("nan"), "interval": None},
    ]
    path = tmp_path / "learned.json"
    path.write_text(json.dumps({"sha256": "ab" * 32, "evaluation": rows}))
    monkeypatch.setattr(examined, "CARDS", tmp_path)
    return path
