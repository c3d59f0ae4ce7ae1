"""The one door to untrusted addresses: guarded, bounded in time and size, silent.

It knows nothing of pages, pictures or cases, and it never writes an address to a log.
"""

import logging
import re
import ssl
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import httpcore
import httpx

from tracker.netguard import (
    FetchError,
    GuardedBackend,
    checked,
    is_public,
    origin_of,
    port_of,
)

__all__ = [
    "FetchError",
    "Limits",
    "Response",
    "checked",
    "fetch",
    "is_public",
    "unpacked",
    "user_agent",
]

# The transport writes every address it meets to its debug log; a victim's address
# belongs in no log at all.
logging.getLogger("httpcore").setLevel(logging.INFO)

MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PRIVATE_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
OWN_HEADERS = frozenset({"host", "accept-encoding", "connection", "content-length"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one fetch may cost, all redirects together."""

    max_bytes: int = 25 * 2**20
    total_seconds: float = 60.0
    connect_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Response:
    """The last answer. Header names are lower-case; `hops` are the redirects before."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes
    hops: tuple[tuple[str, int], ...] = ()


def user_agent(contact: str = "") -> str:
    """Our name for servers, with the place where a site owner can complain."""
    return f"Reclaim/{_version()} (+{contact})" if contact else f"Reclaim/{_version()}"


def fetch(
    url: str,
    *,
    allow: frozenset[str] = frozenset(),
    limits: Limits = Limits(),
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    follow: bool = True,
) -> Response:
    """Fetch `url` by GET or HEAD, with at most five redirects, each guarded anew.

    `allow` holds "host:port" strings that an operator lists though they are not
    public. Raises FetchError.
    """
    deadline = time.monotonic() + limits.total_seconds
    backend = GuardedBackend(allow, limits.connect_seconds, deadline)
    sent = {name.lower(): value for name, value in (headers or {}).items()}
    hops: list[tuple[str, int]] = []
    target = checked(url, allow)
    while True:
        response = _exchange(target, method, sent, backend, limits.max_bytes)
        location = response.headers.get("location", "")
        if not (follow and response.status in REDIRECTS and location):
            return replace(response, hops=tuple(hops))
        if len(hops) == MAX_REDIRECTS:
            raise FetchError("redirects")
        hops.append((response.url, response.status))
        onward = checked(_joined(target, location), allow)
        if origin_of(onward) != origin_of(target):
            sent = {k: v for k, v in sent.items() if k not in PRIVATE_HEADERS}
        target = onward


def _joined(base: httpx.URL, location: str) -> str:
    try:
        return str(base.join(location.strip().replace(" ", "%20")))
    except (httpx.InvalidURL, ValueError):
        raise FetchError("url") from None


def _exchange(
    target: httpx.URL,
    method: str,
    headers: dict[str, str],
    backend: GuardedBackend,
    max_bytes: int,
) -> Response:
    asked = {
        "accept": "*/*",
        "user-agent": user_agent(),
        **{k: v for k, v in headers.items() if k not in OWN_HEADERS},
        "host": target.netloc.decode("ascii"),
        "accept-encoding": "gzip, deflate",
        "connection": "close",
    }
    try:
        with (
            httpcore.ConnectionPool(
                ssl_context=_tls(), max_connections=1, network_backend=backend
            ) as pool,
            closing(pool.handle_request(_request(target, method, asked))) as answer,
        ):
            received = _received(answer.headers)
            wanted = method != "HEAD" and answer.status not in REDIRECTS
            body = _body(answer, received, max_bytes) if wanted else b""
    except (httpcore.ProtocolError, zlib.error, ValueError):
        raise FetchError("protocol") from None
    return Response(str(target.copy_with(fragment=None)), answer.status, received, body)


def _request(
    target: httpx.URL, method: str, headers: dict[str, str]
) -> httpcore.Request:
    return httpcore.Request(
        method=method,
        url=httpcore.URL(
            scheme=target.raw_scheme,
            host=target.raw_host,
            port=port_of(target),
            target=target.raw_path,
        ),
        headers=[(k.encode("ascii"), v.encode("utf-8")) for k, v in headers.items()],
    )


def _received(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        # Many servers send a Location in plain UTF-8, so latin-1 would spoil it.
        name, value = (
            raw_name.decode("ascii").lower(),
            raw_value.decode(errors="replace"),
        )
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _body(answer: httpcore.Response, headers: dict[str, str], max_bytes: int) -> bytes:
    """Read as it comes, never more than `max_bytes`, neither packed nor unpacked."""
    if int(headers.get("content-length") or 0) > max_bytes:
        raise FetchError("too_large")
    body = bytearray()
    coding = headers.get("content-encoding", "identity").strip().lower()
    for piece in unpacked(_bounded(answer.iter_stream(), max_bytes), coding, max_bytes):
        body += piece
        if len(body) > max_bytes:
            raise FetchError("too_large")
    return bytes(body)


def _bounded(pieces: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > max_bytes:
            raise FetchError("too_large")
        yield piece


def unpacked(pieces: Iterator[bytes], coding: str, max_bytes: int) -> Iterator[bytes]:
    """Undo gzip or deflate; no piece is ever inflated beyond `max_bytes` + 1.

    Raises FetchError, and zlib.error for what is not packed at all.
    """
    if coding in {"", "identity"}:
        yield from pieces
        return
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise FetchError("protocol")  # we did not ask for it
    inflater = None
    for piece in pieces:
        if inflater is None:
            inflater = zlib.decompressobj(_window(coding, piece))
        yield inflater.decompress(piece, max_bytes + 1)
        if inflater.unconsumed_tail:
            raise FetchError("too_large")
    if inflater is not None and not inflater.eof:
        raise FetchError("protocol")


def _window(coding: str, start: bytes) -> int:
    """Deflate comes with a zlib header (RFC 9110) or, from old servers, without."""
    if coding != "deflate":
        return zlib.MAX_WBITS | 16
    return zlib.MAX_WBITS if start[0] & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


@cache
def _version() -> str:
    """CHANGELOG.md is the one source of the version."""
    text = (Path(__file__).parents[1] / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(r"^## \[?(\d[\w.]*)", text, re.MULTILINE)
    return found[1] if found else "0"
