"""A real SMTP server on loopback, with the moods that mail servers have."""

import socket
import ssl
from asyncio import WriteTransport
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class MailServer:
    """`replies` holds what it answers instead of accepting, by command."""

    port: int
    replies: dict[str, str] = field(default_factory=dict)
    mails: list[bytes] = field(default_factory=list)
    envelopes: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    drops_at: str = ""

    def answer(self, command: str, server: SMTP) -> str:
        if command == self.drops_at:
            assert isinstance(server.transport, WriteTransport)
            server.transport.abort()
        return self.replies.get(command, "250 OK")

    async def mail(
        self, server: SMTP, _s: Session, envelope: Envelope, sender: str, _o: list[str]
    ) -> str:
        envelope.mail_from = sender
        return self.answer("MAIL", server)

    async def rcpt(
        self, server: SMTP, _s: Session, envelope: Envelope, to: str, _o: list[str]
    ) -> str:
        envelope.rcpt_tos.append(to)
        return self.answer("RCPT", server)

    async def data(self, server: SMTP, _s: Session, envelope: Envelope) -> str:
        said = self.answer("DATA", server)
        if said == "250 OK" and not self.drops_at:
            assert isinstance(envelope.content, bytes)
            self.mails.append(envelope.content)
            self.envelopes.append((envelope.mail_from or "", (*envelope.rcpt_tos,)))
            return "250 queued as 7F00"
        return said

    async def bye(self, *_: object) -> str:
        return self.replies.get("QUIT", "221 Bye")

    handle_MAIL, handle_RCPT, handle_DATA, handle_QUIT = mail, rcpt, data, bye  # noqa: N815 (aiosmtpd's names)


def _refuse(*_: object) -> AuthResult:
    return AuthResult(success=False, handled=False)


@contextmanager
def serve(*, tls: ssl.SSLContext | None = None) -> Iterator[MailServer]:
    """Serve until the block ends; with `tls`, only after STARTTLS and a login."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = MailServer(port)
    controller = Controller(
        server,
        hostname="127.0.0.1",
        port=port,
        tls_context=tls,
        require_starttls=tls is not None,
        authenticator=_refuse,
    )
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
