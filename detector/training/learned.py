"""`python -m detector.training learned DATA OUT`: our own model, from pictures to card.

Each phase leaves its result in OUT and is not done again: the same command, started
again, goes on where the last one stopped.
"""

import argparse
import math
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import torch
from rich.console import Console
from torch.utils.data import DataLoader

from detector.training import preparation
from detector.training.finishing import Member, finish
from detector.training.optimising import PLANS, Trainer
from detector.training.pictures import FAMILIES
from detector.training.samples import Album, Batch, Batches

_SAVE_EVERY: Final = 120  # seconds
_TELL_EVERY: Final = 50  # steps
_CONSOLE: Final = Console()


def main(arguments: Sequence[str]) -> int:
    """Prepare, train for the given time, and if asked calibrate and write the card."""
    options = _options(arguments)
    torch.set_num_threads(options.threads)
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    listed = preparation.listed(options.data, out / "pictures.json", options.leave_out)
    quality = preparation.prepare(
        options.data, listed, out, options.autoencoder_minutes, options.upscalers
    )
    trainer = _trainer(options)
    if options.minutes > 0 and not trainer.is_cold:
        chosen = [picture for picture in listed if picture.pool == "train"]
        _train(trainer, Album(options.data, chosen, out / "reconstructions"), options)
    if options.calibrate:
        member = _member(trainer, options, quality)
        finish([member], options.data, listed, out / "reconstructions", out)
    return 0


def _member(
    trainer: Trainer, options: argparse.Namespace, quality: dict[str, float]
) -> Member:
    """Return what was learned so far: the average of the weights."""
    facts = {
        "steps": trainer.steps,
        "seed": options.seed,
        "left_out": options.leave_out,
        "decoders_psnr": quality,
        "plan": asdict(trainer.plan),
        "torch": torch.__version__,
    }
    form = {"widths": trainer.plan.widths, "depths": trainer.plan.depths}
    return Member(trainer.averaged(), form, facts)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.cool and not 0 <= options.cool[0] < options.cool[1]:
        parser.error("--cool: FIRST must come before LAST.")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m detector.training learned")
    parser.add_argument("data", type=Path, help="folder with the sets of pictures")
    parser.add_argument("out", type=Path, help="folder of this training")
    parser.add_argument("--minutes", type=float, default=60, help="of training")
    parser.add_argument("--autoencoder-minutes", type=float, default=10, help="each")
    parser.add_argument(
        "--upscalers",
        type=Path,
        metavar="FOLDER",
        help="unpacked wheels with networks that enlarge, see docs/detector.md",
    )
    parser.add_argument(
        "--leave-out",
        action="append",
        choices=FAMILIES,
        default=[],
        help="a family to test on alone; may be given again",
    )
    parser.add_argument(
        "--calibrate", action="store_true", help="then write weights and card"
    )
    parser.add_argument(
        "--cool",
        type=int,
        nargs=2,
        metavar=("FIRST", "LAST"),
        help="steps between which the rate falls to nothing, for the end of a training",
    )
    parser.add_argument("--seed", type=int, default=0)
    # More of both than processors, and the threads wait for each other most of the time.
    half = max(1, (os.cpu_count() or 2) // 2)
    parser.add_argument("--threads", type=int, default=half)
    parser.add_argument("--workers", type=int, default=half)
    return parser


def _trainer(options: argparse.Namespace) -> Trainer:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    cooling = tuple(options.cool) if options.cool else None
    trainer = Trainer(PLANS[device.type], device, options.seed, cooling)
    checkpoint = _checkpoint(options)
    if checkpoint.is_file():
        trainer.resume(checkpoint)
    return trainer


def _checkpoint(options: argparse.Namespace) -> Path:
    out: Path = options.out
    return out / "checkpoint.safetensors"


def _train(trainer: Trainer, album: Album, options: argparse.Namespace) -> None:
    """Take steps until the time is over or the rate; a checkpoint every two minutes."""
    end = saved = time.monotonic()
    end += 60 * options.minutes
    plan = trainer.plan
    loss = float("nan")
    batches = Batches(album, plan.side, plan.pairs, options.seed)
    loader: DataLoader[Batch] = DataLoader(
        batches,
        batch_size=None,
        sampler=range(trainer.steps, 1 << 30),
        num_workers=options.workers,
        pin_memory=torch.cuda.is_available(),
    )
    for batch in loader:
        now_lost = trainer.step(batch)
        loss = now_lost if math.isnan(loss) else loss + (now_lost - loss) / 20
        now = time.monotonic()
        if trainer.steps % _TELL_EVERY == 0:
            _CONSOLE.print(f"step {trainer.steps}: loss {loss:.3f}")
        is_over = now > end or trainer.is_cold
        if now - saved > _SAVE_EVERY or is_over:
            trainer.save(_checkpoint(options))
            saved = now
        if is_over:
            return
