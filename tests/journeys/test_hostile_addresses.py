"""Addresses that lead astray, and servers that never end: refused, said, and left behind."""

import socket
import ssl
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
import trustme
from django.utils import timezone

import tracker
from portal.accounts.models import User
from portal.cases.models import ReportedUrl
from portal.platforms.models import Host, Platform
from portal.sightings import visiting
from portal.sightings.models import Observation, Sighting
from portal.sightings.tasks import sweep_sources
from tests.journeys.conftest import Victim, Worker, picture, post
from tests.journeys.quiet import Listener
from tests.journeys.test_crawl_to_sighting import a_source
from tests.loopback_sites import Answer, Site, serve, talk

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
FAILED = "We could not reach an address you gave on {host}. A person will look at it."
# Spellings of loopback, or of nearby, that a form can hold; {port} is a server of ours
# that must not hear a word.
INWARD = [
    "http://127.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://0x7f000001:{port}/",
    "http://2130706433:{port}/",
    "http://017700000001:{port}/",
    "http://0.0.0.0:{port}/",
    "http://localhost:{port}/",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://１２７.0.0.1:{port}/",
    "http://169.254.169.254/latest/",
]


@pytest.fixture
def listed(site: Site, chirp: Platform) -> Site:
    """A site on loopback that the operator vouches for."""
    Host.objects.create(platform=chirp, name=f"127.0.0.1:{site.port}", inward=True)
    return site


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Visits of seconds instead of minutes."""
    limits = tracker.VisitLimits(seconds=3, beat=0.3)
    monkeypatch.setattr(visiting, "LIMITS", limits)


def vouched(platform: Platform, port: int) -> str:
    name = f"127.0.0.1:{port}"
    Host.objects.create(platform=platform, name=name, inward=True)
    return name


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://amina:hunter2@chirp.example/", "a user name or password"),
        ("https://amina@chirp.example/", "a user name or password"),
        ("http://127.0.0.1:99999/", "not a web address"),
        ("http://[::1/", "not a web address"),
        ("http://2130706433/", "not a web address"),
        ("http://localhost/", "not a web address"),
        ("file:///etc/passwd", "starts with http:// or https://"),
        ("gopher://127.0.0.1:6379/_FLUSHALL", "starts with http:// or https://"),
        ("javascript:alert(1)", "starts with http:// or https://"),
    ],
)
def test_an_address_that_is_none_is_refused_with_its_line_and_kept_in_the_form(
    amina: Victim, logs: Listener, address: str, words: str
) -> None:
    logs.plant(address, "hunter2")
    page = amina.is_refused(urls=f"https://chirp.example/1\n{address}")
    assert "Line 2: " in page
    assert words in page
    assert f"https://chirp.example/1\n{address}</textarea>" in page
    assert not ReportedUrl.objects.exists()


def test_no_spelling_of_an_inward_address_is_ever_asked(
    amina: Victim, site: Site
) -> None:
    urls = [url.format(port=site.port) for url in INWARD]
    amina.reports(None, urls="\n".join(urls))
    page = amina.sees()
    assert page.count("We could not reach an address you gave on") == len(urls)
    assert FAILED.format(host=f"127.0.0.1:{site.port}") in page
    assert site.requests == []
    assert not ReportedUrl.objects.filter(visited_at=None).exists()
    outcomes = set(ReportedUrl.objects.values_list("outcome", flat=True))
    assert outcomes <= {"not_public", "url"}


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.1:{port}/", "http://x:y@127.0.0.1:{port}/", "file:///etc/passwd"],
)
def test_a_redirect_inward_is_not_followed(
    amina: Victim, listed: Site, location: str
) -> None:
    with serve(Site()) as inside:
        onward = {"Location": location.format(port=inside.port)}
        listed.pages["/"] = Answer(status=302, headers=onward)
        amina.reports(None, urls=f"{listed.url}/")
        assert inside.requests == []
    assert FAILED.format(host=f"127.0.0.1:{listed.port}") in amina.sees()


def test_an_endless_redirect_ends(amina: Victim, listed: Site) -> None:
    def onward(path: str, _: dict[str, str]) -> Answer:
        return Answer(status=302, headers={"Location": f"{path}x"})

    listed.otherwise = onward
    listed.pages["/robots.txt"] = Answer(status=404)
    amina.reports(None, urls=f"{listed.url}/x")
    assert FAILED.format(host=f"127.0.0.1:{listed.port}") in amina.sees()
    assert ReportedUrl.objects.get().outcome == "redirects"
    assert len(listed.requests) < 10


def drip(connection: socket.socket) -> None:
    """Two bytes a second, for as long as somebody listens."""
    connection.sendall(HEAD + b"\r\n")
    while True:
        connection.sendall(b"<p")
        time.sleep(1)


def with_robots(
    speak: Callable[[socket.socket], None],
) -> Callable[[socket.socket], None]:
    """Answers the first question, for robots.txt, at once, and the later ones so."""
    asked: list[bool] = []

    def answer(connection: socket.socket) -> None:
        if asked:
            speak(connection)
        else:
            asked.append(True)
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    return answer


@pytest.mark.usefixtures("hurried")
def test_a_reported_server_that_drips_is_left_and_seen_by_one_worker_only(
    amina: Victim, chirp: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed = []
    keep = visiting._keep_claim

    def watched(reported: ReportedUrl) -> None:
        before = reported.claimed_at
        keep(reported)
        renewed.append(reported.claimed_at != before)

    monkeypatch.setattr(visiting, "_keep_claim", watched)
    with talk(with_robots(drip)) as port:
        host = vouched(chirp, port)
        started = time.monotonic()
        amina.reports(None, urls=f"http://{host}/slow")
        assert time.monotonic() - started < 8
    assert FAILED.format(host=host) in amina.sees()
    assert ReportedUrl.objects.get().outcome in {"time", "timeout"}
    assert len(renewed) > 3
    assert all(renewed)


@pytest.mark.usefixtures("hurried")
def test_a_source_that_drips_keeps_its_lease_and_is_visited_less_often(
    wren: User,
) -> None:
    with talk(with_robots(drip)) as port:
        site = Site(port=port)
        source = a_source(site)
        Worker(wren).does(f"/desk/sources/{source.pk}/visit/")
    source.refresh_from_db()
    assert source.outcome in {"time", "timeout"}
    assert (source.failures, source.lease, source.lease_until) == (1, 1, None)
    assert source.next_visit_at > timezone.now() + timedelta(hours=1)
    sweep_sources()
    source.refresh_from_db()
    assert source.lease == 1


def ten_gigabytes_promised(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 10737418240\r\n\r\n" + bytes(1000))
    connection.recv(1)


def ten_gigabytes_in_pieces(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    piece = b"100000\r\n" + bytes(2**20) + b"\r\n"
    for _ in range(10 * 1024):
        connection.sendall(piece)


def ten_gigabytes_beyond_what_was_promised(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"\r\n")
    for _ in range(10 * 1024):
        connection.sendall(bytes(2**20))


@pytest.mark.parametrize(
    "speak",
    [
        ten_gigabytes_promised,
        ten_gigabytes_in_pieces,
        ten_gigabytes_beyond_what_was_promised,
    ],
)
def test_an_answer_of_ten_gigabytes_is_cut(
    amina: Victim, chirp: Platform, speak: Callable[[socket.socket], None]
) -> None:
    with talk(with_robots(speak)) as port:
        host = vouched(chirp, port)
        amina.reports(None, urls=f"http://{host}/big")
    assert FAILED.format(host=host) in amina.sees()
    assert ReportedUrl.objects.get().outcome == "too_large"


def test_a_certificate_of_nobody_is_not_believed(
    amina: Victim, chirp: Platform
) -> None:
    heard = []

    def speak(connection: socket.socket) -> None:
        heard.append(True)
        connection.sendall(HEAD + b"Content-Length: 0\r\n\r\n")

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    with talk(speak, tls) as port:
        host = vouched(chirp, port)
        amina.reports(None, urls=f"https://{host}/")
    assert FAILED.format(host=host) in amina.sees()
    assert ReportedUrl.objects.get().outcome == "tls"
    assert heard == []


def test_good_addresses_among_bad_ones_are_looked_at_all_the_same(
    amina: Victim, listed: Site
) -> None:
    listed.pages = {"/post": post("/copy.jpg"), "/copy.jpg": picture(1)}
    bad = "http://127.0.0.1:1/"
    amina.reports(picture(1), urls=f"{bad}\n{listed.url}/post")
    page = amina.sees()
    assert FAILED.format(host="127.0.0.1:1") in page
    assert "found the picture there" in page
    assert Sighting.objects.count() == 1


def test_what_a_site_claims_cannot_break_the_crawl(
    amina: Victim, wren: User, site: Site
) -> None:
    lies = [
        ("\u202ereklaw", "0001-01-01T00:00:00+14:00"),
        ("a" * 10_000, "9999-12-31T23:59:59-14:00"),
        ("nul&#0;\x00&#xD800;", "yesterday"),
        ("<script>alert(1)</script>", "-1"),
    ]
    site.pages = {f"/{n}.jpg": picture(n) for n in range(1, len(lies) + 1)}
    site.pages["/"] = "".join(
        f'<article data-author="{name}"><time datetime="{at}">then</time>'
        f'<img src="/{n}.jpg"></article>'
        for n, (name, at) in enumerate(lies, 1)
    )
    source = a_source(site)
    amina.reports(picture(1))
    worker = Worker(wren)
    worker.does(f"/desk/sources/{source.pk}/visit/")
    source.refresh_from_db()
    assert source.outcome == "done"
    assert Observation.objects.count() == len(lies)
    sighting = Sighting.objects.get()
    assert sighting.posted_at is None
    page = worker.sees(f"/desk/sightings/{sighting.pk}/")
    assert "\u202e" not in page
    assert "<script>alert" not in page
