"""Small web sites on loopback for the tests: what a source meets, drawn by code."""

import contextlib
import functools
import io
import json
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image, ImageDraw


@functools.cache
def picture(number: int, size: int = 64, kind: str = "JPEG") -> bytes:
    """A drawn picture, a different one for each number."""
    image = Image.new("RGB", (size, size), (number * 37 % 256, number * 91 % 256, 120))
    draw = ImageDraw.Draw(image)
    draw.ellipse((8, 8, 16 + number % 40, 40), fill=(255, 255, number % 256))
    draw.text((4, size - 14), str(number), fill="white")
    held = io.BytesIO()
    image.save(held, kind)
    return held.getvalue()


@dataclass
class Answer:
    body: bytes = b""
    type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Page = Answer | str | bytes | Callable[[str, dict[str, str]], Answer]


@dataclass
class Site:
    """Pages by path (with query), and every request that was made."""

    pages: dict[str, Page] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    port: int = 0
    otherwise: Page = field(default_factory=lambda: Answer(b"nothing here", status=404))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def allow(self) -> list[str]:
        return [f"127.0.0.1:{self.port}"]

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]

    def answer(self, path: str, headers: dict[str, str]) -> Answer:
        self.requests.append((path, headers))
        self.times.append(time.monotonic())
        page = self.pages.get(path, self.otherwise)
        if isinstance(page, Answer):
            return page
        if isinstance(page, bytes):
            return Answer(page, "image/jpeg")
        if isinstance(page, str):
            return Answer(page.encode())
        return page(path, headers)


