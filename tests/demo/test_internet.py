"""The small internet, as our own sources see it, and the door through which it is ruled."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import tracker
from demo.edits import encode
from demo.internet import Internet, serving
from demo.pictures import draw
from demo.world import SITES

Told = dict[str, Any]


@pytest.fixture(scope="module")
def internet() -> Iterator[Internet]:
    with serving() as internet:
        yield internet


@pytest.fixture(scope="module")
def run(internet: Internet) -> Told:
    """One run for all: to draw its pictures takes a while."""
    told: Told = order(internet, "/runs").json()
    return told


def order(internet: Internet, path: str, **data: str) -> httpx.Response:
    return httpx.post(f"{internet.base('control')}{path}", data=data)


def found(internet: Internet, run: Told, site: str) -> set[str]:
    """Names of the pictures that a visit of `site` finds."""
    url = run["sites"][site]
    kind = "mastodon" if site == "fediverse" else "site"
    config: dict[str, object] = {
        "url": url,
        "min_delay": 0.0,
        "allow": [internet.base(site).removeprefix("http://")],
    }
    source = tracker.build(kind, config)
    finds = [find for batch in source.batches(None) for find in batch.finds]
    return {find.media.url.rpartition("/")[2][:8] for find in finds}


@pytest.mark.parametrize("site", SITES)
def test_a_visit_finds_every_picture_of_a_site(
    internet: Internet, run: Told, site: str
) -> None:
    posted = {post.picture for post in internet.runs[0].posts(site)}
    assert found(internet, run, site) >= posted
    seen = httpx.get(f"{internet.base('control')}/runs/{run['id']}").json()
    assert seen[site] is True


def test_a_run_posts_copies_among_many_strangers(internet: Internet, run: Told) -> None:
    assert len(run["copies"]) >= 6
    assert set(run["copies"].values()) >= {
        *("same", "recompressed", "resized", "mirrored", "captioned", "cropped"),
    }
    assert run["posts"] - len(run["copies"]) >= 40
    days = {post.posted_at.date() for post in internet.runs[0].posts("forum")}
    accounts = {post.account for post in internet.runs[0].posts("forum")}
    assert len(days) > 3
    assert len(accounts) > 3


def test_a_picture_taken_down_is_gone_from_its_site(
    internet: Internet, run: Told
) -> None:
    for site in SITES:
        post = next(post for post in internet.runs[0].posts(site) if post.copy)
        before = found(internet, run, site)
        order(internet, "/down", picture=post.picture)
        assert before - found(internet, run, site) == {post.picture}
    internet.down.clear()


def test_a_restarted_internet_shows_the_same(tmp_path: Path) -> None:
    file = tmp_path / "internet.json"
    with serving(file) as first:
        run = order(first, "/runs").json()
        order(first, "/down", picture="0badcafe")
        original = httpx.get(run["original"]).content
    with serving(file) as again:
        assert again.ports == first.ports
        assert again.down == {"0badcafe"}
        assert httpx.get(run["original"]).content == original


def test_the_users_photos_are_posted_first(internet: Internet, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name, seed in (("a.jpg", 1), ("b.jpg", 2)):
        (photos / name).write_bytes(encode(draw(seed)))
    (photos / "notes.txt").write_text("not a picture")
    run = order(internet, "/runs", photos=str(photos)).json()
    reported = tracker.decode(httpx.get(run["original"]).content)
    assert tracker.compare(reported, tracker.decode(encode(draw(1)))).kind == "near"


def test_a_folder_without_pictures_is_refused(
    internet: Internet, tmp_path: Path
) -> None:
    answer = order(internet, "/runs", photos=str(tmp_path / "nowhere"))
    assert answer.status_code == 400
    assert "cannot be read" in answer.json()["error"]
    (tmp_path / "empty").mkdir()
    answer = order(internet, "/runs", photos=str(tmp_path / "empty"))
    assert "No picture was found" in answer.json()["error"]


@pytest.mark.parametrize("site", SITES)
def test_nonsense_is_answered_with_a_404(
    internet: Internet, run: Told, site: str
) -> None:
    at = run["id"]
    for path in ("/", "/nowhere/", f"/{at}/thread/99", f"/{at}/photo/x", "/@a/b"):
        reply = httpx.get(f"{internet.base(site)}{path}")
        assert reply.status_code == 404
    assert httpx.post(internet.base(site)).status_code == 405
    assert order(internet, "/nothing").status_code == 404
