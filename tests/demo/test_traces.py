"""Whoever visits leaves no address and no browser's name: in no row, log, session or file.

The very portal of `make run` is visited from an address and by a browser like no other, in
every way that the pages offer and in some that they do not; then all that it keeps is read.
"""

import base64
import binascii
import http.client
import socket
import sqlite3
import time
import zlib
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from tests.demo.conftest import Portal
from tests.portal.pages import LEAVING, Page, faces

HERE = "127.0.0.66"  # the visitor's own loopback address
BEFORE = "203.0.113.77"  # what a proxy in front would tell of it
BROWSER = "Mozilla/5.0 (Marker 7f3a91; like no other)"
REPORTED = "http://127.0.0.1:9/1"  # inside: refused before anything is asked
PLANTED = (HERE, BEFORE, BROWSER, "Marker 7f3a91")


class Visitor:
    """A browser that says too much of itself, and keeps its cookies."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: SimpleCookie = SimpleCookie()

    def asks(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and page."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=60, source_address=(HERE, 0)
        )
        headers = {
            "User-Agent": BROWSER,
            "X-Forwarded-For": BEFORE,
            "X-Real-IP": BEFORE,
            "Forwarded": f"for={BEFORE}",
            "Origin": "null",
            "Cookie": "; ".join(f"{m.key}={m.value}" for m in self.cookies.values()),
        }
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = None if form is None else urlencode(form)
        connection.request("GET" if form is None else "POST", path, body, headers)
        answer = connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            self.cookies.load(cookie)
        assert "/" not in answer.headers.get("Server", ""), "no version"
        page = answer.read().decode("utf-8", "replace")
        connection.close()
        return answer.status, page

    def says(self, raw: bytes) -> None:
        """Something that is hardly a request."""
        with socket.create_connection(
            ("127.0.0.1", self.port), 10, source_address=(HERE, 0)
        ) as connection:
            connection.sendall(raw)
            connection.recv(100)


def reports(visitor: Visitor) -> None:
    """The shortest report, and its case opened, so that there is a session to look into."""
    for path, form in (("/report/what/", {}), ("/report/where/", {"urls": REPORTED})):
        visitor.asks(path, filled(visitor.asks(path)[1]) | form | {"go": "next"})
    path = "/report/review/"
    _, received = visitor.asks(path, filled(visitor.asks(path)[1]))
    words = received.partition('id="passphrase"')[2].partition(">")[2].partition("<")[0]
    assert len(words.split()) == 8, received
    form = filled(visitor.asks("/case/")[1]) | {"passphrase": words.strip()}
    assert visitor.asks("/case/", form)[0] == 302


def filled(page: str) -> dict[str, str]:
    """What the forms of a page send, all at once, with a word in every open field."""
    form: dict[str, str] = {}
    for tag in Page(page).all("input", "textarea", "button"):
        name, kind = tag.attributes.get("name", ""), tag.attributes.get("type", "text")
        if name and kind not in {"file", "submit"}:
            form[name] = tag.attributes.get("value") or REPORTED
    return form


def kept(var: Path) -> Iterator[tuple[str, bytes]]:
    """All that the portal keeps, and what is packed within."""
    for path in var.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()
    for (data,) in sqlite3.connect(var / "reclaim.sqlite3").execute(
        "SELECT session_data FROM django_session"
    ):
        yield "a session", unpacked(data)


def unpacked(session: str) -> bytes:
    """A session's content, from the text that django.core.signing makes of it."""
    packed = session.startswith(".")
    text = session.lstrip(".").partition(":")[0]
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return zlib.decompress(content) if packed else content
    except (binascii.Error, zlib.error):
        return session.encode()


def test_no_visit_leaves_an_address_or_a_browsers_name(portal: Portal) -> None:
    visitor = Visitor(portal.port)
    for route in (route for route in faces() if route.name not in LEAVING):
        status, page = visitor.asks(route.path)
        assert status < 500, route
        if "csrfmiddlewaretoken" in page:
            assert visitor.asks(route.path, filled(page))[0] < 500, route
    reports(Visitor(portal.port))
    visitor.asks("/case/", {"passphrase": "x"})  # without a token
    _, door = visitor.asks("/desk/login/")
    visitor.asks("/desk/login/", filled(door) | {"username": "wren"})
    visitor.asks("/api/v1/lookups", {"sha256": "0" * 64})
    visitor.asks("/nothing/here/")
    line = f"User-Agent: {BROWSER}\r\nX-Forwarded-For: {BEFORE}\r\n".encode()
    for raw in (
        b"no request at all\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: elsewhere.example\r\n" + line + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + line + b"A" * 9000 + b"\r\n\r\n",
        b"POST /case/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"POST /case/ HTTP/1.1\r\nHost: localhost\r\n" + line + b"\r\n",
    ):
        visitor.says(raw)
    time.sleep(1)  # what rings must be heard
    portal.stop()
    found = dict(kept(portal.var))
    assert "a session" in found
    assert any(name.endswith("web.log") for name in found)
    for name, content in found.items():
        for planted in PLANTED:
            assert planted.encode() not in content, (name, planted)
