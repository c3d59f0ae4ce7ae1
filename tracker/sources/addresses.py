"""What an address tells by itself: the same page twice, a trap, a look-up link.

Nothing is fetched here.
"""

import re
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url, safe_url_string

from tracker.sources.base import short_hash

MAX_LENGTH = 1000
MAX_SEGMENTS = 12
MAX_REPEATS = 2
MAX_PARAMETERS = 6

_NOISE = re.compile(
    r"(?i)utm_\w+|fbclid|gclid|yclid|mc_[ce]id|phpsessid|jsessionid|sid|session_?id"
)
_SESSION = re.compile(r"(?i);jsessionid=[^/?]*")
_ABSOLUTE = re.compile(r"(?i)https?:/|(^|[=&])//|(^|[=&])www\.|(^|[=&])aHR0c")
_LINK_PARAMETER = re.compile(
    r"(?i)(img|image|page|media|target|src|link)?_?(ur[il]|link|u)"
)
_HOST_AND_PATH = re.compile(r"([a-z0-9-]+\.)+[a-z]{2,}/", re.IGNORECASE)
_MEDIA = re.compile(
    r"(?i)\.(jpe?g|jfif|png|webp|gif|avif|bmp|mp4|m4v|mov|3gp|webm|mkv)$"
)
_NOT_A_PAGE = re.compile(
    r"\.(jpe?g|jfif|png|webp|gif|avif|bmp|svg|ico|tiff?|heic|psd|mp[34]|m4[av]|webm|mov|"
    r"avi|mkv|ogg|wav|flac|pdf|docx?|xlsx?|pptx?|odt|zip|rar|7z|t?gz|bz2|xz|tar|exe|dmg|"
    r"apk|iso|css|js|mjs|json|xml|rss|atom|woff2?|ttf|eot)$",
    re.IGNORECASE,
)


def joined(base: str, href: str) -> str | None:
    """`href` as an absolute http address without fragment, or None."""
    href = href.strip().replace("\\", "/")
    if not href or len(href) > MAX_LENGTH:
        return None
    try:
        parts = urlsplit(safe_url_string(urljoin(base, href)))
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            return None
        if parts.port == 0:  # to ask for the port is to check it
            return None
        return urlunsplit(parts._replace(fragment=""))
    except ValueError:
        return None


def key(url: str) -> str:
    """The same for two spellings of one address, sessions and campaigns aside."""
    parts = urlsplit(_SESSION.sub("", url))
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = urlencode([pair for pair in pairs if not _NOISE.fullmatch(pair[0])])
    return short_hash(canonicalize_url(urlunsplit(parts._replace(query=kept))))


def carries_address(url: str) -> bool:
    """Does the address carry another one, as "search this image" links do?

    Such a page shows the bad picture without having it: a crawler that follows these
    links accuses the hosts of look-up, proxy, cache and translation services.
    """
    parts = urlsplit(url)
    query, path = parts.query, parts.path
    for _ in range(3):  # twice encoded addresses are common in redirectors
        if _ABSOLUTE.search(query) or re.search("https?:/", path, re.IGNORECASE):
            return True
        query, path = unquote(query), unquote(path)
    return any(
        _LINK_PARAMETER.fullmatch(name) and _HOST_AND_PATH.match(value)
        for name, value in parse_qsl(parts.query)
    )


def is_trap(url: str) -> bool:
    """Calendars, relative links that nest, filters times filters: endless pages."""
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    return (
        len(url) > MAX_LENGTH
        or len(segments) > MAX_SEGMENTS
        or any(segments.count(segment) > MAX_REPEATS for segment in set(segments))
        or len(parse_qsl(parts.query, keep_blank_values=True)) > MAX_PARAMETERS
    )


def shape(url: str) -> tuple[str, tuple[str, ...]]:
    """The path and the names of the parameters: variants of one page share it."""
    parts = urlsplit(url)
    names = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    return parts.path, tuple(sorted(names))


def is_media(url: str) -> bool:
    """Whether the address ends as a picture's or a video's does."""
    return _MEDIA.search(re.split("[?#]", url, maxsplit=1)[0]) is not None


def may_be_page(url: str) -> bool:
    return _NOT_A_PAGE.search(urlsplit(url).path) is None


def place(url: str) -> tuple[str, int]:
    """Host, without "www.", and port: what counts as one site."""
    parts = urlsplit(url)
    port = parts.port or 443
    return (parts.hostname or "").removeprefix("www."), 443 if port == 80 else port
