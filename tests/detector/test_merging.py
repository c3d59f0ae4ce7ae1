"""Two branches become one checkpoint."""

import functools
import hashlib
from pathlib import Path

import pytest
import torch

from detector import (
    Checkpoint,
    WeightsError,
    checked,
    load_model,
    parse_checkpoint,
)
from detector.merging import merge
from detector.models import defenders
from detector.training import __main__ as command_line
from tests.checkpoints import TINY, saved, tiny_state
from tests.drawing import landscape

pytestmark = pytest.mark.usefixtures("one_thread")

Pair = tuple[Path, Path]


@pytest.fixture
def branches(tmp_path: Path) -> Pair:
    paths = tmp_path / "convnext-EMA-.pth", tmp_path / "replknet-EMA-.pth"
    for name, path in zip(defenders.BRANCHES, paths, strict=True):
        path.write_bytes(saved({"epoch_idx": 3, "state_dict": tiny_state(name)}))
    return paths


def test_merged_branches_are_one_checkpoint_in_upstreams_form(
    tmp_path: Path, branches: Pair
) -> None:
    merged = tmp_path / "final.pth"

    digest = merge(*branches, merged, TINY)

    weights = merged.read_bytes()
    assert digest == hashlib.sha256(weights).hexdigest()
    state = torch.load(merged, weights_only=True)["state_dict"]  # noqa: TID251 (as upstream does)
    expected = tiny_state()
    assert state.keys() == expected.keys()
    assert all(torch.equal(state[name], expected[name]) for name in expected)


def test_a_merged_checkpoint_gives_the_mean_of_its_branches(
    tmp_path: Path, branches: Pair
) -> None:
    merge(*branches, tmp_path / "final.pth", TINY)
    paths = [*branches, tmp_path / "final.pth"]

    one, other, both = (
        defenders.load(path.read_bytes(), "0" * 64, TINY).probability(landscape(1))
        for path in paths
    )

    assert both == pytest.approx((one + other) / 2, abs=1e-6)


def test_branches_in_the_wrong_order_are_refused(
    tmp_path: Path, branches: Pair
) -> None:
    with pytest.raises(WeightsError, match="is of replknet, not of convnext"):
        merge(branches[1], branches[0], tmp_path / "final.pth", TINY)


def test_a_file_that_is_there_is_not_overwritten(branches: Pair) -> None:
    before = branches[0].read_bytes()

    with pytest.raises(WeightsError, match="already there"):
        merge(*branches, branches[0], TINY)

    assert branches[0].read_bytes() == before


def test_the_command_prints_a_sentence_where_it_cannot_merge(
    tmp_path: Path, branches: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    branches[1].write_bytes(b"nothing")
    output = tmp_path / "final.pth"

    status = command_line.main(["merge", *map(str, branches), "-o", str(output)])

    assert status == 1
    # The first is refused already: it is tiny, and the command knows the full size.
    assert "convnext-EMA-.pth: The checkpoint lacks" in capsys.readouterr().err
    assert not output.exists()


def test_the_command_prints_the_setting_that_names_the_merged_checkpoint(
    tmp_path: Path,
    branches: Pair,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(command_line, "merge", functools.partial(merge, sizes=TINY))
    output = tmp_path / "final.pth"

    status = command_line.main(["merge", *map(str, branches), "-o", str(output)])

    name, _, specification = capsys.readouterr().out.partition("=")
    checkpoint = parse_checkpoint(specification)
    assert (status, name) == (0, "DETECTOR_MODEL")
    assert checkpoint.path == output
    assert checked(checkpoint.path, checkpoint.sha256) == output.read_bytes()


def test_a_checkpoint_with_another_digest_is_refused_before_it_is_opened(
    branches: Pair,
) -> None:
    with pytest.raises(WeightsError, match="is not the checkpoint that was named"):
        load_model(Checkpoint("defenders", branches[0], "0" * 64))
