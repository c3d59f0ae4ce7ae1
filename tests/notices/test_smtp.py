"""The SMTP channel against a real server in each of its moods."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from pytest_django import Settings

from portal.notices.channels.base import ChannelError
from portal.notices.channels.smtp import Smtp
from portal.notices.models import Notice
from tests.mailserver import MailServer, serve

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    with serve() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def tls_server(settings: Settings, tmp_path: Path) -> Iterator[MailServer]:
    """A server that wants STARTTLS; its authority's certificate lies in `tmp_path`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serve(tls=context) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = True
        yield server


def refused(notice: Notice) -> tuple[str, bool]:
    with pytest.raises(ChannelError) as error:
        Smtp().send(notice)
    return error.value.code, error.value.permanent


def test_the_receipt_is_the_server_s_answer(server: MailServer, draft: Notice) -> None:
    assert Smtp().send(draft) == "queued as 7F00"
    assert server.envelopes == [("notices@reclaim.invalid", ("ncii@chirp.example",))]


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_451_is_for_now(server: MailServer, draft: Notice, command: str) -> None:
    server.replies[command] = "451 come back later"
    assert refused(draft) == ("smtp_451", False)
    assert server.mails == []


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_550_is_for_good(server: MailServer, draft: Notice, command: str) -> None:
    server.replies[command] = "550 no such mailbox"
    assert refused(draft) == ("smtp_550", True)


def test_a_server_that_refuses_us_does_not_condemn_the_notice(
    server: MailServer, draft: Notice
) -> None:
    server.replies["MAIL"] = "550 not from you"
    assert refused(draft) == ("smtp_550", False)


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_dropped_connection_is_for_now(
    server: MailServer, draft: Notice, command: str
) -> None:
    server.drops_at = command
    assert refused(draft) == ("smtp_SMTPServerDisconnected", False)


def test_what_was_accepted_stays_accepted_however_the_server_says_goodbye(
    server: MailServer, draft: Notice
) -> None:
    server.replies["QUIT"] = "421 tired"
    assert Smtp().send(draft) == "queued as 7F00"


def test_no_server_is_for_now(settings: Settings, draft: Notice) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.EMAIL_HOST, settings.EMAIL_PORT = free.getsockname()
        assert refused(draft) == ("smtp_ConnectionRefusedError", False)


def test_a_server_that_says_nothing_is_for_now(
    settings: Settings, draft: Notice
) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        settings.EMAIL_HOST, settings.EMAIL_PORT = mute.getsockname()
        assert refused(draft) == ("smtp_SMTPServerDisconnected", False)


def test_a_certificate_that_nobody_vouches_for_stops_the_mail(
    tls_server: MailServer, draft: Notice
) -> None:
    assert refused(draft) == ("smtp_SSLCertVerificationError", False)
    assert tls_server.mails == []


def test_a_trusted_certificate_lets_it_through(
    tls_server: MailServer,
    draft: Notice,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    assert Smtp().send(draft) == "queued as 7F00"


def test_a_server_that_offers_no_encryption_gets_no_mail(
    server: MailServer, settings: Settings, draft: Notice
) -> None:
    settings.EMAIL_USE_TLS = True
    assert refused(draft) == ("smtp_SMTPNotSupportedError", False)
    assert server.mails == []


def test_a_wrong_password_is_ours_to_mend_and_condemns_no_notice(
    tls_server: MailServer,
    settings: Settings,
    draft: Notice,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "reclaim", "wrong"
    assert refused(draft) == ("smtp_535", False)
    assert tls_server.mails == []
