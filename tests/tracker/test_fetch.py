"""Limits and answers, against real servers on loopback that an operator has listed."""

import gzip
import logging
import socket
import ssl
import sys
import threading
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest
import trustme

from tests.loopback_sites import Answer, Page, Site, serve, talk
from tracker.fetch import FetchError, Limits, Response, fetch, user_agent
from tracker.netguard import SENTENCES

SMALL = Limits(max_bytes=1000, total_seconds=5, connect_seconds=2)


def get(port: int, path: str = "/", limits: Limits = SMALL, **kwargs: Any) -> Response:
    allow = frozenset({f"127.0.0.1:{port}"})
    return fetch(f"http://127.0.0.1:{port}{path}", allow=allow, limits=limits, **kwargs)


def code_of(port: int, limits: Limits = SMALL) -> str:
    with pytest.raises(FetchError) as caught:
        get(port, limits=limits)
    assert str(port) not in str(caught.value)
    return caught.value.code


def says(*pieces: bytes, pause: float = 0) -> Callable[[socket.socket], None]:
    def speak(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)

    return speak


def test_an_answer_comes_with_its_status_and_lower_case_headers() -> None:
    with serve(Site({"/a": Answer(b"hello", "text/plain", 410, {"X-Y": "z"})})) as site:
        response = get(site.port, "/a")
    assert (response.status, response.body) == (410, b"hello")
    assert (response.headers["x-y"], response.headers["content-type"]) == (
        "z",
        "text/plain",
    )
    assert response.hops == ()


def test_we_say_who_we_are_and_where_to_complain() -> None:
    with serve(Site({"/": "ok"})) as site:
        get(site.port)
        get(site.port, headers={"User-Agent": user_agent("https://reclaim.example")})
    first, second = (headers["user-agent"] for _, headers in site.requests)
    assert first.startswith("Reclaim/0.1.0")
    assert second == f"{first} (+https://reclaim.example)"


def test_a_repeated_header_is_joined() -> None:
    head = b"HTTP/1.1 200 OK\r\nVia: a\r\nVia: b\r\nContent-Length: 0\r\n\r\n"
    with talk(says(head)) as port:
        assert get(port).headers["via"] == "a, b"


def test_a_head_request_has_no_body() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
    with talk(says(head)) as port:
        assert get(port, method="HEAD").body == b""


def test_redirects_are_followed_and_remembered() -> None:
    pages: dict[str, Page] = {
        "/": Answer(status=301, headers={"Location": "/two words"}),
        "/two%20words": Answer(status=302, headers={"Location": "b?c=d"}),
        "/b?c=d": "here",
    }
    with serve(Site(pages)) as site:
        response = get(site.port)
    assert response.body == b"here"
    assert [(url.removeprefix(site.url), status) for url, status in response.hops] == [
        ("/", 301),
        ("/two%20words", 302),
    ]


def test_a_redirect_is_shown_when_it_is_not_to_be_followed() -> None:
    with serve(Site({"/": Answer(status=302, headers={"Location": "/b"})})) as site:
        response = get(site.port, follow=False)
    assert (response.status, response.headers["location"]) == (302, "/b")
    assert site.paths == ["/"]


def test_an_endless_redirect_ends_after_five_hops() -> None:
    with serve(Site({"/": Answer(status=302, headers={"Location": "/"})})) as site:
        assert code_of(site.port) == "redirects"
    assert len(site.paths) == 6


def test_a_redirect_to_an_unlisted_port_of_the_same_host_is_refused() -> None:
    with serve(Site({"/": "inner"})) as inner:
        away = Answer(status=302, headers={"Location": inner.url})
        with serve(Site({"/": away})) as site:
            assert code_of(site.port) == "not_public"
    assert inner.paths == []


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nX-A: ", b"HTTP/1.1 200 OK\r\n\r\n"]
)
def test_a_server_that_drips_two_bytes_at_a_time_is_cut_at_the_total_limit(
    start: bytes,
) -> None:
    ended = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(start)
        while not ended.wait(0.05):
            connection.sendall(b"xx")

    began = time.monotonic()
    with talk(drip) as port:
        limits = Limits(max_bytes=10**6, total_seconds=0.5, connect_seconds=0.5)
        assert code_of(port, limits) in {"timeout", "protocol"}
        ended.set()
    assert time.monotonic() - began < 2


def test_a_server_that_says_nothing_is_a_timeout_worth_another_try() -> None:
    with talk(says(b"", pause=1)) as port, pytest.raises(FetchError) as caught:
        get(port, limits=Limits(total_seconds=0.2))
    assert (caught.value.code, caught.value.permanent) == ("timeout", False)


def test_a_deadline_already_past_fetches_nothing() -> None:
    with talk(says(b"")) as port:
        assert code_of(port, Limits(total_seconds=0)) == "timeout"


