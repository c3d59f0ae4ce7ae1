"""Hands a notice to the mail server of the settings.

It keeps to the reply codes of RFC 5321: 4yz may be tried again, 5yz may not.
"""

import smtplib
import ssl
from contextlib import suppress

from django.conf import settings

from portal.notices.channels.base import ChannelError
from portal.notices.mail import MailError, message
from portal.notices.models import Notice


class Smtp:
    def send(self, notice: Notice) -> str:
        try:
            data = message(notice).as_bytes()
        except MailError:
            raise ChannelError("bad_mail", permanent=True) from None
        try:
            server = smtplib.SMTP(
                settings.EMAIL_HOST,
                settings.EMAIL_PORT,
                local_hostname=settings.NOTICE_FROM.rpartition("@")[2],
                timeout=settings.EMAIL_TIMEOUT,
            )
            try:
                return _hand_over(server, notice.recipient.contact, data)
            finally:
                # What is accepted stays accepted, however the server says goodbye.
                with suppress(OSError, smtplib.SMTPException):
                    server.quit()
                server.close()
        except smtplib.SMTPResponseException as error:
            raise ChannelError(f"smtp_{error.smtp_code}", permanent=False) from None
        except (OSError, smtplib.SMTPException) as error:
            code = f"smtp_{type(error).__name__}"[:60]
            raise ChannelError(code, permanent=False) from None


def _hand_over(server: smtplib.SMTP, recipient: str, data: bytes) -> str:
    if settings.EMAIL_USE_TLS:
        # A broken certificate makes us wait. We never fall back to clear text.
        server.starttls(context=ssl.create_default_context())
    server.ehlo_or_helo_if_needed()
    if settings.EMAIL_HOST_USER:
        server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    # A refusal up to here is about us and our server; only then is it about the notice.
    _accepted(server.mail(settings.NOTICE_FROM), permanent=False)
    _accepted(server.rcpt(recipient))
    return _accepted(server.data(data)).decode("ascii", "replace")[:300]


def _accepted(reply: tuple[int, bytes], *, permanent: bool = True) -> bytes:
    code, answer = reply
    if not 200 <= code < 300:
        lasting = permanent and 500 <= code < 600
        raise ChannelError(f"smtp_{code}", permanent=lasting)
    return answer
