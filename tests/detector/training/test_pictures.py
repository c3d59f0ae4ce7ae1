"""Pools: disjoint, without duplicates, whole groups, and a family can be held out."""

from collections import defaultdict
from pathlib import Path

import pytest

from detector.training import pictures
from detector.training.collecting import collect
from detector.training.pictures import POOLS, Picture


@pytest.fixture(scope="module")
def collected(data: Path) -> tuple[Picture, ...]:
    return collect(data)


def test_every_picture_is_in_one_pool_and_a_duplicate_and_a_small_one_in_none(
    collected: tuple[Picture, ...],
) -> None:
    paths = [picture.path for picture in collected]

    assert len(paths) == len(set(paths)) == 58
    assert "real_people/copy.jpg" not in paths
    assert "real_mixed/small.jpg" not in paths
    assert {picture.pool for picture in collected} <= set(POOLS)


def test_tiles_of_one_series_of_figures_stay_in_one_pool(
    collected: tuple[Picture, ...],
) -> None:
    pools = defaultdict(set)
    for picture in collected:
        pools[picture.group].add(picture.pool)
    series = [group for group in pools if "series_" in group]

    assert len(series) == 3
    assert all(len(pool) == 1 for pool in pools.values())


def test_a_pool_does_not_change_when_other_pictures_come_or_go(
    collected: tuple[Picture, ...], data: Path, tmp_path: Path
) -> None:
    (tmp_path / "real_people").symlink_to(data / "real_people")

    alone = collect(tmp_path)

    pools = {picture.path: picture.pool for picture in collected}
    assert all(pools.get(one.path, one.pool) == one.pool for one in alone)


def test_a_family_that_is_held_out_is_only_tested_on(
    collected: tuple[Picture, ...],
) -> None:
    moved = pictures.held_out(collected, ["sd1"])

    assert {one.pool for one in moved if one.family == "sd1"} == {"test"}
    assert [one for one in moved if one.family != "sd1"] == [
        one for one in collected if one.family != "sd1"
    ]


def test_the_list_is_read_back_as_it_was_written(
    collected: tuple[Picture, ...], tmp_path: Path
) -> None:
    pictures.save(collected, tmp_path / "pictures.json")

    assert pictures.load(tmp_path / "pictures.json") == collected


def test_every_picture_is_reduced_so_that_its_last_saving_is_hidden(
    collected: tuple[Picture, ...], data: Path
) -> None:
    assert pictures.read(data, collected[0]).shape == (270, 297, 3)


def test_a_file_that_is_no_picture_is_named(
    tmp_path: Path, collected: tuple[Picture, ...]
) -> None:
    with pytest.raises(ValueError, match="is no picture"):
        pictures.read(tmp_path, collected[0])
