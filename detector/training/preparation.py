"""What must exist before training: the list of pictures, and reconstructions of photos."""

import pkgutil
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import torch

from detector.training import pictures, upscalers
from detector.training.autoencoders import (
    UPSAMPLERS,
    Trainer,
    Upsampler,
    psnr,
    reconstructed,
)
from detector.training.pictures import Picture, Pixels
from detector.training.samples import reconstruction

GOOD: Final = 32.0  # decibels; below 30, blur alone gives a reconstruction away
_CHECK_EVERY: Final = 100  # steps
_CHECKED: Final = 12  # photographs

Remade = Callable[[Pixels], Pixels]  # what a decoder makes of a photograph


def listed(data: Path, path: Path, left_out: Sequence[str]) -> tuple[Picture, ...]:
    """Return the pictures with their pools, from the file if it was written before."""
    if not path.is_file():
        # Reached only when it is needed: machines that only train lack pdqhash.
        collect = pkgutil.resolve_name("detector.training.collecting:collect")
        pictures.save(collect(data), path)
    chosen = pictures.load(path)
    return pictures.held_out(chosen, left_out)


def prepare(
    data: Path,
    chosen: Sequence[Picture],
    out: Path,
    minutes: float,
    enlargers: Path | None = None,
) -> dict[str, float]:
    """Train the autoencoders, send every photograph through all decoders, tell their PSNR.

    Args:
        data: The folder of the pictures.
        chosen: All pictures; the autoencoders learn from the photographs in "train"
            and all decoders are judged by those in "tune".
        out: Gets `autoencoders/` and `reconstructions/`.
        minutes: For each autoencoder that is not good yet.
        enlargers: Where the files of upscalers.UPSCALERS lie, if they shall be asked.

    Raises:
        WeightsError: A file of theirs is missing or another one.
    """
    photos = [picture for picture in chosen if not picture.fake]
    others = [(name, one.remade) for name, one in upscalers.chosen(enlargers)]
    trained = [
        (name, _autoencoder(name, data, photos, out, minutes)) for name in UPSAMPLERS
    ]
    judged = _pool(data, photos, "tune")
    reached: dict[str, float] = {}
    for name, remade in (*trained, *others):
        reached[name] = round(_quality(remade, judged), 2)
        for photo in photos:
            path = reconstruction(out / "reconstructions", name, photo)
            if not path.is_file():
                path.parent.mkdir(parents=True, exist_ok=True)
                np.save(path, remade(pictures.read(data, photo)))
    return reached


def _autoencoder(
    upsampler: Upsampler,
    data: Path,
    photos: Sequence[Picture],
    out: Path,
    minutes: float,
) -> Remade:
    """Read a trained autoencoder, or train it first."""
    trainer = Trainer(
        upsampler, torch.device("cuda" if torch.cuda.is_available() else "cpu")
    )
    weights = out / "autoencoders" / f"{upsampler}.safetensors"
    weights.parent.mkdir(parents=True, exist_ok=True)
    if weights.is_file():
        trainer.resume(weights)
    else:
        _train(trainer, data, photos, minutes)
        trainer.save(weights)
    return partial(reconstructed, trainer.model)


def _train(
    trainer: Trainer, data: Path, photos: Sequence[Picture], minutes: float
) -> None:
    learned, judged = _pool(data, photos, "train"), _pool(data, photos, "tune")
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        trainer.step(learned)
        if trainer.steps % _CHECK_EVERY == 0 and (
            _quality(partial(reconstructed, trainer.model), judged) >= GOOD
        ):
            return


def _quality(remade: Remade, photos: Sequence[Pixels]) -> float:
    return float(np.mean([psnr(photo, remade(photo)) for photo in photos]))


def _pool(data: Path, photos: Sequence[Picture], pool: str) -> list[Pixels]:
    chosen = [photo for photo in photos if photo.pool == pool]
    if pool == "tune":
        chosen = chosen[:_CHECKED]
    return [pictures.read(data, photo) for photo in chosen]
