"""What every source must keep, over the registry: a new line there is tested here."""

import contextlib
import gzip
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.loopback_sites import (
    Site,
    feed,
    gallery,
    mastodon,
    picture,
    recording,
    serve,
)
from tracker.sources import SOURCES, Batch, SourceError, build
from tracker.visit import VisitLimits, visit


@dataclass
class World:
    """Somewhere to look, with all the pictures that are there."""

    kind: str
    config: dict[str, object]
    pictures: set[str]


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def web(kind: str, site: Site, path: str, prefix: str) -> Iterator[World]:
    with serve(site):
        pictures = {
            sha(page)
            for name, page in site.pages.items()
            if isinstance(page, bytes) and name.startswith(prefix)
        }
        config = {"url": site.url + path, "allow": site.allow, "min_delay": 0}
        yield World(kind, config, pictures)


def folder(path: Path) -> Iterator[World]:
    for n in range(20):
        place = path / "pictures" / f"album{n % 3}" / f"{n}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(picture(n))
    (path / "pictures" / "notes.txt").write_text("no picture")
    pictures = {sha(picture(n)) for n in range(20)}
    yield World("folder", {"folder": str(path / "pictures")}, pictures)


def warc(path: Path) -> Iterator[World]:
    packed = b"".join(gzip.compress(record) for record in recording(5))
    (path / "album.warc.gz").write_bytes(packed)
    config: dict[str, object] = {"folder": str(path), "path": "album.warc.gz"}
    yield World("warc", config, {sha(picture(300 + n)) for n in range(5)})


WORLDS: dict[str, Callable[[Path], Iterator[World]]] = {
    "site": lambda _: web("site", gallery(7, 3), "/", "/"),
    "feed": lambda _: web("feed", feed(4), "/feed", "/f/"),
    "mastodon": lambda _: web("mastodon", mastodon(7), "", "/media/"),
    "folder": folder,
    "warc": warc,
}


@pytest.fixture(params=sorted(SOURCES))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with contextlib.contextmanager(WORLDS[request.param])(tmp_path) as made:
        yield made


def seen(batches: list[Batch]) -> list[str]:
    return [sha(find.media.body) for batch in batches for find in batch.finds]


def test_a_visit_finds_every_picture(world: World) -> None:
    batches = list(build(world.kind, world.config).batches(None))
    assert set(seen(batches)) == world.pictures


def test_exactly_the_last_batch_of_a_visit_is_done(world: World) -> None:
    batches = list(build(world.kind, world.config).batches(None))
    assert [batch.done for batch in batches] == [False] * (len(batches) - 1) + [True]


def test_every_find_carries_the_checkpoint_of_its_batch(world: World) -> None:
    for batch in build(world.kind, world.config).batches(None):
        assert {find.checkpoint for find in batch.finds} <= {batch.checkpoint}


def test_a_find_tells_its_page_its_file_and_its_type(world: World) -> None:
    for batch in build(world.kind, world.config).batches(None):
        for find in batch.finds:
            assert find.url
            assert find.media.url
            assert find.media.content_type == "image/jpeg"
            assert find.posted_at is None or find.posted_at.tzinfo is not None


def test_going_on_from_any_checkpoint_misses_nothing(world: World) -> None:
    whole = list(build(world.kind, world.config).batches(None))
    for stop in range(len(whole) - 1):
        before = whole[: stop + 1]
        after = list(build(world.kind, world.config).batches(whole[stop].checkpoint))
        assert after[-1].done
        assert set(seen(before) + seen(after)) == world.pictures
        repeated = set(seen(before[:-1])) & set(seen(after))
        assert len(repeated) <= len(seen(before)) - len(set(seen(before)))


def test_a_finished_visit_can_be_followed_by_another(world: World) -> None:
    *_, last = build(world.kind, world.config).batches(None)
    *_, again = build(world.kind, world.config).batches(last.checkpoint)
    assert again.done


@pytest.mark.parametrize(
    "checkpoint", ["garbage", "[]", "{}", '{"todo": 1}', "-1", "0"]
)
def test_a_checkpoint_that_is_none_stops_nobody(world: World, checkpoint: str) -> None:
    *_, last = build(world.kind, world.config).batches(checkpoint)
    assert last.done


def test_a_visit_in_its_own_process_finds_the_same(world: World) -> None:
    limits = VisitLimits(seconds=60)
    inside = list(build(world.kind, world.config).batches(None))
    outside = list(visit(world.kind, world.config, None, limits))
    assert sorted(seen(outside)) == sorted(seen(inside))
    assert outside[-1].done


def test_a_setting_that_is_not_known_is_refused(world: World) -> None:
    with pytest.raises(SourceError, match="colour") as caught:
        build(world.kind, {**world.config, "colour": "red"})
    assert caught.value.code == "config"


def test_a_setting_of_the_wrong_kind_is_refused(world: World) -> None:
    with pytest.raises(SourceError, match="wrong kind"):
        build(world.kind, {**world.config, "max_bytes": "many"})
    with pytest.raises(SourceError, match="wrong kind"):
        build(world.kind, {**world.config, "max_bytes": True})


def test_a_setting_out_of_bounds_is_refused(world: World) -> None:
    with pytest.raises(SourceError, match="between"):
        build(world.kind, {**world.config, "max_bytes": 0})


def test_a_missing_setting_is_named() -> None:
    for kind in SOURCES:
        with pytest.raises(SourceError, match="is missing"):
            build(kind, {})


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(SourceError, match="no kind") as caught:
        build("telepathy", {})
    assert caught.value.code == "kind"


def test_every_source_has_a_world_here() -> None:
    assert WORLDS.keys() == SOURCES.keys()
