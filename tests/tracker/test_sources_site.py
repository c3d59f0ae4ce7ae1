"""The site source against small sites on loopback."""

import contextlib
import hashlib
import itertools
import logging
from collections.abc import Generator, Iterator
from typing import Any, cast

import pytest

from tests.loopback_sites import Answer, Page, Site, forum, gallery, picture, serve
from tracker.sources import Batch, Find, SourceError, build


def crawl(site: Site, checkpoint: str | None = None, **config: Any) -> list[Batch]:
    return list(visiting(site, checkpoint, **config))


def visiting(
    site: Site, checkpoint: str | None = None, **config: Any
) -> Iterator[Batch]:
    asked = {"url": f"{site.url}/", "allow": site.allow, "min_delay": 0, **config}
    return build("site", asked).batches(checkpoint)


def finds(batches: list[Batch]) -> list[Find]:
    return [find for batch in batches for find in batch.finds]


def pairs(site: Site, batches: list[Batch]) -> list[tuple[str, str]]:
    cut = len(site.url)
    return [(find.url[cut:], find.media.url[cut:]) for find in finds(batches)]


def code_of(site: Site, **config: Any) -> str:
    with pytest.raises(SourceError) as caught:
        crawl(site, **config)
    return caught.value.code


def test_every_post_of_a_gallery_is_found_with_its_author_and_time() -> None:
    with serve(gallery(5)) as site:
        found = {find.url.removeprefix(site.url): find for find in finds(crawl(site))}
    for n in range(5):
        find = found[f"/post/{n}"]
        assert find.account == f"painter{n}"
        assert find.posted_at is not None
        assert find.posted_at.isoformat() == f"2026-03-0{n + 1}T12:00:00+00:00"
        assert find.media.body == picture(n)


def test_each_reply_of_a_thread_speaks_for_its_own_picture() -> None:
    with serve(forum(4)) as site:
        found = finds(crawl(site))
    assert [
        (find.account, find.posted_at.hour) for find in found if find.posted_at
    ] == [(f"user{n}", n) for n in range(4)]


def test_robots_txt_is_obeyed_for_pages_and_for_pictures() -> None:
    site = gallery(2)
    site.pages["/robots.txt"] = Answer(
        b"User-agent: Reclaim\nDisallow: /private/\nDisallow: /thumb/\n"
    )
    with serve(site):
        found = pairs(site, crawl(site))
    assert site.paths[0] == "/robots.txt"
    assert not [path for path in site.paths if path.startswith(("/private", "/thumb"))]
    assert [media for _, media in found] == ["/image/0.jpg", "/image/1.jpg"]


@pytest.mark.parametrize(
    "robots",
    [
        Answer(b"User-agent: *\nDisallow: /\n"),
        Answer(b"later", status=503),
        Answer(b"too many", status=429),
        Answer(b"x" * 600_000, "text/plain"),
        Answer(status=302, headers={"Location": "/robots.txt"}),
    ],
)
def test_a_site_whose_robots_txt_forbids_or_cannot_be_had_is_left_alone(
    robots: Answer,
) -> None:
    site = gallery(2)
    site.pages["/robots.txt"] = robots
    with serve(site):
        assert code_of(site) == "robots"
    assert set(site.paths) == {"/robots.txt"}


@pytest.mark.parametrize("status", [401, 404, 410])
def test_a_site_without_robots_txt_is_open(status: int) -> None:
    site = gallery(1)
    site.pages["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /", status=status)
    with serve(site):
        crawl(site)
    assert "/private/x" in site.paths


def test_robots_txt_may_redirect() -> None:
    site = gallery(1)
    site.pages["/robots.txt"] = Answer(status=301, headers={"Location": "/r"})
    site.pages["/r"] = Answer(b"User-agent: *\nDisallow: /thumb/\n", "text/plain")
    with serve(site):
        crawl(site)
    assert "/thumb/0.jpg" not in site.paths
    assert "/image/0.jpg" in site.paths


@pytest.mark.parametrize(
    ("robots", "delay"), [("User-agent: *\nCrawl-delay: 0.2\n", 0), ("", 0.2)]
)
def test_requests_keep_the_longer_of_our_delay_and_the_sites(
    robots: str, delay: float
) -> None:
    site = gallery(1)
    site.pages["/robots.txt"] = Answer(robots.encode(), "text/plain")
    with serve(site):
        crawl(site, min_delay=delay)
    assert len(site.times) == 6
    # One that comes late on a busy machine shortens the gap after it, not all together.
    assert site.times[-1] - site.times[0] > 5 * 0.18


