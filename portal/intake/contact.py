"""How a victim may be reached without harm: kept as JSON, sealed to the case.

{"version": 1, "channel": "none" | "email" | "phone" | "text" | "messenger",
 "address": str, "hours": str, "neutral": bool, "never": str}

An empty text means that nothing was told: no contact, only the mailbox.
"""

import json
from dataclasses import asdict, dataclass

from django.utils.translation import gettext_lazy as _

VERSION = 1
NONE = "none"
CHANNELS = {
    NONE: _("Do not contact me. I look in here, with my words."),
    "email": _("E-mail"),
    "phone": _("A phone call"),
    "text": _("A text message"),
    "messenger": _("A messenger"),
}


@dataclass(frozen=True, slots=True)
class Contact:
    """The rules of safe contact, as the victim set them."""

    channel: str = NONE
    address: str = ""
    hours: str = ""
    neutral: bool = False  # nothing in it may say what it is about
    never: str = ""  # who must not learn of it

    @property
    def is_allowed(self) -> bool:
        return self.channel != NONE


def write(contact: Contact) -> str:
    """The text to seal; empty where nothing was told."""
    if contact == Contact():
        return ""
    return json.dumps({"version": VERSION, **asdict(contact)}, ensure_ascii=False)


def parse(text: str) -> Contact:
    """What `write` wrote, by any version so far.

    >>> parse(write(Contact("email", "a@example.org"))).address
    'a@example.org'
    """
    told = json.loads(text) if text else {}
    known = Contact.__dataclass_fields__
    return Contact(**{name: value for name, value in told.items() if name in known})
