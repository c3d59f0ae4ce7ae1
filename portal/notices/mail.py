"""Makes a notice into one e-mail message. No other file builds mail."""

import json
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from portal.notices import compose
from portal.notices.models import Notice

# Seven bits reach every server, also one that offers no 8BITMIME.
POLICY: Final = SMTP.clone(cte_type="7bit")
LINE_BREAKS: Final = "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029"


class MailError(ValueError):
    """A notice that cannot become a mail: something in it does not fit a header."""


def message(notice: Notice) -> EmailMessage:
    """The notice as text, with a machine-readable part, and never a picture.

    Its Message-ID is made of the notice's reference, so that a mail sent twice is known
    as one. Raises MailError.
    """
    organisation = notice.drafted_by.organisation
    if organisation is None:
        raise MailError("nobody to send it in the name of")
    mail = EmailMessage(POLICY)
    sender = _address(settings.NOTICE_FROM, organisation.name)
    mail["From"] = sender
    mail["To"] = _address(notice.recipient.contact)
    mail["Reply-To"] = _address(organisation.email, organisation.name)
    mail["Subject"] = _one_line(notice.subject)
    mail["Date"] = localtime()
    mail["Message-ID"] = f"<{_one_line(notice.reference)}@{sender.domain}>"
    mail["Content-Language"] = _one_line(notice.language)
    mail.set_content(notice.body)
    mail.add_attachment(
        json.dumps(
            compose.machine_readable(notice, organisation),
            ensure_ascii=False,
            indent=2,
        ).encode(),
        maintype="application",
        subtype="json",
        filename="notice.json",
    )
    return mail


def _address(email: str, name: str = "") -> Address:
    try:
        validate_email(email)
        email.encode("ascii")
        return Address(_one_line(name), addr_spec=email)
    except (ValidationError, ValueError):
        raise MailError("an e-mail address is missing or malformed") from None


def _one_line(text: str) -> str:
    if any(character in LINE_BREAKS for character in text):
        raise MailError("a header with a line break")
    return text
