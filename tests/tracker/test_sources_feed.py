"""RSS and Atom feeds on loopback."""

from typing import Any

import pytest

from tests.loopback_sites import Answer, Page, Site, feed, picture, serve
from tracker.sources import Batch, Find, SourceError, build


def read(site: Site, checkpoint: str | None = None, **config: Any) -> list[Batch]:
    asked = {"url": f"{site.url}/feed", "allow": site.allow, "min_delay": 0, **config}
    return list(build("feed", asked).batches(checkpoint))


def finds(batches: list[Batch]) -> list[Find]:
    return [find for batch in batches for find in batch.finds]


def rss(*items: str) -> Answer:
    text = f'<rss version="2.0"><channel>{"".join(items)}</channel></rss>'
    return Answer(text.encode(), "application/rss+xml")


def test_enclosures_media_and_content_are_all_looked_at() -> None:
    with serve(feed(3)) as site:
        found = finds(read(site))
    assert [find.media.body for find in found] == [picture(200 + n) for n in range(3)]
    assert [find.account for find in found] == ["writer0", "writer1", "writer2"]
    assert [find.posted_at and find.posted_at.day for find in found] == [1, 2, 3]
    assert [find.url.removeprefix(site.url) for find in found] == [
        "/e/0",
        "/e/1",
        "/e/2",
    ]


def test_a_feed_that_has_not_changed_is_not_read_again() -> None:
    with serve(feed(3)) as site:
        first = read(site)
        site.requests.clear()
        again = read(site, first[-1].checkpoint)
    assert [(batch.finds, batch.done) for batch in again] == [((), True)]
    assert again[-1].checkpoint == first[-1].checkpoint
    assert site.paths == ["/feed"]


def test_only_new_entries_are_fetched() -> None:
    old, new = (
        f"<item><guid>{n}</guid><link>/e</link><enclosure type='image/jpeg' "
        f"url='/{n}.jpg'/></item>"
        for n in (1, 2)
    )
    pages: dict[str, Page] = {"/feed": rss(old), "/1.jpg": picture(1)}
    with serve(Site({**pages, "/2.jpg": picture(2)})) as site:
        first = read(site)
        site.pages["/feed"] = rss(new, old)
        second = read(site, first[-1].checkpoint)
    assert [find.media.body for find in finds(first)] == [picture(1)]
    assert [find.media.body for find in finds(second)] == [picture(2)]
    assert site.paths.count("/1.jpg") == 1


def test_an_entry_of_many_pictures_comes_in_several_batches() -> None:
    images = "".join(f"&lt;img src='/{n}.jpg'&gt;" for n in range(20))
    pages: dict[str, Page] = {f"/{n}.jpg": picture(n) for n in range(20)}
    item = f"<item><guid>1</guid><description>{images}</description></item>"
    with serve(Site({**pages, "/feed": rss(item)})) as site:
        batches = read(site)
        assert [len(batch.finds) for batch in batches] == [8, 8, 4, 0]
        again = read(site, batches[1].checkpoint)
    assert len(finds(again)) == 20


def test_thumbnails_and_pictures_without_a_type_count_too() -> None:
    item = (
        '<item><guid>1</guid><enclosure url="/a.jpg"/><enclosure url="/a.mp3"/>'
        '<media:thumbnail xmlns:media="http://search.yahoo.com/mrss/" url="/b.jpg"/>'
        '<enclosure url="http://127.0.0.1/s?url=http://x.example/c.jpg"/></item>'
    )
    pages: dict[str, Page] = {"/a.jpg": picture(1), "/b.jpg": picture(2)}
    with serve(Site({**pages, "/feed": rss(item)})) as site:
        assert len(finds(read(site))) == 2
    assert "/a.mp3" not in site.paths


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not a feed",
        b"<rss><channel><item>",
        (
            b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
            b'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><rss><channel><title>&b;</title>'
        ),
        (
            b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
            b"<rss><channel><item><guid>&a;</guid></item></channel></rss>"
        ),
        b"\x00\xff" * 50,
    ],
)
def test_a_feed_that_is_none_has_no_entries(body: bytes) -> None:
    with serve(Site({"/feed": Answer(body, "text/xml")})) as site:
        batches = read(site)
    assert finds(batches) == []
    assert batches[-1].done


def test_a_feed_that_cannot_be_had_ends_the_visit_with_a_reason() -> None:
    with serve(Site()) as site:
        with pytest.raises(SourceError) as caught:
            read(site)
        assert caught.value.code == "http"
        with pytest.raises(SourceError) as caught:
            read(site, allow=[])
        assert caught.value.code == "not_public"


def test_a_server_that_asks_for_a_short_pause_gets_it() -> None:
    answers = iter([Answer(status=429, headers={"Retry-After": "0"}), rss()])
    with serve(Site({"/feed": lambda *_: next(answers)})) as site:
        assert read(site)[-1].done


@pytest.mark.parametrize(
    ("header", "seconds"), [("3600", 3600.0), ("soon", None), ("", None)]
)
def test_a_server_that_asks_for_a_long_pause_is_left_alone(
    header: str, seconds: float | None
) -> None:
    with (
        serve(
            Site({"/feed": Answer(status=429, headers={"Retry-After": header})})
        ) as site,
        pytest.raises(SourceError) as caught,
    ):
        read(site)
    assert (caught.value.code, caught.value.retry_after) == ("busy", seconds)


def test_a_server_that_asks_twice_is_left_alone() -> None:
    with (
        serve(
            Site({"/feed": Answer(status=429, headers={"Retry-After": "0"})})
        ) as site,
        pytest.raises(SourceError) as caught,
    ):
        read(site)
    assert caught.value.code == "busy"
    assert site.paths == ["/feed", "/feed"]


def test_a_picture_behind_a_busy_server_is_not_lost() -> None:
    item = "<item><guid>1</guid><enclosure type='image/jpeg' url='/1.jpg'/></item>"
    site = Site({"/feed": rss(item), "/1.jpg": Answer(status=429)})
    with serve(site):
        with pytest.raises(SourceError):
            read(site)
        site.pages["/1.jpg"] = picture(1)
        assert len(finds(read(site))) == 1


def test_requests_are_apart() -> None:
    with serve(feed(2)) as site:
        read(site, min_delay=0.2)
    assert site.times[2] - site.times[0] > 0.38
