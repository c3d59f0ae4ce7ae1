"""What is read from one page, and what from an address alone."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from tracker.sources.addresses import (
    carries_address,
    is_trap,
    joined,
    key,
    may_be_page,
    place,
    shape,
)
from tracker.sources.page import Embedded, Page, read

URL = "http://album.example/list/"


def page(body: str, url: str = URL) -> Page:
    return read(html.document_fromstring(f"<html>{body}</html>"), url)


def pictures(body: str) -> list[str]:
    return [p.url.removeprefix("http://album.example") for p in page(body).pictures]


def only(body: str) -> Embedded:
    (picture,) = page(body).pictures
    return picture


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<img src="/a.jpg">', ["/a.jpg"]),
        ('<img src="a.jpg">', ["/list/a.jpg"]),
        ('<base href="/other/"><img src="a.jpg">', ["/other/a.jpg"]),
        ('<img src=" /a b.jpg ">', ["/a%20b.jpg"]),
        ('<img src="\\a\\b.jpg">', ["/a/b.jpg"]),
        ('<img src="/a.jpg"><img src="/a.jpg#x">', ["/a.jpg"]),
        ('<img srcset="/s.jpg 320w, /l.jpg 1280w, /m.jpg 640w">', ["/l.jpg"]),
        ('<img srcset="/s.jpg 1x,/l.jpg 2x">', ["/l.jpg"]),
        ('<img srcset="/w_1,h_1/s.jpg 1x, /w_2,h_2/l.jpg 2.5x">', ["/w_2,h_2/l.jpg"]),
        ('<img srcset="/only.jpg">', ["/only.jpg"]),
        ('<img srcset="/a.jpg, /b.jpg 3x">', ["/b.jpg"]),
        ('<img srcset=" , ">', []),
        ('<img src="/s.jpg" srcset="/l.jpg 2x">', ["/l.jpg", "/s.jpg"]),
        ('<picture><source srcset="/a.avif 2x"><img src="/b.jpg"></picture>', 2),
        ('<img data-src="/a.jpg">', ["/a.jpg"]),
        ('<img data-original="/a.jpg">', ["/a.jpg"]),
        ('<img data-lazy="/a.jpg">', ["/a.jpg"]),
        ('<img data-lazy-src="/a.jpg">', ["/a.jpg"]),
        ('<img data-srcset="/s.jpg 1x, /l.jpg 2x">', ["/l.jpg"]),
        ('<a href="/a.JPEG?size=large">x</a>', ["/a.JPEG?size=large"]),
        ('<a href="/a.html">x</a>', []),
        ('<a href="http://[">x</a><img src="/a.jpg">', ["/a.jpg"]),
        ('<img src="http://album.example:99999/a.jpg">', []),
        ('<video poster="/p.jpg"></video>', ["/p.jpg"]),
        ("<div style=\"background: url('/b.jpg') no-repeat\"></div>", ["/b.jpg"]),
        ("<div style='background-image:url(/b.jpg)'></div>", ["/b.jpg"]),
        ('<meta property="og:image" content="/o.jpg">', ["/o.jpg"]),
        ('<meta property="og:image:secure_url" content="/o.jpg">', ["/o.jpg"]),
        ('<meta property="og:image:width" content="640">', []),
        ('<meta name="twitter:image" content="/t.jpg">', ["/t.jpg"]),
        ('<link rel="preload" as="image" href="/p.jpg">', ["/p.jpg"]),
        ('<link rel="preload" as="script" href="/p.js">', []),
        ('<link rel="image_src" href="/p.jpg">', ["/p.jpg"]),
        ('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', []),
        ('<img src="ftp://album.example/a.jpg"><img src=""><img>', []),
        (f'<img src="/{"a" * 2000}.jpg">', []),
    ],
)
def test_pictures_are_found_wherever_a_page_shows_them(
    body: str, expected: list[str] | int
) -> None:
    found = pictures(body)
    assert (len(found) if isinstance(expected, int) else found) == expected


def structured(*values: object) -> str:
    blocks = (json.dumps(value) for value in values)
    return "".join(f'<script type="application/ld+json">{b}</script>' for b in blocks)


def test_pictures_are_found_in_structured_data_at_any_depth() -> None:
    body = structured(
        {"@graph": [{"@type": "ImageObject", "contentUrl": "/a.jpg", "url": "/b.jpg"}]},
        {
            "@type": "Article",
            "image": ["/c.jpg", {"@type": "ImageObject", "url": "/d.jpg"}],
        },
    )
    assert sorted(pictures(body)) == ["/a.jpg", "/b.jpg", "/c.jpg", "/d.jpg"]


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "null", '"x"', "[[[1]]]"])
def test_structured_data_that_is_none_is_left_aside(text: str) -> None:
    script = f'<script type="application/ld+json">{text}</script>'
    assert pictures(f'{script}<img src="/a.jpg">') == ["/a.jpg"]


@pytest.mark.parametrize(
    "body",
    [
        '<article><b rel="author">ann</b><time datetime="{t}"></time>{i}</article>',
        '<p class="post x"><i class="x author">ann</i><time datetime="{t}"></time>{i}',
        '<div data-author="ann"><time datetime="{t}"></time>{i}</div>',
        '<p class="reply"><a itemprop="author">ann</a><time datetime="{t}"></time>{i}',
        (
            '<article><b rel="author"> \n ann </b><time datetime="{t}"></time>'
            '<div class="entry">{i}</div></article>'
        ),
        (
            '<meta name="author" content="ann"><meta property="article:published_time"'
            ' content="{t}">{i}'
        ),
        '<b rel="author">ann</b><time datetime="{t}"></time>{i}',
        (
            '<script type="application/ld+json">{{"author": {{"name": "ann"}},'
            ' "datePublished": "{t}"}}</script>{i}'
        ),
        (
            '<script type="application/ld+json">{{"author": [{{"name": "ann"}}],'
            ' "datePublished": "{t}"}}</script>{i}'
        ),
    ],
)
@pytest.mark.parametrize(
    "time", ["2026-03-01T12:00:00Z", "2026-03-01T20:00:00+08:00", "2026-03-01 12:00:00"]
)
def test_account_and_time_come_from_the_nearest_post_or_the_page(
    body: str, time: str
) -> None:
    found = only(body.format(t=time, i='<img src="/a.jpg">'))
    assert found.account == "ann"
    assert found.posted_at is not None
    assert found.posted_at.isoformat() == "2026-03-01T12:00:00+00:00"


def test_one_post_never_speaks_for_another() -> None:
    posts = "".join(
        f'<div class="post"><b class="author">{name}</b><img src="/{name}.jpg"></div>'
        for name in ("ann", "ben")
    )
    silent = '<div class="post"><img src="/none.jpg"></div>'
    found = {
        p.url[-8:]: p.account
        for p in page(f"<article>{posts}{silent}</article>").pictures
    }
    assert found == {"/ann.jpg": "ann", "/ben.jpg": "ben", "none.jpg": ""}


@pytest.mark.parametrize(
    "time", ["", "yesterday", "1970-01-01", "2999-01-01", "0000", "٣"]
)
def test_a_time_that_is_none_or_absurd_is_not_told(time: str) -> None:
    assert (
        only(f'<article><time datetime="{time}"></time><img src="/a.jpg">').posted_at
        is None
    )


def test_an_account_is_one_short_line() -> None:
    found = only(
        f'<article data-author="a\x0b\n\u202eb {"c" * 500}"><img src="/a.jpg">'
    )
    assert found.account.startswith("a b ccc")
    assert len(found.account) == 100


def test_links_are_pages_only_and_know_the_next_page_of_a_list() -> None:
    body = (
        '<a href="/a">x</a><a href="/a.jpg">x</a><a href="/f.zip">x</a><area href="/b">'
        '<a href="/n" rel="nofollow next">x</a><link rel="next" href="/m"><a>x</a>'
        '<a href="/a">again</a><a href="mailto:a@album.example">x</a>'
    )
    links = dict(page(body).links)
    assert links == {
        "http://album.example/a": False,
        "http://album.example/b": False,
        "http://album.example/n": True,
        "http://album.example/m": True,
    }


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/s?url=http://b.example/a.jpg",
        "http://a.example/s?q=1&img=HTTPS://b.example/a.jpg",
        "http://a.example/s?url=http%3A%2F%2Fb.example%2Fa.jpg",
        "http://a.example/s?url=http%253A%252F%252Fb.example%252Fa.jpg",
        "http://a.example/s?url=//b.example/a.jpg",
        "http://a.example/s?url=www.b.example",
        "http://a.example/s?imgurl=b.example/a.jpg",
        "http://a.example/s?x=aHR0cDovL2IuZXhhbXBsZS9hLmpwZw==",
        "http://a.example/web/2020/https://b.example/a.jpg",
        "http://a.example/proxy/http:/b.example/a.jpg",
    ],
)
def test_an_address_within_an_address_is_seen(url: str) -> None:
    assert carries_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/",
        "http://a.example/p?id=1&page=2",
        "http://a.example/_next/image?url=%2Fimages%2Fa.jpg&w=640",
        "http://a.example/a.jpg?v=1.2.3/4",
        "http://a.example/https-explained",
        "http://a.example/p?title=a:b",
    ],
)
def test_an_ordinary_address_carries_none(url: str) -> None:
    assert not carries_address(url)


@pytest.mark.parametrize(
    ("path", "trap"),
    [
        ("/a/b/c", False),
        ("/2026/03/01/title", False),
        ("/a/b/a/b", False),
        ("/a/b/a/b/a", True),
        ("/" + "/".join(map(str, range(13))), True),
        ("/?a=1&b=2&c=3&d=4&e=5&f=6", False),
        ("/?a=1&b=2&c=3&d=4&e=5&f=6&g=7", True),
        ("/" + "a" * 1001, True),
    ],
)
def test_paths_that_repeat_or_never_end_are_traps(path: str, *, trap: bool) -> None:
    assert is_trap(f"http://a.example{path}") is trap


def test_spellings_of_one_address_share_a_key() -> None:
    same = [
        "http://a.example/x?b=2&a=1",
        "http://a.example/x?a=1&b=2#part",
        "http://A.example:80/x?a=1&b=2&utm_source=mail",
        "http://a.example/x;jsessionid=ABC?a=1&b=2&PHPSESSID=1",
    ]
    assert len({key(url) for url in same[:2]}) == 1
    assert key(same[3]) == key(same[0])
    assert key("http://a.example/x?a=2") != key("http://a.example/x?a=1")


def test_www_and_the_scheme_make_no_other_site() -> None:
    assert place("http://www.a.example/x") == place("https://a.example/")
    assert place("http://a.example:8080/") != place("http://a.example/")


@given(
    st.text(max_size=60), st.sampled_from(["", "http://", "//", "/", "?u=", "http://["])
)
def test_no_address_however_odd_is_an_error(text: str, start: str) -> None:
    url = joined(URL, start + text)
    if url is not None:
        key(url), shape(url), place(url), is_trap(url), carries_address(url)
        may_be_page(url)


@given(st.text(alphabet="<>/='\" abimgsrcet\0\n&;#", max_size=200))
def test_no_page_however_broken_is_an_error(text: str) -> None:
    page(f'<img src="/a.jpg">{text}')
