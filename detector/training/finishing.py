"""From trained networks to what ships: calibrated weights and the card that tells of them.

`python -m detector.training ensemble` joins networks that were trained apart.
"""

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from safetensors.torch import save as dump_tensors

from detector.models import learned
from detector.models.network import Ensemble, Network
from detector.training import calibration, pictures, scoring
from detector.training.pictures import FAMILIES, Picture
from detector.training.samples import Album

_ENOUGH_TO_LEARN: Final = 100  # pictures; of fewer our models learned nothing


@dataclass(frozen=True, slots=True)
class Member:
    """A trained network, its form, and how it was trained, for the card."""

    network: Network
    form: dict[str, Any]  # what Network is called with
    training: dict[str, Any]  # `left_out` names the families that it did not see


def add_ensemble(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command that joins."""
    parser.add_argument("data", type=Path, help="folder with the sets of pictures")
    parser.add_argument(
        "training", type=Path, help="a training's folder, for pools and reconstructions"
    )
    parser.add_argument("out", type=Path, help="folder of weights and card")
    parser.add_argument(
        "weights", type=Path, nargs="+", help="files with their cards beside them"
    )
    parser.set_defaults(run=_join)


def _join(options: argparse.Namespace) -> None:
    joined = [member for path in options.weights for member in members(path)]
    unseen = set(FAMILIES).intersection(*(one.training["left_out"] for one in joined))
    listed = pictures.load(options.training / "pictures.json")
    finish(
        joined,
        options.data,
        pictures.held_out(listed, sorted(unseen)),
        options.training / "reconstructions",
        options.out,
    )


def members(weights: Path) -> list[Member]:
    """Read what finish() wrote.

    Raises:
        WeightsError: As learned.load().
    """
    card = weights.with_suffix(".json")
    networks = learned.load(weights, card).networks
    facts = learned.read_card(card)
    return list(map(Member, networks, facts["networks"], facts["training"]))


def finish(
    joined: Sequence[Member],
    data: Path,
    listed: Sequence[Picture],
    reconstructions: Path,
    out: Path,
) -> None:
    """Calibrate what was learned; write learned.safetensors and its card.

    Args:
        joined: One network or several, whose logits are averaged.
        data: The folder of the pictures.
        listed: All pictures; those that no member was trained on are scored.
        reconstructions: Of the photographs, to edit regions with.
        out: The folder for the two files.
    """
    network = Ensemble([member.network for member in joined])
    weights = dump_tensors(network.state_dict())
    digest = hashlib.sha256(weights).hexdigest()
    album = Album(data, [one for one in listed if one.pool != "train"], reconstructions)
    model = learned.Model(network, None, digest)
    scored = scoring.pool(model, album, _known(listed))
    fitted = calibration.fit(scored)
    error = calibration.expected_error(scored, calibration.crossed(scored)[0])
    card = {
        "name": learned.NAME,
        "sha256": digest,
        "networks": [member.form for member in joined],
        "calibration": asdict(fitted) | {"expected_error": error},
        "training": [member.training for member in joined],
        "pictures": _told(data, listed),
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "learned.safetensors").write_bytes(weights)
    (out / "learned.json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")


def _known(listed: Sequence[Picture]) -> frozenset[str]:
    """Name the generators of which there was enough to learn from."""
    trained = Counter(one.family for one in listed if one.pool == "train")
    return frozenset(
        family for family in FAMILIES if trained[family] >= _ENOUGH_TO_LEARN
    )


def _told(data: Path, listed: Sequence[Picture]) -> dict[str, dict[str, Any]]:
    """Tell of each set how many pictures are in which pool, and a digest of them all."""
    told: dict[str, dict[str, Any]] = {}
    for folder in sorted({picture.folder for picture in listed}):
        those = sorted(one.path for one in listed if one.folder == folder)
        content = hashlib.sha256()
        for path in those:
            content.update(hashlib.sha256((data / path).read_bytes()).digest())
        pools = Counter(one.pool for one in listed if one.folder == folder)
        told[Path(folder).name] = {"pools": dict(pools), "sha256": content.hexdigest()}
    return told