@contextlib.contextmanager
def serve(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = site.answer(self.path, headers)
            with contextlib.suppress(ConnectionError):
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.type)
                self.send_header("Content-Length", str(len(answer.body)))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    site.port = server.server_address[1]
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def talk(
    speak: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None
) -> Iterator[int]:
    """A server that reads one request and then says raw bytes; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(connection)
            if tls is not None:
                connection = stack.enter_context(
                    tls.wrap_socket(connection, server_side=True)
                )
            connection.recv(65536)
            speak(connection)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def gallery(posts: int = 6, per_list: int = 3) -> Site:
    """List pages with thumbnails, and posts with an author, a time and a picture."""
    site = Site({"/robots.txt": Answer(b"User-agent: *\nDisallow: /private/\n")})
    lists = (posts + per_list - 1) // per_list
    for page in range(lists):
        numbers = range(page * per_list, min(posts, (page + 1) * per_list))
        items = "".join(
            f'<a href="/post/{n}"><img src="/thumb/{n}.jpg"></a>' for n in numbers
        )
        more = f'<a href="/page/{page + 1}">more</a>' if page + 1 < lists else ""
        path = f"/page/{page}" if page else "/"
        site.pages[path] = f"<html><body>{items}{more}</body></html>"
    for n in range(posts):
        site.pages[f"/thumb/{n}.jpg"] = picture(n, 32)
        site.pages[f"/image/{n}.jpg"] = picture(n)
        site.pages[f"/post/{n}"] = (
            f'<html><body><article><a rel="author">painter{n}</a>'
            f'<time datetime="2026-03-0{n % 9 + 1}T12:00:00Z">then</time>'
            f'<img src="/image/{n}.jpg"></article><a href="/">home</a>'
            '<a href="/private/x">no</a></body></html>'
        )
    site.pages["/private/x"] = '<img src="/image/0.jpg">'
    return site


def forum(replies: int = 4) -> Site:
    """One thread; each reply is a block with its own author and its own picture."""
    blocks = "".join(
        f'<div class="post" data-author="user{n}"><time datetime="2026-04-01T0{n}:00'
        f'+00:00"></time><p>look</p><img data-src="/up/{n}.jpg" src="/blank.gif"></div>'
        for n in range(replies)
    )
    site = Site({"/": f"<html><body>{blocks}</body></html>"})
    site.pages |= {f"/up/{n}.jpg": picture(50 + n) for n in range(replies)}
    return site


def mastodon(statuses: int = 7, per_page: int = 3) -> Site:
    """A public timeline, newest first, that pages by max_id and min_id."""
    site = Site()

    def number(text: str, otherwise: int) -> int:
        return int(text) if text.isdecimal() else otherwise

    def timeline(path: str, _: dict[str, str]) -> Answer:
        query = dict(
            pair.split("=", 1)
            for pair in path.partition("?")[2].split("&")
            if "=" in pair
        )
        newest = number(query.get("max_id", ""), 10**9) - 1
        oldest = number(query.get("min_id", ""), 0) + 1
        ids = [n for n in range(statuses, 0, -1) if oldest <= n <= newest]
        if "min_id" in query:
            ids = ids[-per_page:]
        page = [status(n) for n in ids[:per_page]]
        return Answer(json.dumps(page).encode(), "application/json")

    def status(n: int) -> dict[str, object]:
        attached = {"type": "image", "url": f"{site.url}/media/{n}.jpg"}
        return {
            "id": str(n),
            "url": f"{site.url}/@painter/{n}",
            "created_at": f"2026-05-0{n % 9 + 1}T00:00:00.000Z",
            "account": {"acct": f"painter{n % 2}@social.example"},
            "media_attachments": [attached, {"type": "video", "url": "/v.mp4"}],
        }

    site.otherwise = timeline
    site.pages |= {f"/media/{n}.jpg": picture(100 + n) for n in range(1, statuses + 1)}
    return site


def feed(entries: int = 3) -> Site:
    """An Atom feed with one picture per entry, in three different places."""
    site = Site()

    def atom(_: str, headers: dict[str, str]) -> Answer:
        if headers.get("if-none-match") == '"v1"':
            return Answer(status=304)
        items = "".join(
            f"<entry><id>tag:{n}</id><author><name>writer{n}</name></author>"
            f'<updated>2026-06-0{n + 1}T10:00:00Z</updated><link href="/e/{n}"/>'
            f"{place(n)}</entry>"
            for n in range(entries)
        )
        text = (
            '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" '
            f'xmlns:media="http://search.yahoo.com/mrss/">{items}</feed>'
        )
        return Answer(text.encode(), "application/atom+xml", headers={"ETag": '"v1"'})

    def place(n: int) -> str:
        image = f"{site.url}/f/{n}.jpg"
        return (
            f'<link rel="enclosure" type="image/jpeg" href="{image}"/>',
            f'<media:content url="{image}" medium="image"/>',
            f'<content type="html">&lt;img src="/f/{n}.jpg"&gt;</content>',
        )[n % 3]

    site.pages["/feed"] = atom
    site.pages |= {f"/f/{n}.jpg": picture(200 + n) for n in range(entries)}
    return site


def warc_record(kind: str, url: str, http: bytes, **headers: str) -> bytes:
    """One WARC 1.0 record; warcio's own writer leaves its temporary files open."""
    lines = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{zlib.crc32(url.encode() + http):08x}>",
        "WARC-Date": "2026-02-03T04:05:06Z",
        "WARC-Target-URI": url,
        "Content-Type": f"application/http; msgtype={kind}",
        "Content-Length": str(len(http)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return b"WARC/1.0\r\n" + head.encode() + b"\r\n" + http + b"\r\n\r\n"


def warc_response(
    url: str, body: bytes, *headers: str, status: str = "200 OK"
) -> bytes:
    head = "".join(f"{header}\r\n" for header in headers)
    return warc_record(
        "response", url, f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body
    )


def recording(pictures: int = 3) -> list[bytes]:
    """Pages, pictures and their requests, on either side of the response."""
    records = []
    for n in range(pictures):
        page, image = f"http://album.example/{n}", f"http://album.example/{n}.jpg"
        records.append(
            warc_response(page, b"<html>page</html>", "Content-Type: text/html")
        )
        asked = f"GET /{n}.jpg HTTP/1.1\r\nReferer: {page}\r\n\r\n".encode()
        pair = [
            warc_response(image, picture(300 + n)),
            warc_record("request", image, asked),
        ]
        records += pair if n % 2 else reversed(pair)
    return records
