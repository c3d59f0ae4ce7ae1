"""Checkpoints: what is taken from a file's bytes, and every way in which one is refused."""

import io
import pickletools
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from detector import WeightsError, tensors
from detector.models import defenders
from detector.models.defenders import BRANCHES
from tests.checkpoints import TINY, full_state, saved, tiny_state

pytestmark = pytest.mark.usefixtures("one_thread")


class Evil:
    """Runs code when it is unpickled the ordinary way."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


def branches_of(content: Mapping[str, object]) -> list[str]:
    return list(defenders.read(saved(content), TINY))


def refused(weights: bytes) -> str:
    with pytest.raises(WeightsError) as refusal:
        defenders.load(weights, "0" * 64, TINY)
    return str(refusal.value)


def refused_state(**changes: object) -> str:
    return refused(saved({"state_dict": {**tiny_state(), **changes}}))


def test_a_merged_checkpoint_loads_with_nothing_renamed() -> None:
    assert branches_of({"state_dict": tiny_state()}) == ["convnext", "replknet"]
    assert branches_of(tiny_state()) == ["convnext", "replknet"]


@pytest.mark.parametrize("name", BRANCHES)
def test_a_single_branch_loads_bare_and_as_its_training_saved_it(name: str) -> None:
    state = tiny_state(name)
    network = nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(network.parameters())
    wrapper = {
        "epoch_idx": 19,
        "state_dict": state,
        "train_map": np.float64(0.99),  # as a metric of NumPy leaves it
        "val_map": np.float32(0.98),
        "lr": 1e-6,
        "optimizer": optimizer.state_dict(),
        "scheduler": {"last_epoch": 19},
    }

    assert branches_of(state) == [name]
    assert branches_of(wrapper) == [name]


def test_loaded_tensors_are_those_of_the_file() -> None:
    state = tiny_state()

    read = defenders.read(saved(state), TINY)

    loaded = nn.ModuleDict(read).state_dict()
    assert loaded.keys() == state.keys()
    assert all(torch.equal(loaded[name], state[name]) for name in state)


def test_what_would_run_code_is_refused_unopened_and_named(tmp_path: Path) -> None:
    mark = tmp_path / "ran"

    told = refused(saved({"state_dict": tiny_state(), "extra": Evil(mark)}))

    assert "would run code" in told
    assert "Path" in told or "touch" in told or "getattr" in told
    assert not mark.exists()


WHOLE = saved(tiny_state())


@pytest.mark.parametrize(
    "weights",
    [
        b"",
        b"no checkpoint at all",
        b"PK\x03\x04" + b"\0" * 100,
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:200] + b"\xff" * 200 + WHOLE[400:],
        b"\x80\x02}q\x00.",  # a bare pickle, from before there were zips
    ],
    ids=["empty", "text", "zip", "torn", "scratched", "pickle"],
)
def test_a_damaged_file_is_refused_in_a_sentence(weights: bytes) -> None:
    assert refused(weights) == "This is no PyTorch checkpoint, or a damaged one."


def test_an_endless_pickle_is_refused() -> None:
    file = io.BytesIO(saved({}))
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    deep = b"\x80\x02" + b"]" * 100_000  # lists, and no end
    changed = io.BytesIO()
    with zipfile.ZipFile(changed, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, deep if name.endswith("data.pkl") else content)
    with pytest.raises(ValueError, match="pickle exhausted"):
        list(pickletools.genops(deep))

    assert "damaged" in refused(changed.getvalue())


def test_a_missing_tensor_is_named() -> None:
    state = tiny_state()
    del state["replknet.model.norm.bias"]

    told = refused(saved({"state_dict": state}))

    assert told.startswith("The checkpoint lacks 1 of ")
    assert "replknet.model.norm.bias" in told


def test_a_merged_checkpoint_without_a_branch_is_refused() -> None:
    state = {
        name: one for name, one in tiny_state().items() if name.startswith("convnext.")
    }

    assert "replknet." in refused(saved(state))


def test_a_tensor_too_many_is_named_without_what_steers_a_terminal() -> None:
    told = refused_state(**{"convnext.\x1b[2J": torch.zeros(1)})

    assert "1 tensors that this architecture has not" in told
    assert "\x1b" not in told


def test_another_architecture_is_refused() -> None:
    other = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Linear(8, 2)).state_dict()

    assert "no checkpoint of DeepFakeDefenders" in refused(saved(other))


def test_another_size_of_the_architecture_is_refused_with_both_shapes() -> None:
    name = "convnext.model.stages.0.0.pwconv1.weight"

    told = refused_state(**{name: torch.zeros(64, 16)})

    assert f"{name} has the shape 64 x 16, not 32 x 8" in told


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_another_type_of_number_is_refused(kind: torch.dtype) -> None:
    name = "convnext.adapter.bias"

    told = refused_state(**{name: torch.zeros(3, dtype=kind)})

    assert told == f"The tensor {name} holds {str(kind)[6:]}, not float32."


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(number: float) -> None:
    state = tiny_state()
    state["replknet.model.head.weight"][1, 2] = number

    assert refused(saved(state)) == (
        "The tensor replknet.model.head.weight holds numbers that are not finite."
    )


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"state_dict": {}},
        {"state_dict": {"convnext.adapter.bias": [1, 2, 3]}},
        {"state_dict": {1: torch.zeros(1)}},
        {"state_dict": {"a": torch.zeros(2, 2).to_sparse()}},
        {"state_dict": {"a": torch.zeros(2, device="meta")}},
        {"state_dict": [torch.zeros(1)]},
    ],
    ids=["nothing", "empty", "list", "number", "sparse", "meta", "no names"],
)
def test_a_checkpoint_without_plain_named_tensors_is_refused(
    content: dict[str, object],
) -> None:
    assert refused(saved(content)).startswith("The checkpoint holds ")


def test_the_tensors_of_a_refused_file_change_nothing() -> None:
    network = nn.Linear(2, 2)
    before = {name: one.clone() for name, one in network.state_dict().items()}

    with pytest.raises(WeightsError):
        tensors.fit(network, {"weight": torch.full((2, 2), float("nan"))})

    assert all(torch.equal(before[n], one) for n, one in network.state_dict().items())


def test_what_is_written_is_read_and_a_broken_writing_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.pth"
    tensors.write({"state_dict": {"a": torch.ones(2)}}, path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(WeightsError, match=r"a\.pth cannot be written"):
        tensors.write({"state_dict": {}}, path)

    assert tensors.read(path.read_bytes())["a"].tolist() == [1, 1]
    assert [one.name for one in tmp_path.iterdir()] == ["a.pth"]


def test_the_recipe_draws_every_tensor_in_its_own_type() -> None:
    state: dict[str, Tensor] = full_state("convnext.adapter")

    assert [one.dtype for one in state.values()] == [torch.float32] * 2
