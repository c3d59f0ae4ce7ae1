"""Which addresses a stranger may send us to, and connections that go nowhere else.

Only `tracker.fetch` uses it; it knows sockets and names, and nothing of HTTP.
"""

import ipaddress
import queue
import re
import socket
import ssl
import threading
import time

import httpcore
import httpx

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

SENTENCES = {
    "url": "This is not an address that can be fetched.",
    "scheme": "Only http and https addresses are fetched.",
    "credentials": "An address with a user name or password in it is not fetched.",
    "not_public": "The address does not lead to a public place on the internet.",
    "dns": "The name in the address could not be found.",
    "connect": "The server could not be reached, or broke off.",
    "tls": "The server's certificate is not valid.",
    "timeout": "The server took too long.",
    "too_large": "The answer is larger than allowed.",
    "redirects": "The address leads on to other addresses without end.",
    "protocol": "The server's answer is not valid HTTP.",
}
PERMANENT = frozenset(SENTENCES) - {"dns", "connect", "timeout", "protocol"}

MAX_URL = 2000
MAX_ADDRESSES = 4  # of one name: a name with a thousand addresses is not walked through
PORTS = {"http": 80, "https": 443}

_UNFIT = re.compile(r"[\x00-\x20\x7f-\x9f\\]")
_HOST = re.compile(r"(?=.{1,254}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_INWARD = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # IETF assignments; parts of it count as global
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "2001::/23",  # IETF assignments with Teredo, 2001::/32
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries an IPv4 address of anybody's choice
        "3fff::/20",  # documentation (RFC 9637)
    )
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # so not 64:ff9b::/96, ::/96, fc00::


class FetchError(Exception):
    """Nothing was fetched. `code` is a key of SENTENCES, `str()` a plain sentence.

    `permanent` says that asking again soon cannot help.
    """

    def __init__(self, code: str) -> None:
        super().__init__(SENTENCES[code])
        self.code = code
        self.permanent = code in PERMANENT


def is_public(ip: IPAddress) -> bool:
    """The one rule: may a stranger's address lead us here?

    `not ip.is_private` would be wrong: 100.64.0.0/10 is neither private nor global.
    """
    mapped = getattr(ip, "ipv4_mapped", None)
    if mapped is not None:
        return is_public(mapped)
    if ip.version == 6 and ip not in _GLOBAL_UNICAST:
        return False
    inward = any(ip in network for network in _INWARD)
    return ip.is_global and not ip.is_multicast and not inward


def checked(url: str, allow: frozenset[str]) -> httpx.URL:
    """Everything that can be said of an address before any name is looked up."""
    if len(url) > MAX_URL or _UNFIT.search(url):
        raise FetchError("url")
    try:
        target = httpx.URL(url)
        host = target.raw_host.decode("ascii")
    except (httpx.InvalidURL, ValueError):
        raise FetchError("url") from None
    if target.scheme not in PORTS:
        raise FetchError("scheme")
    if target.userinfo or "@" in url.split("://", 1)[-1].split("/", 1)[0]:
        raise FetchError("credentials")
    literal = _literal(host)
    if _listed(host, port_of(target), allow):
        return target
    if port_of(target) not in PORTS.values():
        raise FetchError("not_public")
    if literal is None and "." not in host.rstrip("."):
        raise FetchError("not_public")
    if literal is not None and not is_public(literal):
        raise FetchError("not_public")
    return target


def _literal(host: str) -> IPAddress | None:
    """The IP address that `host` is, or None for a name; odd spellings are refused."""
    if ":" in host:
        if "%" in host:
            raise FetchError("url")
        return ipaddress.IPv6Address(host)
    if not _HOST.fullmatch(host):
        raise FetchError("url")
    # The last label decides (WHATWG URL, "ends in a number"): 127.1, 0x7f000001 and
    # 2130706433 are all 127.0.0.1 to some resolvers.
    if not _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return None
    try:
        return ipaddress.IPv4Address(host)
    except ValueError:
        raise FetchError("url") from None


