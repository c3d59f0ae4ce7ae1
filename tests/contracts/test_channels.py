"""What every notice channel must keep, so that a new one is tested by existing."""

import email
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from pytest_django import Settings

from portal.accounts.models import User
from portal.notices import actions
from portal.notices.channels import CHANNELS, channel
from portal.notices.channels.base import ChannelError
from portal.notices.models import Notice
from portal.platforms.models import Platform
from tests.mailserver import MailServer, serve
from tests.notices.conftest import US, a_case, a_sighting

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Settings, tmp_path: Path) -> Iterator[MailServer]:
    """Where each channel's mails can be read again."""
    settings.OUTBOX = tmp_path / "outbox"
    with serve() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture
def notice(chirp: Platform, wren: User) -> Notice:
    return actions.draft(a_sighting(a_case(), chirp), wren, rule_id=US)


def arrived(server: MailServer, settings: Settings) -> list[EmailMessage]:
    files = [path.read_bytes() for path in settings.OUTBOX.glob("*.eml")]
    mails = [*files, *server.mails]
    return [email.message_from_bytes(mail, policy=policy.default) for mail in mails]


@pytest.mark.parametrize("name", CHANNELS)
def test_a_channel_delivers_the_letter_and_returns_a_receipt(
    name: str, notice: Notice, server: MailServer, settings: Settings
) -> None:
    receipt = channel(name).send(notice)
    assert 0 < len(receipt) <= 300
    (mail,) = arrived(server, settings)
    body = mail.get_body()
    assert body
    assert body.get_content().splitlines() == notice.body.splitlines()
    assert mail["To"] == "ncii@chirp.example"


@pytest.mark.parametrize("name", CHANNELS)
def test_a_notice_sent_twice_is_known_as_one(
    name: str, notice: Notice, server: MailServer, settings: Settings
) -> None:
    channel(name).send(notice)
    channel(name).send(notice)
    identities = {mail["Message-ID"] for mail in arrived(server, settings)}
    assert identities == {f"<{notice.reference}@reclaim.invalid>"}


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize(
    ("field", "poison"),
    [
        ("subject", "Request\r\nBcc: mallory@mallory.example"),
        ("subject", "Request\nBcc: mallory@mallory.example"),
        ("subject", "Request\u2028Bcc: mallory@mallory.example"),
        ("reference", "N-1>\r\nBcc: mallory@mallory.example"),
        ("language", "en\r\nBcc: mallory@mallory.example"),
    ],
)
def test_a_line_break_in_a_header_is_refused_for_good(
    name: str, field: str, poison: str, notice: Notice, server: MailServer
) -> None:
    setattr(notice, field, poison)
    with pytest.raises(ChannelError) as refused:
        channel(name).send(notice)
    assert refused.value.permanent
    assert server.mails == []


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize(
    "contact",
    [
        "",
        "nobody",
        "ncii@chirp.example, mallory@mallory.example",
        "ncii@chirp.example\r\nBcc: mallory@mallory.example",
        "<ncii@chirp.example>",
        "ncii@chírp.example",
    ],
)
def test_a_malformed_recipient_is_refused_for_good(
    name: str, contact: str, notice: Notice, server: MailServer
) -> None:
    notice.recipient.contact = contact
    with pytest.raises(ChannelError) as refused:
        channel(name).send(notice)
    assert refused.value.permanent
    assert server.mails == []


@pytest.mark.parametrize("name", CHANNELS)
def test_neither_the_victim_nor_a_worker_nor_a_picture_is_in_what_is_sent(
    name: str, notice: Notice, server: MailServer, settings: Settings
) -> None:
    channel(name).send(notice)
    (mail,) = arrived(server, settings)
    assert [part.get_content_type() for part in mail.iter_parts()] == [
        "text/plain",
        "application/json",
    ]
    whole = "".join(str(part.get_content()) for part in mail.iter_parts())
    whole += "".join(f"{name}: {value}\n" for name, value in mail.items())
    for secret in (notice.case.reference, "wren", "Amina", "stella"):
        assert secret not in whole


def test_an_unknown_channel_is_refused_for_good() -> None:
    with pytest.raises(ChannelError) as refused:
        channel("pigeon")
    assert refused.value.permanent
