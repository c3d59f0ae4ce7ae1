"""The addresses a victim pastes, one a line: understood, or refused with their line named.

Web pages, Telegram links and apps are told apart here. Nothing is opened or asked.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from django.utils.translation import gettext as _

from portal.cases.models import ReportedUrl

MOST = 200
LONGEST = 2000
# Invisible marks that come along when an address is copied from a chat. They can make one
# address look like another: bidirectional controls, zero-width characters, soft hyphen.
INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")
HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.?")
NO_HOST = ("data:", "javascript:", "tg:", "market:", "itms-apps:")
HANDLE = re.compile(r"@([A-Za-z]\w{3,31})", re.ASCII)
# com.example.app: the name of an Android or iOS app, not the host example.com.
PACKAGE = re.compile(r"(com|org|net|io)(\.[A-Za-z]\w*){2,}", re.ASCII)
HOST_ENDINGS = (".com", ".net", ".org", ".cn", ".kr", ".jp", ".ru", ".io")
TELEGRAM = {"t.me", "telegram.me", "telegram.dog"}
STORES = {
    "play.google.com",
    "apps.apple.com",
    "itunes.apple.com",
    "appgallery.huawei.com",
    "galaxystore.samsung.com",
    "apps.microsoft.com",
}


class AddressError(ValueError):
    """What is wrong with an address, in plain words."""


@dataclass(frozen=True, slots=True)
class Address:
    """One line as we understood it: its kind, what we keep, and that in words."""

    kind: ReportedUrl.Kind
    value: str
    words: str


def read(line: str) -> Address:
    """What one line means. Raises AddressError.

    >>> read("@some_channel").value
    'https://t.me/some_channel'
    >>> read("com.example.undress").kind.value
    'app'
    """
    text = INVISIBLE.sub("", line).strip()
    if handle := HANDLE.fullmatch(text):
        return _telegram(f"/{handle[1]}")
    if PACKAGE.fullmatch(text) and not text.lower().endswith(HOST_ENDINGS):
        return _app(text, text)
    scheme, _colon, rest = text.partition(":")
    if scheme.lower() == "tg":
        return _telegram(_path_of_tg(rest))
    if scheme.lower() == "market":
        text = f"https://play.google.com/store/apps/{rest.lstrip('/')}"
    elif scheme.lower() == "itms-apps":
        text = f"https:{rest}"
    return _page(clean(text))


def clean(line: str) -> str:
    """One web address without invisible marks; a missing https:// is added.

    Raises AddressError.

    >>> clean(" example.org/a\u202e ")
    'https://example.org/a'
    """
    url = INVISIBLE.sub("", line).strip()
    if UNPRINTABLE.search(url):
        raise AddressError(_("there is a space or a hidden sign inside the address."))
    if "://" not in url and not url.lower().startswith(NO_HOST):
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


def read_all(text: str) -> tuple[list[Address], list[str]]:
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
    found: dict[Address, None] = {}
    problems = []
    for number, line in lines:
        try:
            found[read(line)] = None
        except AddressError as error:
            words = {"line": number, "problem": error}
            problems.append(_("Line %(line)d: %(problem)s") % words)
    return list(found), problems


def _page(url: str) -> Address:
    """A web address, unless its host is Telegram's or a store's."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower().removeprefix("www.")
    if host in TELEGRAM:
        return _telegram(parts.path)
    if host in STORES:
        return _app(url, parse_qs(parts.query).get("id", [parts.path.strip("/")])[0])
    if parts.path.lower().endswith(".apk"):
        return _app(url, parts.path.rpartition("/")[2])
    words = _("Web page on %(host)s") % {"host": host}
    return Address(ReportedUrl.Kind.WEB, url, words)


def _telegram(path: str) -> Address:
    """A channel, group, bot, person or post; `path` as behind t.me."""
    name = path.strip("/").removeprefix("s/")
    if UNPRINTABLE.search(name) or not name or len(name) > LONGEST:
        raise AddressError(_("this Telegram link names no channel and nobody."))
    words = _("Telegram: %(name)s") % {"name": name}
    return Address(ReportedUrl.Kind.TELEGRAM, f"https://t.me/{name}", words)


def _path_of_tg(rest: str) -> str:
    """The path behind t.me for `tg://resolve?domain=name` and `tg://join?invite=code`."""
    verb, _mark, query = rest.strip("/").partition("?")
    told = parse_qs(query)
    if verb == "resolve":
        post = told.get("post", [""])[0]
        return f"{told.get('domain', [''])[0]}/{post}"
    code = told.get("invite", [""])[0]
    return f"+{code}" if verb == "join" and code else ""


def _app(value: str, name: str) -> Address:
    if len(value) > LONGEST:
        raise AddressError(_("the address is too long."))
    words = _("App: %(name)s") % {"name": name}
    return Address(ReportedUrl.Kind.APP, value, words)


def _is_host(host: str, *, has_port: bool) -> bool:
    if ":" in host:
        return True  # an IPv6 literal: urlsplit has checked it
    return bool(HOST.fullmatch(host)) and ("." in host.strip(".") or has_port)
