"""`python -m detector evaluate DATASET`: how often a model is right, worst rows first.

Beside each row stands what one trivial statistic reaches (the null baseline): a model
that is no better has learned how pictures were saved and not how they were made.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector import metrics
from detector.assessment import SOME_FROM, STRONG_FROM, ModelOpinion
from detector.datasets import Comparison, Dataset, Entry, Read, folders, limited, pools
from detector.levels import LEVELS, at_level
from detector.measurements import jpeg
from detector.models import learned
from detector.tables import Answers, Place, Row, markdown
from detector.training import pictures
from detector.training.collecting import collect
from detector.weights import WeightsError

NULLS: Final = ("sharpness", "JPEG quality", "size", "contrast")
_SIDE: Final = 128  # a mask and a heatmap are compared at this size


class Model(Protocol):
    """What can be judged."""

    def scored(self, image: Image.Image) -> tuple[float, ModelOpinion]:
        """Return an uncut score, higher for synthetic, and the calibrated opinion."""
        ...

    def heatmap(self, image: Image.Image) -> NDArray[np.float32]:
        """Return how synthetic each place looks, 0 to 1."""
        ...


@dataclass(frozen=True, slots=True)
class Result:
    """What one picture at one level gave."""

    score: float
    ratio: float | None  # None where the model abstained or is not calibrated
    least: float  # the least ratio that the calibration leaves open
    nulls: tuple[float, ...]


class Judge:
    """One model and what it said of each picture, so that none is asked twice."""

    def __init__(self, model: Model) -> None:
        """Remember nothing yet."""
        self._model = model
        self._results: dict[tuple[str, str], Result] = {}

    def rows(self, comparisons: Iterable[Comparison]) -> list[Row]:
        """Judge every comparison at every level; the worst row comes first."""
        rows = [
            self._row(comparison, level)
            for comparison in comparisons
            for level in LEVELS
        ]
        return sorted(rows, key=lambda row: row.auc)

    def places(self, edits: dict[str, tuple[Entry, ...]]) -> list[Place]:
        """Compare heatmaps with the masks of edits; the worst kind comes first."""
        places = [self._place(name, made) for name, made in edits.items() if made]
        return sorted(places, key=lambda place: place.auc)

    def answers(self, comparisons: Iterable[Comparison]) -> list[Answers]:
        """Tell of every set how it was answered; photographs come first, worst first."""
        sets: dict[tuple[bool, str], dict[str, Entry]] = defaultdict(dict)
        for one in comparisons:
            fakes = {entry.name: entry for entry in one.fakes}
            # The same fakes may stand beside other photographs: they are told once.
            if all(fakes.keys() != known.keys() for known in sets.values()):
                sets[True, one.name] = fakes
            for entry in one.photographs:
                sets[False, Path(entry.name).parent.name][entry.name] = entry
        answers = [
            self._answers(name, list(entries.values()), fake=fake)
            for (fake, name), entries in sets.items()
        ]
        return sorted(answers, key=lambda one: (one.fake, -one.some, one.name))

    def _answers(self, name: str, entries: Sequence[Entry], *, fake: bool) -> Answers:
        results = [self._result(entry, level) for entry in entries for level in LEVELS]
        given = [result for result in results if result.ratio is not None]
        least = np.array([result.least for result in given] or [np.nan])
        return Answers(
            name=name,
            fake=fake,
            asked=len(results),
            abstained=1 - len(given) / len(results),
            ratio=float(np.mean(np.log10([one.ratio or 1 for one in given] or [1]))),
            some=float(np.mean(least >= SOME_FROM)),
            strong=float(np.mean(least >= STRONG_FROM)),
        )

    def _row(self, comparison: Comparison, level: str) -> Row:
        fakes = [self._result(entry, level) for entry in comparison.fakes]
        reals = [self._result(entry, level) for entry in comparison.photographs]
        both = [*fakes, *reals]
        labels = np.arange(len(both)) < len(fakes)
        scores = np.array([result.score for result in both])
        answered = np.array([result.ratio is not None for result in both])
        ratios = np.array([result.ratio or 1.0 for result in both])
        name, null = _null(labels, both)
        return Row(
            name=comparison.name,
            level=level,
            matched=comparison.matched,
            fakes=len(fakes),
            photographs=len(reals),
            auc=metrics.auc(labels, scores),
            interval=metrics.interval(labels, scores, metrics.auc),
            found_at_1=metrics.rate_found(labels, scores, 0.01),
            found_at_5=metrics.rate_found(labels, scores, 0.05),
            calibration_error=metrics.calibration_error(
                labels[answered], (ratios / (1 + ratios))[answered]
            ),
            cllr=metrics.cllr(labels[answered], ratios[answered]),
            abstained=float(1 - answered.mean()),
            null=null,
            null_name=name,
        )

    def _result(self, entry: Entry, level: str) -> Result:
        key = (entry.name, level)
        if key not in self._results:
            image = at_level(entry.image(), level)
            score, opinion = self._model.scored(image)
            self._results[key] = Result(
                score, opinion.likelihood_ratio, _least(opinion), statistics(image)
            )
        return self._results[key]

    def _place(self, name: str, made: Sequence[Entry]) -> Place:
        pairs = [self._compared(entry) for entry in made]
        return Place(
            name=name,
            pictures=len(pairs),
            auc=float(np.nanmean([metrics.auc(mask, heat) for mask, heat in pairs])),
            overlap=float(
                np.mean(
                    [metrics.overlap(mask, suspected(heat)) for mask, heat in pairs]
                )
            ),
        )

    def _compared(self, entry: Entry) -> tuple[metrics.Labels, metrics.Numbers]:
        """Return a mask and a heatmap at one size, flat."""
        if entry.mask is None:
            raise ValueError(f"{entry.name} has no mask.")
        heat = cv2.GaussianBlur(self._model.heatmap(entry.image()), (0, 0), 1.0)
        heat = cv2.resize(heat, (_SIDE, _SIDE))
        mask = cv2.resize(entry.mask(), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        return np.asarray(mask > 0.5).ravel(), np.asarray(heat, np.float64).ravel()


def suspected(heat: metrics.Numbers) -> metrics.Labels:
    """Choose places: more than halfway from the picture's median to its highest one.

    By log odds, and relative: how suspicious a whole picture looks depends on how it was
    saved. Chosen among fifteen rules on the pool that calibrates.
    """
    odds = np.log(heat + 1e-6) - np.log(1 - heat + 1e-6)
    return np.asarray(odds > (np.median(odds) + odds.max()) / 2)


def _least(opinion: ModelOpinion) -> float:
    """Return what decides whether an opinion is a sign: see detector/assessment.py."""
    interval = opinion.interval or (0.0, 0.0)
    return min(opinion.likelihood_ratio or 0.0, *interval)


def statistics(image: Image.Image) -> tuple[float, ...]:
    """Return the trivial statistics of NULLS for one picture."""
    grey = np.asarray(image.convert("L"))
    tables = jpeg.quantisation(image.info.get("quantization"))
    return (
        float(cv2.Laplacian(grey, cv2.CV_64F).var()),
        float(tables.quality if tables else 100),
        float(min(image.size)),
        float(grey.std()),
    )


def _null(labels: metrics.Labels, results: Sequence[Result]) -> tuple[str, float]:
    """Return the statistic that separates best, in either direction, and its AUC."""
    columns = np.array([result.nulls for result in results]).T
    areas = [metrics.auc(labels, column) for column in columns]
    best = [max(area, 1 - area) for area in areas]
    index = int(np.argmax(best))
    return NULLS[index], best[index]


def main(arguments: Sequence[str], read: Read) -> int:
    """Judge a model; print the tables or write them, and add them to its card."""
    options = _parser().parse_args(arguments)
    try:
        judge = Judge(MODELS[options.model](options.weights))
    except WeightsError as error:
        return _refuse(str(error))
    dataset = limited(_dataset(options, read), options.limit)
    if not dataset.comparisons:
        return _refuse("There is nothing to compare here: see --help.")
    rows, places = judge.rows(dataset.comparisons), judge.places(dataset.edits)
    answers = judge.answers(dataset.comparisons)
    if options.card:
        _record(options.card, rows, places, answers)
    sys.stdout.write(markdown(rows, places, answers) + "\n")
    return 0


def _refuse(why: str) -> int:
    sys.stderr.write(why + "\n")
    return 1


def _learned(weights: Path) -> Model:
    return learned.load(weights, weights.with_suffix(".json"))


MODELS: Final = {"learned": _learned}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m detector evaluate",
        description="Tell how often a model is right, worst rows first.",
    )
    parser.add_argument(
        "dataset",
        type=Path,
        help="a folder with real/ and fake/ (and masks/), or the training's data",
    )
    parser.add_argument("--model", choices=MODELS, default="learned")
    parser.add_argument("--weights", type=Path, default=learned.WEIGHTS)
    parser.add_argument("--card", type=Path, help="a model card to add the rows to")
    parser.add_argument(
        "--limit", type=int, default=1000, help="pictures of each kind at most"
    )
    parser.add_argument(
        "--training", type=Path, help="the training's folder, for its pools"
    )
    parser.add_argument(
        "--left-out",
        action="append",
        choices=pictures.FAMILIES,
        default=[],
        help="a family that the model was not trained on: all of it is test",
    )
    return parser


def _dataset(options: argparse.Namespace, read: Read) -> Dataset:
    root: Path = options.dataset
    if (root / "real").is_dir() and (root / "fake").is_dir():
        return folders(root, read)
    training: Path | None = options.training
    listed = pictures.load(training / "pictures.json") if training else collect(root)
    listed = pictures.held_out(listed, options.left_out)
    return pools(root, read, listed, training / "reconstructions" if training else None)


def _record(
    card: Path, rows: Sequence[Row], places: Sequence[Place], answers: Sequence[Answers]
) -> None:
    facts: dict[str, Any] = learned.read_card(card)
    facts["evaluation"] = [asdict(row) for row in rows]
    facts["answers"] = [asdict(one) for one in answers]
    facts["localisation"] = [asdict(place) for place in places]
    card.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
