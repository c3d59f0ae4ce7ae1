"""The tensors inside a checkpoint's bytes: taken out without running code, and compared.

It must not know where the bytes come from (detector/weights.py) nor what the tensors
are for.
"""

import io
import os
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Final, Self

import torch
from torch import Tensor, nn
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

from detector.weights import WeightsError

# Under one of these lies the state dict, where more than it was saved.
_WRAPPERS: Final = ("state_dict", "model")
_SHOWN: Final = 80  # signs of a stranger's name


class _Unread:
    """Stands where a training noted a NumPy number: it is neither made nor read."""

    def __new__(cls, *_: object) -> Self:
        return super().__new__(cls)

    def __setstate__(self, state: object) -> None:
        """Forget it."""


_UNREAD: Final[list[Callable[..., Any] | tuple[Callable[..., Any], str]]] = [
    (_Unread, "numpy.core.multiarray.scalar"),
    (_Unread, "numpy._core.multiarray.scalar"),
    (_Unread, "numpy.dtype"),
]


def read(weights: bytes) -> dict[str, Tensor]:
    """Return the state dict of a PyTorch checkpoint, on the CPU.

    Args:
        weights: What torch.save wrote: a state dict, or a dict that holds one as
            "state_dict" (DeepFakeDefenders) or as "model" (ConvNeXt's authors).

    Raises:
        WeightsError: It is no such file, is damaged, or would run code when opened.
    """
    content = opened(weights)
    for name in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
    if not isinstance(content, Mapping) or not content:
        raise WeightsError("The checkpoint holds no tensors with names.")
    for name, tensor in content.items():
        if not isinstance(name, str) or not _is_plain(tensor):
            raise WeightsError(
                f"The checkpoint holds something that is no plain tensor: {_shown(name)}."
            )
    return {name: tensor.detach() for name, tensor in content.items()}


def opened(weights: bytes) -> object:
    """Return all that torch.save wrote, made of tensors, plain numbers and text.

    Raises:
        WeightsError: It is no such file, is damaged, or would run code when opened.
    """
    try:
        return _opened(io.BytesIO(weights))
    except WeightsError:
        raise
    except Exception as error:  # a broken file makes the reader raise anything
        raise WeightsError(
            "This is no PyTorch checkpoint, or a damaged one."
        ) from error


def fit(network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Give a network its tensors; it may be on the "meta" device, and then takes them over.

    Raises:
        WeightsError: Names, shapes or types differ, or a number is not finite. The
            first difference is named.
    """
    wanted = network.state_dict()
    _same_names(wanted.keys(), tensors.keys())
    for name, tensor in tensors.items():
        if tensor.shape != wanted[name].shape:
            shapes = [" x ".join(map(str, one.shape)) for one in (tensor, wanted[name])]
            raise WeightsError(
                f"The tensor {name} has the shape {shapes[0] or 1}, not {shapes[1] or 1}: "
                "the checkpoint is of another architecture."
            )
        if tensor.dtype != wanted[name].dtype:
            types = [str(one.dtype).partition(".")[2] for one in (tensor, wanted[name])]
            raise WeightsError(f"The tensor {name} holds {types[0]}, not {types[1]}.")
        # Whatever is not finite outlasts a sum, which is far cheaper than to ask each.
        if not torch.isfinite(tensor.sum(dtype=torch.float64)):
            raise WeightsError(f"The tensor {name} holds numbers that are not finite.")
    network.load_state_dict(dict(tensors), strict=True, assign=True)


def write(content: Mapping[str, object], path: Path) -> None:
    """Save what `opened` can read; whoever breaks off leaves the old file whole.

    Raises:
        WeightsError: There is no room, or it may not be written there.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            torch.save(dict(content), file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except (OSError, RuntimeError) as error:  # RuntimeError: torch's, on a full disk
        unfinished.unlink(missing_ok=True)
        raise WeightsError(f"{path.name} cannot be written.") from error


def _opened(file: io.BytesIO) -> object:
    with safe_globals(_UNREAD):
        if code := get_unsafe_globals_in_checkpoint(file):
            raise WeightsError(
                "The checkpoint was not opened, because it would run code: "
                f"{_shown(min(code))}."
            )
        file.seek(0)
        return torch.load(file, map_location="cpu", weights_only=True)  # noqa: TID251 (this is the place)


def _same_names(wanted: AbstractSet[str], given: AbstractSet[str]) -> None:
    if missing := [name for name in wanted if name not in given]:
        raise WeightsError(
            f"The checkpoint lacks {len(missing)} of {len(wanted)} tensors, "
            f"among them {missing[0]}."
        )
    if strange := [name for name in given if name not in wanted]:
        raise WeightsError(
            f"The checkpoint has {len(strange)} tensors that this architecture has not, "
            f"among them {_shown(strange[0])}."
        )


def _is_plain(tensor: object) -> bool:
    """Say whether this is a tensor whose numbers lie in memory, each for itself."""
    return (
        type(tensor) in {Tensor, nn.Parameter}
        and isinstance(tensor, Tensor)
        and tensor.layout is torch.strided
        and tensor.device.type == "cpu"
    )


def _shown(name: object) -> str:
    return ascii(str(name))[:_SHOWN]