def test_only_the_host_and_the_scope_are_walked() -> None:
    with serve(Site({"/": '<img src="/x.jpg">', "/x.jpg": picture(1)})) as other:
        site = Site(
            {
                "/board/": f'<a href="{other.url}/">away</a><a href="/out">out</a>'
                f'<a href="in">in</a><img src="{other.url}/x.jpg">',
                "/board/in": '<img src="/y.jpg">',
                "/y.jpg": picture(2),
            }
        )
        with serve(site):
            allow = [*site.allow, *other.allow]
            found = crawl(site, url=f"{site.url}/board/", scope="/board/", allow=allow)
    assert [find.media.body for find in finds(found)] == [picture(1), picture(2)]
    assert other.paths == ["/robots.txt", "/x.jpg"]
    assert "/out" not in site.paths


def test_depth_and_number_of_pages_are_bounded() -> None:
    site = Site({f"/{n}": f'<a href="/{n + 1}">on</a>' for n in range(9)})
    site.pages["/"] = '<a href="/0">on</a>'
    with serve(site):
        crawl(site)
        assert [p for p in site.paths if p != "/robots.txt"] == ["/", "/0", "/1", "/2"]
        site.requests.clear()
        crawl(site, max_depth=20, max_pages=2)
        assert [p for p in site.paths if p != "/robots.txt"] == ["/", "/0"]


def test_the_next_page_of_a_list_is_no_deeper_than_the_list() -> None:
    site = Site({f"/{n}": f'<a rel="next" href="/{n + 1}">on</a>' for n in range(9)})
    site.pages["/"] = '<a rel="next" href="/0">on</a>'
    with serve(site):
        crawl(site)
    assert "/8" in site.paths


def test_a_page_with_thousands_of_links_and_pictures_is_bounded() -> None:
    links = "".join(f'<a href="/p{n}">x</a>' for n in range(5000))
    images = "".join(f'<img src="/i{n}.jpg">' for n in range(5000))
    with serve(Site({"/": links + images})) as site:
        batches = crawl(site, max_pages=20)
    assert len([path for path in site.paths if path.startswith("/p")]) == 19
    assert len([path for path in site.paths if path.startswith("/i")]) == 500
    assert max(len(batch.checkpoint) for batch in batches) < 20_000


def test_endless_pages_are_recognised() -> None:
    def deeper(path: str, _: dict[str, str]) -> Answer:
        return Answer(
            f'<a href="{path.rstrip("/")}/again/x{len(path)}">on</a>'.encode()
        )

    with serve(
        Site(otherwise=deeper, pages={"/robots.txt": Answer(status=404)})
    ) as site:
        crawl(site, max_depth=20)
    assert len(site.paths) < 6


def test_filters_times_filters_are_recognised() -> None:
    links = "".join(f'<a href="/l?a={n}&b={n % 7}&c=1">x</a>' for n in range(100))
    with serve(Site({"/": links})) as site:
        crawl(site)
    assert len([path for path in site.paths if path.startswith("/l?")]) == 20


def test_a_link_that_carries_another_address_is_never_followed() -> None:
    site = gallery(1)
    hidden = [
        "/search?url=http://album.example/a.jpg",
        "/search?image=https%3A%2F%2Falbum.example%2Fa.jpg",
        "/proxy/https://album.example/a.jpg",
        "/go?u=//album.example/a.jpg",
    ]
    site.pages["/"] = "".join(
        f'<a href="{link}">search</a><img src="{link}">' for link in hidden
    )
    site.pages |= {link: picture(9) for link in hidden}
    with serve(site):
        assert finds(crawl(site)) == []
    assert site.paths == ["/robots.txt", "/"]


def test_a_picture_behind_a_redirect_to_a_lookup_is_not_taken() -> None:
    pages: dict[str, Page] = {
        "/": '<img src="/a.jpg"><img src="/b.jpg">',
        "/a.jpg": Answer(status=302, headers={"Location": "/s?u=http://x.example/"}),
        "/s?u=http://x.example/": picture(1),
        "/b.jpg": Answer(status=302, headers={"Location": "/c.jpg"}),
        "/c.jpg": picture(2),
    }
    with serve(Site(pages)) as site:
        assert [find.media.body for find in finds(crawl(site))] == [picture(2)]


