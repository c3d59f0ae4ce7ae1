"""What a report is about: the exhibit, what was found, and what its caller adds to it."""

import hashlib
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image

from detector import models
from detector.assessment import Assessment, ModelOpinion, Phrase
from detector.video import VideoAssessment

CARDS: Final = Path(models.__file__).parent
_MAX_CARD: Final = 1 << 22
_NAME: Final = re.compile(r"[a-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A file by what identifies it; never by its name."""

    sha256: str
    size: int  # bytes
    width: int
    height: int
    format: str  # empty where nobody kept it

    @classmethod
    def of(cls, image: Image.Image, data: bytes) -> "Exhibit":
        """Describe a decoded picture and its file."""
        return cls.of_file(data, *image.size, str(image.info.get("format") or "-"))

    @classmethod
    def of_file(cls, data: bytes, width: int, height: int, kind: str) -> "Exhibit":
        """Describe a file by its bytes and by what was decoded of it."""
        digest = hashlib.sha256(data).hexdigest()
        return cls(digest, len(data), width, height, kind)


@dataclass(frozen=True, slots=True)
class Examined:
    """One examination.

    `figures` are (name of a model, or "" for the derivation, PNG); `trust` is the SHA-256
    of the list of trusted signers. The last four are as the examiner states them: the
    program has no clock and knows nobody. `custody` are (moment, a phrase of the words'
    report.custody): who held the file, the earliest first.
    """

    exhibit: Exhibit
    assessment: Assessment | VideoAssessment
    original: Exhibit | None = None
    figures: Sequence[tuple[str, bytes]] = ()
    trust: str = ""
    examined_at: str = ""
    reference: str = ""
    examiner: str = ""
    custody: Sequence[tuple[str, Phrase]] = ()


def error_rates(opinion: ModelOpinion) -> tuple[Mapping[str, Any], ...]:
    """Return the rows of a model's card, worst AUC first.

    None where there is no card of this name in CARDS, or it is of other weights.
    """
    path = CARDS / f"{opinion.name}.json"
    if not _NAME.fullmatch(opinion.name) or not path.is_file():
        return ()
    try:
        card = json.loads(path.read_text("utf-8")[:_MAX_CARD])
        if not opinion.weights or card["sha256"] != opinion.weights:
            return ()
        rows = [row for row in card["evaluation"] if isinstance(row["auc"], float)]
    except (OSError, ValueError, LookupError, TypeError):
        return ()
    return tuple(sorted(rows, key=lambda row: (row["auc"] != row["auc"], row["auc"])))


def command(examined: Examined, locale: str) -> str:
    """Return what to type to get the same report again."""
    file = "VIDEO" if isinstance(examined.assessment, VideoAssessment) else "PHOTO"
    words = ["python", "-m", "detector", "report", file, "-o", "REPORT.pdf"]
    words += ["--locale", locale]
    if examined.original:
        words += ["--original", "ORIGINAL"]
    if examined.figures:
        words.append("--heatmap")
    for option in ("examined_at", "reference", "examiner"):
        if value := getattr(examined, option):
            words += ["--" + option.replace("_", "-"), value]
    settings = [
        f"DETECTOR_MODEL={shlex.quote(f'{name}:WEIGHTS#sha256={opinion.weights}')} "
        for opinion in examined.assessment.models
        if (name := opinion.name.partition("-")[0]) in models.BROUGHT
    ]
    if examined.trust:
        named = shlex.quote(f"TRUST.pem#sha256={examined.trust}")
        settings.append(f"DETECTOR_TRUST={named} ")
    return "".join(settings) + shlex.join(words)
