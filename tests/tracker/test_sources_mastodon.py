"""A Mastodon server on loopback."""

import json
from typing import Any

import pytest

from tests.loopback_sites import Answer, Site, mastodon, picture, serve
from tracker.sources import Batch, Find, SourceError, build


def read(site: Site, checkpoint: str | None = None, **config: Any) -> list[Batch]:
    asked = {"url": site.url, "allow": site.allow, "min_delay": 0, **config}
    return list(build("mastodon", asked).batches(checkpoint))


def finds(batches: list[Batch]) -> list[Find]:
    return [find for batch in batches for find in batch.finds]


def test_statuses_come_from_the_oldest_to_the_newest() -> None:
    with serve(mastodon(7, 3)) as site:
        batches = read(site)
    found = finds(batches)
    assert [find.media.body for find in found] == [
        picture(100 + n) for n in range(1, 8)
    ]
    assert [find.url for find in found] == [
        f"{site.url}/@painter/{n}" for n in range(1, 8)
    ]
    assert found[0].account == "painter1@social.example"
    assert found[0].posted_at is not None
    assert found[0].posted_at.isoformat() == "2026-05-02T00:00:00+00:00"
    assert batches[-1].checkpoint == "7"


def test_a_next_visit_sees_only_what_is_new() -> None:
    with serve(mastodon(7, 3)) as site:
        assert [find.media.body for find in finds(read(site, "5"))] == [
            picture(106),
            picture(107),
        ]
        assert finds(read(site, "7")) == []


def test_a_first_visit_goes_back_so_many_pages() -> None:
    with serve(mastodon(20, 3)) as site:
        found = finds(read(site, history=2))
    assert [find.media.body for find in found] == [
        picture(100 + n) for n in range(15, 21)
    ]


def test_a_long_absence_is_caught_up_page_by_page() -> None:
    with serve(mastodon(9, 2)) as site:
        first = read(site, "1", max_pages=2)
        assert first[-1].checkpoint == "5"
        second = read(site, first[-1].checkpoint, max_pages=2)
    assert second[-1].checkpoint == "9"
    assert len(finds(first + second)) == 8


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({}, "/api/v1/timelines/public?"),
        ({"tag": "#red/blue"}, "/api/v1/timelines/tag/red%2Fblue?"),
        ({"account": "ann@social.example"}, "/api/v1/accounts/42/statuses?"),
    ],
)
def test_a_timeline_a_tag_or_an_account_is_asked_for(
    config: dict[str, str], path: str
) -> None:
    site = mastodon(2, 2)
    known = "/api/v1/accounts/lookup?acct=ann%40social.example"
    site.pages[known] = Answer(b'{"id": "42"}', "application/json")
    with serve(site):
        assert len(finds(read(site, token="secret", **config))) == 2
    asked = [p for p in site.paths if p.startswith("/api") and p != known]
    assert all(p.startswith(path) for p in asked)
    for sent, headers in site.requests:
        is_api = sent.startswith("/api/")
        assert ("authorization" in headers) is is_api


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(status=401), "http"),
        (Answer(b"<html>", "text/html"), "format"),
        (Answer(b'{"error": "no"}', "application/json"), "format"),
        (Answer(b"[" * 100_000, "application/json"), "format"),
        (Answer(status=429, headers={"Retry-After": "300"}), "busy"),
    ],
)
def test_a_server_that_answers_otherwise_ends_the_visit_with_a_reason(
    answer: Answer, code: str
) -> None:
    with serve(Site(otherwise=answer)) as site, pytest.raises(SourceError) as caught:
        read(site)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "status",
    [
        None,
        "x",
        {},
        {"id": 1},
        {"id": "1"},
        {"id": "1", "media_attachments": "x"},
        {"id": "1", "media_attachments": [None, {}, {"type": "image"}]},
        {"id": "1", "media_attachments": [{"type": "image", "url": "http://["}]},
        {"id": "1", "media_attachments": [{"type": "image", "url": "/missing.jpg"}]},
        {
            "id": "1",
            "media_attachments": [{"type": "image", "url": "http://127.0.0.1/"}],
        },
    ],
)
def test_a_status_of_any_shape_is_survived(status: object) -> None:
    page = Answer(json.dumps([status]).encode(), "application/json")
    pages = iter([page, Answer(b"[]"), Answer(b"[]")])
    site = Site({"/missing.jpg": Answer(status=404)}, otherwise=lambda *_: next(pages))
    with serve(site):
        batches = read(site)
    assert finds(batches) == []
    assert batches[-1].done


def test_a_status_tells_what_it_can() -> None:
    attached = {"type": "image", "url": None, "remote_url": "/a.jpg"}
    bare = {"id": "1", "account": {"acct": "ann"}, "media_attachments": [attached]}
    page = Answer(json.dumps([bare]).encode(), "application/json")
    pages = iter([page, Answer(b"[]"), Answer(b"[]")])
    with serve(Site({"/a.jpg": picture(1)}, otherwise=lambda *_: next(pages))) as site:
        (find,) = finds(read(site))
    assert (find.account, find.posted_at) == ("ann@127.0.0.1", None)
    assert find.url == find.media.url


def test_a_server_that_repeats_one_page_for_ever_is_left() -> None:
    page = Answer(b'[{"id": "1"}]', "application/json")
    with serve(Site(otherwise=page)) as site:
        assert read(site, "0", max_pages=50)[-1].done
    assert len(site.paths) == 2