def test_what_is_no_picture_is_not_taken_whatever_the_server_calls_it() -> None:
    svg = Answer(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")
    pages: dict[str, Page] = {
        "/": '<img src="/a.svg"><img src="/b.jpg"><img src="/c.jpg"><img src="/d.jpg">',
        "/a.svg": svg,
        "/b.jpg": Answer(b"%PDF-1.7", "image/jpeg"),
        "/c.jpg": Answer(picture(1), status=404),
        "/d.jpg": Answer(picture(2, kind="PNG"), "text/plain"),
    }
    with serve(Site(pages)) as site:
        (find,) = finds(crawl(site))
    assert (find.media.content_type, find.media.body) == (
        "image/png",
        picture(2, kind="PNG"),
    )


def test_a_file_over_the_limit_is_passed_over() -> None:
    pages: dict[str, Page] = {
        "/": '<img src="/a.jpg"><img src="/b.jpg">',
        "/a.jpg": Answer(b"\xff\xd8\xff" + b"x" * 9000, "image/jpeg"),
        "/b.jpg": picture(1),
    }
    with serve(Site(pages)) as site:
        found = finds(crawl(site, max_bytes=5000))
    assert [find.media.body for find in found] == [picture(1)]


def test_an_address_that_is_itself_a_picture_is_found() -> None:
    with serve(Site({"/a.jpg": picture(3)})) as site:
        (find,) = finds(crawl(site, url=f"{site.url}/a.jpg"))
    assert find.url == find.media.url == f"{site.url}/a.jpg"


def test_a_picture_on_every_page_is_decoration_and_fetched_once() -> None:
    site = gallery(8, 8)
    for path, page in site.pages.items():
        if isinstance(page, str):
            site.pages[path] = page + '<img src="/logo.jpg">'
    site.pages["/logo.jpg"] = picture(99)
    with serve(site):
        found = pairs(site, crawl(site))
    assert site.paths.count("/logo.jpg") == 1
    assert [media for _, media in found].count("/logo.jpg") == 5


@pytest.mark.parametrize(
    ("start", "code"),
    [
        (Answer(status=404), "http"),
        (Answer(status=500), "http"),
        (Answer(status=429, headers={"Retry-After": "90"}), "busy"),
        (Answer(status=302, headers={"Location": "http://localhost/"}), "not_public"),
        (Answer(status=302, headers={"Location": "/"}), "redirects"),
    ],
)
def test_a_start_page_that_cannot_be_had_ends_the_visit_with_a_reason(
    start: Answer, code: str
) -> None:
    with serve(Site({"/": start})) as site:
        assert code_of(site) == code


def test_a_start_page_that_leads_to_another_site_ends_the_visit() -> None:
    with serve(Site({"/": "elsewhere"})) as other:
        away = Answer(status=302, headers={"Location": f"{other.url}/"})
        with serve(Site({"/": away})) as site:
            assert code_of(site, allow=[*site.allow, *other.allow]) == "moved"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1/", "not_public"),
        ("http://user:secret@album.example/", "credentials"),
        ("http://0x7f000001/", "url"),
    ],
)
def test_the_guards_of_the_one_door_hold_here_too(url: str, code: str) -> None:
    assert code_of(Site(), url=url, allow=[]) == code


def test_a_site_that_asks_to_come_back_later_is_left_with_a_checkpoint() -> None:
    site = gallery(4, 4)
    site.pages["/image/2.jpg"] = Answer(status=429, headers={"Retry-After": "120"})
    before: list[Batch] = []
    with serve(site):
        with pytest.raises(SourceError) as caught:
            before.extend(visiting(site))
        batches = visiting(site)
        with contextlib.suppress(SourceError):
            before.extend(batches)
        assert (caught.value.code, caught.value.retry_after) == ("busy", 120.0)
        site.pages["/image/2.jpg"] = picture(2)
        after = crawl(site, before[-1].checkpoint)
    assert len({find.media.url for find in finds(before + after)}) == 8


def test_a_page_in_the_middle_that_fails_is_passed_over() -> None:
    site = gallery(3)
    site.pages["/post/1"] = Answer(status=410)
    with serve(site):
        found = {url for url, _ in pairs(site, crawl(site))}
    assert found == {"/", "/post/0", "/post/2"}


def test_a_passing_failure_is_tried_again() -> None:
    site = gallery(1)
    answers = iter([Answer(status=502), Answer(picture(0), "image/jpeg")])
    site.pages["/image/0.jpg"] = lambda *_: next(answers)
    with serve(site):
        assert ("/post/0", "/image/0.jpg") in pairs(site, crawl(site))


@pytest.mark.parametrize("stop", range(1, 9))
def test_a_visit_that_is_cut_anywhere_goes_on_to_the_whole_set(stop: int) -> None:
    with serve(gallery(6, 3)) as site:
        whole = set(pairs(site, crawl(site)))
        cut = cast("Generator[Batch, None, None]", visiting(site))
        before = list(itertools.islice(cut, stop))
        cut.close()
        after = crawl(site, before[-1].checkpoint)
        assert set(pairs(site, before + after)) == whole
        assert set(pairs(site, before)).isdisjoint(pairs(site, after))