def test_a_body_without_end_is_cut_at_the_size_limit() -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with talk(endless) as port:
        assert code_of(port, Limits(max_bytes=10**6)) == "too_large"


@pytest.mark.parametrize("length", [b"1001", b"10000000000"])
def test_an_announced_size_over_the_limit_is_refused_unread(length: bytes) -> None:
    with talk(
        says(b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n\r\n")
    ) as port:
        assert code_of(port) == "too_large"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"\x16\x03\x01\x00garbage\r\n\r\n",
        b"",
    ],
)
def test_an_answer_that_is_not_http_is_a_protocol_error(answer: bytes) -> None:
    with talk(says(answer)) as port:
        assert code_of(port, Limits(total_seconds=5)) == "protocol"


def packed(data: bytes, coding: str) -> bytes:
    if coding == "gzip":
        return gzip.compress(data)
    if coding == "deflate":
        return zlib.compress(data)
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return raw.compress(data) + raw.flush()


@pytest.mark.parametrize(
    ("coding", "name"),
    [("gzip", "gzip"), ("gzip", "X-GZip"), ("deflate", "deflate"), ("raw", "deflate")],
)
def test_a_packed_answer_is_unpacked(coding: str, name: str) -> None:
    body = packed(b"hello " * 50, coding)
    page = Answer(body, headers={"Content-Encoding": name})
    with serve(Site({"/": page})) as site:
        assert get(site.port).body == b"hello " * 50


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_bomb_is_inflated_no_further_than_the_limit(coding: str) -> None:
    bomb = packed(b"\0" * 50_000_000, coding)
    page = Answer(bomb, headers={"Content-Encoding": coding})
    with serve(Site({"/": page})) as site:
        assert code_of(site.port, Limits(max_bytes=1_000_000)) == "too_large"


def test_many_small_pieces_that_inflate_are_bounded_together() -> None:
    body = packed(b"\0" * 900, "gzip")
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    pieces = [body[i : i + 1] for i in range(len(body))]
    with talk(says(head, *pieces)) as port:
        assert get(port).body == b"\0" * 900
        assert code_of(port, Limits(max_bytes=899)) == "too_large"


def test_a_packed_answer_that_breaks_off_is_a_protocol_error() -> None:
    body = gzip.compress(b"hello" * 100)[:-9]
    page = Answer(body, headers={"Content-Encoding": "gzip"})
    with serve(Site({"/": page})) as site:
        assert code_of(site.port) == "protocol"


def test_a_closed_port_is_a_connect_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert code_of(port) == "connect"


def test_a_connection_that_is_reset_is_a_connect_error() -> None:
    def reset(connection: socket.socket) -> None:
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    with talk(reset) as port:
        assert code_of(port) in {"connect", "protocol"}


def secure(port: int, limits: Limits = SMALL) -> Response:
    allow = frozenset({f"localhost:{port}"})
    return fetch(f"https://localhost:{port}/", allow=allow, limits=limits)


OK = says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def test_a_certificate_of_an_unknown_authority_is_refused() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    with talk(OK, context) as port, pytest.raises(FetchError) as caught:
        secure(port)
    assert (caught.value.code, caught.value.permanent) == ("tls", True)


def own_authority(monkeypatch: pytest.MonkeyPatch, name: str) -> ssl.SSLContext:
    """A server's certificate for `name`, by an authority that the client trusts."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    monkeypatch.setattr(sys.modules["tracker.fetch"], "_tls", lambda: client)
    return server


def test_a_valid_certificate_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    with talk(OK, own_authority(monkeypatch, "localhost")) as port:
        assert secure(port).body == b"ok"


def test_a_certificate_for_another_name_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = own_authority(monkeypatch, "other.example")
    with talk(OK, context) as port, pytest.raises(FetchError, match="certificate"):
        secure(port)


def test_a_handshake_that_never_ends_is_a_timeout() -> None:
    with talk(says(b"", pause=2)) as port, pytest.raises(FetchError) as caught:
        secure(port, Limits(total_seconds=5, connect_seconds=0.2))
    assert caught.value.code == "timeout"


def test_a_handshake_that_is_broken_off_is_an_error_of_its_own() -> None:
    with talk(says(b"")) as port, pytest.raises(FetchError) as caught:
        secure(port)
    assert caught.value.code in {"tls", "connect"}


def test_no_address_ever_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serve(
        Site({"/secret": Answer(status=302, headers={"Location": "/b"})})
    ) as site:
        get(site.port, "/secret")
    assert caplog.records == []


def test_every_code_has_a_plain_sentence() -> None:
    for code, sentence in SENTENCES.items():
        assert str(FetchError(code)) == sentence
        assert sentence.endswith(".")