def port_of(target: httpx.URL) -> int:
    return PORTS[target.scheme] if target.port is None else target.port


def origin_of(target: httpx.URL) -> tuple[str, str, int]:
    return target.scheme, target.host, port_of(target)


def _listed(host: str, port: int, allow: frozenset[str]) -> bool:
    return (f"[{host}]:{port}" if ":" in host else f"{host}:{port}") in allow


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to checked addresses only.

    The name is looked up once and the connection goes to the very address that was
    checked, so a name that answers differently the second time gains nothing. Host
    and TLS names stay right because the URL is not rewritten.
    """

    def __init__(
        self, allow: frozenset[str], connect_seconds: float, deadline: float
    ) -> None:
        self._allow = allow
        self._seconds = connect_seconds
        self._deadline = deadline

    def connect_tcp(
        self, host: str, port: int, *_: object, **__: object
    ) -> httpcore.NetworkStream:
        """Raises FetchError: not_public, dns, connect or timeout."""
        until = min(self._deadline, time.monotonic() + self._seconds)
        answers = _resolve(host, port, until)
        listed = _listed(host, port, self._allow)
        if not listed and not all(is_public(ip) for _, ip in answers):
            raise FetchError("not_public")
        failure = FetchError("connect")
        for family, ip in answers[:MAX_ADDRESSES]:
            try:
                return _Stream(_connect(family, ip, port, until), self._deadline, until)
            except TimeoutError:
                failure = FetchError("timeout")
            except OSError:
                failure = FetchError("connect")
        raise failure


def remaining(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise FetchError("timeout")
    return seconds


def _resolve(
    host: str, port: int, until: float
) -> list[tuple[socket.AddressFamily, IPAddress]]:
    """Look the name up in a thread of its own: a resolver knows no deadline."""
    answer: queue.SimpleQueue[list[tuple[socket.AddressFamily, str]]] = (
        queue.SimpleQueue()
    )

    def ask() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.put([(info[0], str(info[4][0])) for info in infos])
        except (OSError, UnicodeError):
            answer.put([])

    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answer.get(timeout=remaining(until))
    except queue.Empty:
        raise FetchError("dns") from None
    if not found:
        raise FetchError("dns")
    return [(family, ipaddress.ip_address(text)) for family, text in found]


def _connect(
    family: socket.AddressFamily, ip: IPAddress, port: int, until: float
) -> socket.socket:
    """Raises OSError, TimeoutError included."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(remaining(until))
        sock.connect((str(ip), port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


class _Stream(httpcore.NetworkStream):
    """A socket that looks at the clock before every read and write.

    So a server that drips its headers or body, two bytes at a time, is cut too. The
    time-outs that the transport passes on are left aside: ours are stricter.
    """

    def __init__(
        self, sock: socket.socket, deadline: float, connected_by: float
    ) -> None:
        self._sock = sock
        self._deadline = deadline
        self._connected_by = connected_by

    def read(self, max_bytes: int, *_: object, **__: object) -> bytes:
        try:
            self._sock.settimeout(remaining(self._deadline))
            return self._sock.recv(max_bytes)
        except TimeoutError:
            raise FetchError("timeout") from None
        except OSError:
            raise FetchError("connect") from None

    def write(self, buffer: bytes, *_: object, **__: object) -> None:
        try:
            self._sock.settimeout(remaining(self._deadline))
            self._sock.sendall(buffer)
        except TimeoutError:
            raise FetchError("timeout") from None
        except OSError:
            raise FetchError("connect") from None

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        *_: object,
        **__: object,
    ) -> httpcore.NetworkStream:
        try:
            self._sock.settimeout(remaining(self._connected_by))
            wrapped = ssl_context.wrap_socket(
                self._sock, server_hostname=server_hostname
            )
        except TimeoutError:
            self.close()
            raise FetchError("timeout") from None
        except (ssl.SSLError, ValueError):
            self.close()
            raise FetchError("tls") from None
        except OSError:
            self.close()
            raise FetchError("connect") from None
        return _Stream(wrapped, self._deadline, self._connected_by)
