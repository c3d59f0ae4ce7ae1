"""The address rules. Name resolution and the connect call are faked throughout."""

import ipaddress
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tracker import netguard
from tracker.fetch import FetchError, Limits, Response, fetch, is_public

PUBLIC = "93.184.215.14"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Network:
    """A name server and an internet that exist in this process only."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self.requests: list[bytes] = []
        self.answers: list[bytes] = []
        self._ends: list[socket.socket] = []

    def resolve(self, host: str, port: int, **_: object) -> list[object]:
        self.asked.append(host)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        family = socket.AF_INET
        return [
            (family, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in self.names[host]
        ]

    def connect(
        self, _family: int, ip: netguard.IPAddress, port: int, _until: float
    ) -> socket.socket:
        self.connected.append((str(ip), port))
        ours, theirs = socket.socketpair()
        theirs.sendall(self.answers.pop(0) if self.answers else ANSWER)
        self._ends.append(theirs)
        return ours

    def heard(self) -> list[str]:
        return [end.recv(65536).decode() for end in self._ends]

    def close(self) -> None:
        for end in self._ends:
            end.close()


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    made = Network()
    monkeypatch.setattr(socket, "getaddrinfo", made.resolve)
    monkeypatch.setattr(netguard, "_connect", made.connect)
    yield made
    made.close()


def code_of(url: str, **kwargs: Any) -> str:
    with pytest.raises(FetchError) as caught:
        fetch(url, **kwargs)
    assert not url or url not in str(caught.value)
    return caught.value.code


INWARD = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.254 127.0.0.1
    127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.9
    192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.7 203.0.113.7
    224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1
    ::ffff:127.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1 64:ff9b:1::a00:1
    100::1 2001::1 2001:20::1 2001:db8::1 2002:7f00:1::1 3fff::1 5f00::1 fc00::1
    fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1
"""


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"]
)
def test_an_address_of_the_public_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", INWARD.split())
def test_an_address_of_any_other_kind_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "scheme"),
        ("example.com/a", "scheme"),
        ("//example.com/", "scheme"),
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://example.com/", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("data:text/plain,hello", "scheme"),
        ("http:example.com", "url"),
        ("http://", "url"),
        ("http:///path", "url"),
        ("http://?q", "url"),
        ("http://user@example.com/", "credentials"),
        ("http://user:secret@example.com/", "credentials"),
        ("http://@example.com/", "credentials"),
        ("http://example.com:80@127.0.0.1/", "credentials"),
        ("http://example.com\\@127.0.0.1/", "url"),
        ("http:\\\\127.0.0.1\\", "url"),
        ("http://exa mple.com/", "url"),
        ("http://example.com/\x00", "url"),
        ("http://example.com/\r\nHost: x", "url"),
        ("http://example.com/\x85", "url"),
        ("http://example.com/" + "a" * 2000, "url"),
        ("http://example.com:port/", "url"),
        ("http://[::1", "url"),
        ("http://[::1%25eth0]/", "url"),
        ("http://%31%32%37.0.0.1/", "url"),
        ("http://0x7f000001/", "url"),
        ("http://0X7F.1/", "url"),
        ("http://2130706433/", "url"),
        ("http://127.1/", "url"),
        ("http://0/", "url"),
        ("http://0177.0.0.1/", "url"),
        ("http://127.0.0.1./", "url"),
        ("http://127.0.0.0x1/", "url"),
        ("http://①②⑦.⓪.⓪.①/", "url"),
        ("http://１２７.０.０.１/", "url"),
        ("http://a..example/", "url"),
        ("http://" + "a" * 64 + ".example/", "url"),
        ("http://127.0.0.1/", "not_public"),
        ("http://127。0。0。1/", "not_public"),
        ("http://127.0.0.1:8000/", "not_public"),
        ("http://10.0.0.1/", "not_public"),
        ("http://169.254.169.254/latest/meta-data/", "not_public"),
        ("http://[::1]/", "not_public"),
        ("http://[::ffff:127.0.0.1]/", "not_public"),
        ("http://[0:0:0:0:0:ffff:7f00:1]/", "not_public"),
        ("http://[64:ff9b::7f00:1]/", "not_public"),
        ("http://[2002:7f00:1::]/", "not_public"),
        ("http://localhost/", "not_public"),
        ("http://localhost./", "not_public"),
        ("http://intranet/", "not_public"),
        ("http://example.com:22/", "not_public"),
        ("http://example.com:0/", "not_public"),
        ("http://example.com:99999/", "not_public"),
        ("https://example.com:8443/", "not_public"),
    ],
)
def test_a_hostile_spelling_is_refused_before_any_name_is_looked_up(
    network: Network, url: str, code: str
) -> None:
    assert code_of(url) == code
    assert network.asked == []
    assert network.connected == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        [PUBLIC, "10.0.0.1"],
        ["::1", PUBLIC],
        [PUBLIC, "64:ff9b::7f00:1"],
        ["fe80::1%eth0"],
        [PUBLIC] * 9 + ["192.168.0.1"],
    ],
)
def test_one_inward_address_among_the_answers_refuses_the_name(
    network: Network, addresses: list[str]
) -> None:
    network.names["pictures.example"] = addresses
    assert code_of("http://pictures.example/") == "not_public"
    assert network.connected == []


