"""DeepFakeDefenders: ours beside a plain forward of the same weights and upstream's code.

python bench/defenders.py [--views 6] [--golden FILE] [--upstream FOLDER]: seconds, memory
beyond the weights, and how far the results lie apart, in one process. Plain is six views
as one batch and nothing merged, as upstream does it. Weights are drawn by the recipe of
tests/checkpoints.py: they detect nothing. Exit code 1 where results differ by over 1e-4.
"""

import argparse
import json
import pkgutil
import sys
import time
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from detector import tensors
from detector.models import defenders
from detector.models.defenders import BRANCHES, FAKE, Defenders
from tests.checkpoints import full_state, picture, shapes

NEAR = 1e-4
STATUS = Path("/proc/self/status")
PEAK = Path("/proc/self/clear_refs")  # 5 written there resets the peak

Branches = dict[str, defenders.Branch]


@dataclass(frozen=True, slots=True)
class Measured:
    name: str
    seconds: float
    processor: float  # seconds of all threads
    mebibytes: float  # at the peak, more than before
    probability: float


def built(state: dict[str, Tensor]) -> Branches:
    """Both branches as they are trained, with these weights."""
    with torch.device("meta"):
        branches = {name: defenders.branch(name) for name in BRANCHES}
    tensors.fit(nn.ModuleDict(branches), state)
    return {name: branch.eval() for name, branch in branches.items()}


def ours(branches: Branches) -> Defenders:
    ready = tuple(defenders.prepared(branch) for branch in branches.values())
    return Defenders("defenders", ready, "")


def streamed(model: Defenders, views: Sequence[Image.Image]) -> float:
    """Give what Defenders.probability does, for the first few views alone."""
    chances = [
        logits.softmax(0)[FAKE] for view in views for logits in model.logits(view)
    ]
    return float(torch.stack(chances).mean())


def batch_of(views: Sequence[Image.Image]) -> Tensor:
    channels = torch.cat([defenders.six_channels(view) for view in views])
    return channels.contiguous(memory_format=torch.contiguous_format)


def plain(branches: Branches, views: Sequence[Image.Image]) -> float:
    batch = batch_of(views)
    with torch.inference_mode():
        chances = [branch(batch).softmax(1)[:, FAKE] for branch in branches.values()]
    return float(torch.stack(chances).mean())


def upstream(folder: Path, state: dict[str, Tensor]) -> nn.Module:
    """Upstream's own network, from a checkout, with these weights."""
    stand_in_for_timm()
    sys.path.insert(0, str(folder))
    network: nn.Module = pkgutil.resolve_name("toolkit.chelper:final_model")()
    network.load_state_dict(state, strict=True)
    return network.eval()


def upstreams(network: nn.Module, views: Sequence[Image.Image]) -> float:
    # It asks each tensor for the number of its GPU and hands that on as a device.
    on_cpu = mock.patch.object(torch.Tensor, "get_device", lambda tensor: tensor.device)
    with torch.inference_mode(), on_cpu:
        return float(network(batch_of(views)[None])[0])


def stand_in_for_timm() -> None:
    """Give upstream the few names that it takes from a library that we do not have."""

    class DropPath(nn.Identity):
        pass

    names: dict[str, dict[str, object]] = {
        "timm": {},
        "timm.data": {},
        "timm.data.constants": {
            "IMAGENET_DEFAULT_MEAN": (0.485, 0.456, 0.406),
            "IMAGENET_DEFAULT_STD": (0.229, 0.224, 0.225),
        },
        "timm.models": {},
        "timm.models.layers": {
            "DropPath": DropPath,
            "trunc_normal_": nn.init.trunc_normal_,
        },
        "timm.models.registry": {"register_model": lambda make: make},
    }
    for name, content in names.items():
        module = types.ModuleType(name)
        vars(module).update(content)
        sys.modules[name] = module
        parent, _, own = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], own, module)


def measured(name: str, run: Callable[[], float]) -> Measured:
    PEAK.write_text("5")
    before = resident("VmRSS")
    began, busy = time.monotonic(), time.process_time()
    probability = run()
    seconds, processor = time.monotonic() - began, time.process_time() - busy
    more = resident("VmHWM") - before
    return Measured(name, seconds, processor, more, probability)


def resident(name: str) -> float:
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(lines[name].split()[0]) / 1024


def show(rows: Sequence[Measured], views: int) -> Table:
    last = rows[-1]
    table = Table(
        title=f"{views} views of both branches, {torch.get_num_threads()} threads"
    )
    headings = ("seconds", "times ours", "processor s", "MiB", "probability", "apart")
    for heading in ("program", *headings):
        table.add_column(heading, justify="left" if heading == "program" else "right")
    for row in rows:
        table.add_row(
            row.name,
            f"{row.seconds:.1f}",
            f"{row.seconds / last.seconds:.1f}",
            f"{row.processor:.1f}",
            f"{row.mebibytes:.0f}",
            f"{row.probability:.6f}",
            f"{abs(row.probability - last.probability):.1e}",
        )
    return table


def golden(model: Defenders, facts: Path, console: Console) -> float:
    """Compare with values that the original code gave; return how far apart P lies."""
    told = json.loads(facts.read_text("utf-8"))
    expected = told["expected"]
    same = shapes() == {name: tuple(one[0]) for name, one in told["tensors"].items()}
    console.print(f"{len(told['tensors'])} tensors, names and shapes the same: {same}")
    chances = []
    for view, row in zip(defenders.views(picture()), expected["views"], strict=True):
        given = model.logits(view)
        wanted = [torch.tensor(row[f"{name}_logits"]) for name in BRANCHES]
        apart = [float((a - b).abs().max()) for a, b in zip(given, wanted, strict=True)]
        words = ", ".join(f"{n} {d:.1e}" for n, d in zip(BRANCHES, apart, strict=True))
        console.print(f"{row['view']:9} logits apart: {words}")
        chances += [logits.softmax(0)[FAKE] for logits in given]
    probability = float(torch.stack(chances).mean())
    console.print(f"probability {probability:.8f}, expected {expected['p_fake']:.8f}")
    return abs(probability - expected["p_fake"]) if same else float("inf")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--views", type=int, default=6, choices=range(1, 7))
    parser.add_argument(
        "--golden", type=Path, help="values of the original code (JSON)"
    )
    parser.add_argument("--upstream", type=Path, help="a checkout of DeepFakeDefenders")
    asked = parser.parse_args()
    console, state = Console(), full_state()
    views = list(islice(defenders.views(picture()), asked.views))
    rows = []
    if asked.upstream:
        network = upstream(asked.upstream, state)
        rows.append(measured("upstream's code", lambda: upstreams(network, views)))
    trained = built(state)
    rows.append(measured("plain: one batch", lambda: plain(trained, views)))
    model = ours(trained)
    rows.append(measured("ours, in a stream", lambda: streamed(model, views)))
    console.print(show(rows, asked.views))
    apart = [abs(row.probability - rows[-1].probability) for row in rows]
    if asked.golden:
        apart.append(golden(model, asked.golden, console))
    return int(max(apart) > NEAR)


if __name__ == "__main__":
    sys.exit(main())