def test_a_page_of_many_pictures_has_checkpoints_of_its_own() -> None:
    images = "".join(f'<img src="/{n}.jpg">' for n in range(30))
    site = Site({"/": images, **{f"/{n}.jpg": picture(n) for n in range(30)}})
    with serve(site):
        (first, second), rest = itertools.islice(visiting(site), 2), None
        rest = crawl(site, second.checkpoint)
    assert [len(batch.finds) for batch in (first, second)] == [8, 8]
    assert len(finds([first, second, *rest])) == 30


def test_a_page_that_kills_every_visit_is_given_up() -> None:
    with serve(gallery(2)) as site:
        first = next(visiting(site))
        mark = first.checkpoint
        for _ in range(2):
            mark = next(visiting(site, mark)).checkpoint  # and then it dies
        found = {url for url, _ in pairs(site, crawl(site, mark))}
    assert found == {"/post/1"}


def test_a_visit_out_of_time_stops_between_two_pages() -> None:
    site = gallery(4, 4)
    with serve(site):
        batches = crawl(site, min_delay=0.3, max_seconds=1)
        assert not batches[-1].done
        rest = crawl(site, batches[-1].checkpoint)
        assert rest[-1].done
    assert len({find.media.url for find in finds(batches + rest)}) == 8


def test_two_spellings_of_one_page_are_one_page() -> None:
    site = Site(
        {
            "/": '<a href="/a?b=1&c=2">x</a><a href="/a?c=2&b=1&utm_source=y#z">x</a>'
            '<a href="\\d">x</a><a href="javascript:x()">x</a><a href="mailto:a">x</a>'
            '<a href="http://[">x</a><a href="/e.pdf">x</a><a href="">x</a>',
            "/a?b=1&c=2": "a",
            "/d": Answer(status=302, headers={"Location": "/a?b=1&c=2"}),
        }
    )
    with serve(site):
        crawl(site)
    assert sorted(site.paths) == ["/", "/a?b=1&c=2", "/a?b=1&c=2", "/d", "/robots.txt"]


def test_pages_that_are_no_html_are_passed_over() -> None:
    pages: dict[str, Page] = {
        "/": '<a href="/a">a</a><a href="/b">b</a><a href="/c">c</a>',
        "/a": Answer(b'{"a": "<img src=/x.jpg>"}', "application/json"),
        "/b": Answer(b"\x00\x01\x02" * 100, "application/octet-stream"),
        "/c": Answer(b"", "text/html"),
    }
    with serve(Site(pages)) as site:
        assert crawl(site)[-1].done
        assert "/x.jpg" not in site.paths


def test_deeply_nested_and_broken_pages_are_read_as_far_as_they_go() -> None:
    deep = "<div>" * 20_000 + '<img src="/a.jpg">'
    pages: dict[str, Page] = {
        "/": f'<img src="/a.jpg"><a href="/deep">x</a>{"<p <a <<" * 500}',
        "/deep": deep,
        "/a.jpg": picture(1),
    }
    with serve(Site(pages)) as site:
        assert len(finds(crawl(site))) >= 1


def test_a_site_says_where_it_comes_from_only_to_itself() -> None:
    with serve(Site({"/x.jpg": picture(1)})) as other:
        page = f'<img src="/y.jpg"><img src="{other.url}/x.jpg">'
        with serve(Site({"/p": page, "/y.jpg": picture(2)})) as site:
            crawl(site, url=f"{site.url}/p", allow=[*site.allow, *other.allow])
    assert dict(site.requests)["/y.jpg"]["referer"] == f"{site.url}/p"
    assert dict(other.requests)["/x.jpg"]["referer"] == f"{site.url}/"


def test_we_send_no_cookies_and_name_ourselves() -> None:
    site = gallery(1)
    page = site.pages["/"]
    assert isinstance(page, str)
    site.pages["/"] = Answer(page.encode(), headers={"Set-Cookie": "a=b"})
    with serve(site):
        crawl(site, contact="https://reclaim.example/crawler")
    for _, headers in site.requests:
        assert "cookie" not in headers
        assert headers["user-agent"].endswith("(+https://reclaim.example/crawler)")


def test_no_address_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    site = gallery(2)
    site.pages["/post/1"] = Answer(status=500)
    with serve(site):
        crawl(site)
    assert str(site.port) not in caplog.text


def test_the_bytes_are_the_files_own() -> None:
    with serve(gallery(1)) as site:
        found = {
            hashlib.sha256(find.media.body).digest() for find in finds(crawl(site))
        }
    assert found == {
        hashlib.sha256(body).digest() for body in (picture(0), picture(0, 32))
    }