def test_the_connection_goes_to_the_address_that_was_checked(network: Network) -> None:
    network.names["pictures.example"] = [PUBLIC]
    response = fetch("http://pictures.example/a?b=c#d")
    assert response == Response(
        "http://pictures.example/a?b=c", 200, {"content-length": "2"}, b"ok", ()
    )
    assert network.connected == [(PUBLIC, 80)]
    request = network.heard()[0]
    assert request.startswith("GET /a?b=c HTTP/1.1\r\n")
    assert "\r\nhost: pictures.example\r\n" in request


def test_a_name_is_looked_up_once_so_that_it_cannot_answer_differently(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])

    def rebinding(host: str, port: int, **kwargs: object) -> list[object]:
        network.names[host] = next(answers)
        return network.resolve(host, port, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert fetch("http://rebinding.example/").status == 200
    assert network.asked == ["rebinding.example"]
    assert network.connected == [(PUBLIC, 80)]


def test_an_international_name_is_looked_up_in_its_ascii_form(network: Network) -> None:
    network.names["xn--fsqu00a.xn--0zwm56d"] = [PUBLIC]
    assert fetch("http://例子.测试/").url == "http://xn--fsqu00a.xn--0zwm56d/"


def test_the_next_address_is_tried_when_the_first_does_not_answer(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.names["pictures.example"] = [f"93.184.215.{n}" for n in range(1, 9)]
    tried = []

    def refuse(family: int, ip: object, port: int, until: float) -> socket.socket:
        tried.append(str(ip))
        raise ConnectionRefusedError

    monkeypatch.setattr(netguard, "_connect", refuse)
    assert code_of("http://pictures.example/") == "connect"
    assert tried == [f"93.184.215.{n}" for n in range(1, 5)]


def test_a_connect_that_never_ends_is_a_timeout(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.names["pictures.example"] = [PUBLIC]

    def hang(family: int, ip: object, port: int, until: float) -> socket.socket:
        raise TimeoutError

    monkeypatch.setattr(netguard, "_connect", hang)
    assert code_of("http://pictures.example/") == "timeout"


def test_a_name_that_is_not_known_is_a_dns_error_worth_another_try(
    network: Network,
) -> None:
    with pytest.raises(FetchError) as caught:
        fetch("http://unknown.example/")
    assert (caught.value.code, caught.value.permanent) == ("dns", False)


def test_a_resolver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def hang(*args: object, **kwargs: object) -> list[object]:
        released.wait(10)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    assert code_of("http://slow.example/", limits=Limits(connect_seconds=0.1)) == "dns"
    released.set()


def test_a_listed_host_may_be_inward_on_its_listed_port_only(network: Network) -> None:
    network.names["mirror"] = ["10.0.0.7"]
    allow = frozenset({"mirror:8080", "[::1]:8080"})
    assert fetch("http://mirror:8080/", allow=allow).status == 200
    assert network.connected == [("10.0.0.7", 8080)]
    assert code_of("http://mirror/", allow=allow) == "not_public"
    assert code_of("http://mirror:8081/", allow=allow) == "not_public"
    assert code_of("http://[::1]:8081/", allow=allow) == "not_public"
    assert code_of("http://127.0.0.1:8080/", allow=allow) == "not_public"


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://127.0.0.1/", "not_public"),
        ("http://inward.example/", "not_public"),
        ("//10.0.0.1/", "not_public"),
        ("http://[::ffff:7f00:1]/", "not_public"),
        ("http://0x7f000001/", "url"),
        ("http://user:secret@pictures.example/", "credentials"),
        ("file:///etc/passwd", "scheme"),
        ("http://[", "url"),
        ("http://pictures.example:6379/", "not_public"),
    ],
)
def test_every_redirect_is_guarded_anew(
    network: Network, location: str, code: str
) -> None:
    network.names |= {"pictures.example": [PUBLIC], "inward.example": ["10.0.0.1"]}
    network.answers = [f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n".encode()]
    assert code_of("http://pictures.example/") == code
    assert network.connected == [(PUBLIC, 80)]


def test_a_redirect_to_another_origin_carries_no_credentials(network: Network) -> None:
    network.names |= {"a.example": [PUBLIC], "b.example": [PUBLIC]}
    network.answers = [
        b"HTTP/1.1 302 Found\r\nLocation: /same\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://b.example/\r\n\r\n",
    ]
    headers = {"Authorization": "Bearer secret", "Cookie": "a=b", "X-Other": "kept"}
    response = fetch("http://a.example/", headers=headers)
    assert response.hops == (("http://a.example/", 302), ("http://a.example/same", 302))
    first, second, third = network.heard()
    assert "secret" in first
    assert "secret" in second
    assert "secret" not in third
    assert "a=b" not in third
    assert "x-other: kept" in third


def test_headers_of_the_connection_itself_cannot_be_overridden(
    network: Network,
) -> None:
    network.names["a.example"] = [PUBLIC]
    fetch(
        "http://a.example/", headers={"Host": "evil.example", "Accept-Encoding": "br"}
    )
    (request,) = network.heard()
    assert "evil.example" not in request
    assert "accept-encoding: gzip, deflate\r\n" in request


def test_a_header_with_a_line_break_is_refused(network: Network) -> None:
    network.names["a.example"] = [PUBLIC]
    assert code_of("http://a.example/", headers={"X": "a\r\nY: b"}) == "protocol"
