"""The addresses a victim pastes, one a line: cleaned, or refused with their line named."""

import re
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

MOST = 200
LONGEST = 2000
# Invisible marks that come along when an address is copied from a chat. They can make one
# address look like another: bidirectional controls, zero-width characters, soft hyphen.
INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")
HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.?")


class AddressError(ValueError):
    """What is wrong with an address, in plain words."""


def clean(line: str) -> str:
    """One address without invisible marks; a missing https:// is added.

    Raises AddressError.

    >>> clean(" example.org/a\u202e ")
    'https://example.org/a'
    """
    url = INVISIBLE.sub("", line).strip()
    if UNPRINTABLE.search(url):
        raise AddressError(_("there is a space or a hidden sign inside the address."))
    if "://" not in url and not url.lower().startswith(("data:", "javascript:")):
        url = f"https://{url}"
    if len(url) > LONGEST:
        raise AddressError(_("the address is too long."))
    try:
        parts = urlsplit(url)
        host, has_port = parts.hostname or "", parts.port is not None
    except ValueError:
        raise AddressError(_("this is not a web address.")) from None
    if parts.scheme.lower() not in {"http", "https"}:
        raise AddressError(_("a web address starts with http:// or https://."))
    if parts.username is not None or parts.password is not None:
        raise AddressError(_("there is a user name or password in the address."))
    if not _is_host(host, has_port=has_port):
        raise AddressError(_("this is not a web address."))
    return url


def clean_all(text: str) -> tuple[list[str], list[str]]:
    """The addresses in `text`, each once, and what is wrong, one sentence for each line."""
    lines = [
        (number, line)
        for number, line in enumerate(text.splitlines(), 1)
        if INVISIBLE.sub("", line).strip()
    ]
    if len(lines) > MOST:
        problem = _(
            "There are %(count)d addresses. We can take %(most)d in one report."
        )
        return [], [problem % {"count": len(lines), "most": MOST}]
    urls: dict[str, None] = {}
    problems = []
    for number, line in lines:
        try:
            urls[clean(line)] = None
        except AddressError as error:
            words = {"line": number, "problem": error}
            problems.append(_("Line %(line)d: %(problem)s") % words)
    return list(urls), problems


def _is_host(host: str, *, has_port: bool) -> bool:
    if ":" in host:
        return True  # an IPv6 literal: urlsplit has checked it
    return bool(HOST.fullmatch(host)) and ("." in host.strip(".") or has_port)
