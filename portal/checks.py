"""What production refuses to start with: embedded parts, made-up secrets, open doors.

Read by Django's own checks, and by `refuse_to_start` where Django runs none: the web server
and the workers.
"""

import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from portal import env

PROFILES = ("embedded", "production")
INDEXES = ("file", "milvus", "milvus+tls")  # milvus-lite is one process's alone
SECRETS = ("SECRET_KEY", "PASSPHRASE_SALT", "MATCH_ID_KEY")
ONION_HOST = re.compile(r"(?:[a-z0-9-]+\.)*[a-z2-7]{56}\.onion")  # rend-spec-v3
SHORTEST_SECRET = 32  # characters
LOCAL = {"localhost", "127.0.0.1", "[::1]", "::1", "0.0.0.0"}  # noqa: S104 (compared, not bound)

Rule = tuple[str, Callable[[], bool], str, str]


@register
def check_profile(**_: Any) -> list[CheckMessage]:
    """Every reason not to start, each with what to set."""
    if settings.PROFILE not in PROFILES:
        hint = "Set RECLAIM_PROFILE to embedded or production."
        message = f"There is no profile {settings.PROFILE!r}."
        return [Error(message, hint=hint, id="reclaim.E001")]
    detector = [
        *_refused_file(
            "DETECTOR_MODEL",
            "detector:prove_brought",
            "detector:WeightsError",
            "reclaim.E026",
        ),
        *_refused_file(
            "DETECTOR_TRUST",
            "detector:parse_trust",
            "detector:TrustError",
            "reclaim.E027",
        ),
    ]
    if settings.PROFILE != "production":
        return detector
    return detector + [
        Error(message, hint=hint, id=f"reclaim.{number}")
        for number, is_broken, message, hint in (*RULES, *_secret_rules())
        if is_broken()
    ]


def refuse_to_start(**_: Any) -> None:
    """Raise SystemExit that names every reason not to start, if there is any."""
    if broken := check_profile():
        lines = [f"  {error.id}: {error.msg} {error.hint}" for error in broken]
        sys.exit("\n".join(["Reclaim does not start:", *lines]))


RULES: tuple[Rule, ...] = (
    (
        "E010",
        lambda: settings.DEBUG,
        "DEBUG shows the portal's inside to everybody.",
        "Leave DEBUG out.",
    ),
    (
        "E011",
        lambda: settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"),
        "SQLite is the embedded database.",
        "Set DATABASE_URL to a PostgreSQL database.",
    ),
    (
        "E012",
        lambda: not settings.BROKER_URL.startswith(("amqp", "redis", "sentinel")),
        "The filesystem broker is the embedded one.",
        "Set BROKER_URL to RabbitMQ or Redis.",
    ),
    (
        "E013",
        lambda: not settings.EVIDENCE_URL.startswith("s3://"),
        "Evidence in local files is the embedded store.",
        "Set EVIDENCE_URL to s3://bucket/prefix.",
    ),
    (
        "E014",
        lambda: not settings.CACHE_URL.startswith(("redis", "unix")),
        "A cache of each process's own lets limits be counted apart.",
        "Set CACHE_URL to Redis.",
    ),
    (
        "E015",
        lambda: (
            not set(settings.ALLOWED_HOSTS) - LOCAL or "*" in settings.ALLOWED_HOSTS
        ),
        "The portal does not know its own name.",
        "Set ALLOWED_HOSTS to the names that it is reached by, never to *.",
    ),
    (
        "E016",
        lambda: not settings.HTTPS,
        "Without HTTPS, passphrases travel in the clear.",
        "Leave HTTPS out, and put a TLS proxy in front.",
    ),
    (
        "E017",
        lambda: settings.INWARD_HOSTS,
        "INWARD_HOSTS lets the crawler fetch from inside your network.",
        "Leave INWARD_HOSTS out.",
    ),
    (
        "E018",
        lambda: settings.NOTICE_FROM.rpartition("@")[2].endswith("invalid"),
        "Notices would come from an address that nobody can answer.",
        "Set NOTICE_FROM to an address of your organisation.",
    ),
    (
        "E019",
        lambda: not env.is_given("SMTP_HOST"),
        "The outbox alone sends no notice to anybody.",
        "Set SMTP_HOST to your mail server.",
    ),
    (
        "E020",
        lambda: not env.is_given("CRAWL_CONTACT"),
        "Site owners could not tell us to stay away.",
        "Set CRAWL_CONTACT to an address or a page of yours.",
    ),
    (
        "E021",
        lambda: bool(settings.ONION_LOCATION) and not _is_our_onion(),
        "ONION_LOCATION leads nowhere.",
        "Set it to http:// and an onion address, and name that host in ALLOWED_HOSTS.",
    ),
    (
        "E022",
        lambda: not env.is_given("HELD_KEYS_URL"),
        "Keys of held copies would lie beside the database, and in its backups.",
        "Set HELD_KEYS_URL to a Redis without persistence, or to a memory disk's folder.",
    ),
    (
        "E023",
        lambda: not env.is_given("TOMBSTONES"),
        "A restored backup would bring back cases that were withdrawn.",
        "Set TOMBSTONES to a folder that all hosts share and no database backup holds.",
    ),
    (
        "E024",
        lambda: not _leads_to_an_index(),
        "INDEX_URL names no index that many processes can share.",
        "Set it to file:///folder, or milvus://user:password@host:19530/database.",
    ),
    (
        "E025",
        lambda: not settings.OBSERVATIONS_URL.startswith(("file:", "clickhouse")),
        "chDB is ClickHouse within one process, for tests.",
        "Leave OBSERVATIONS_URL out, or set it to clickhouses://user:password@host/name.",
    ),
)


def _refused_file(name: str, check: str, refusal: str, id_: str) -> list[CheckMessage]:
    """Whether the file that a setting names is that file, and may be used."""
    if not (named := getattr(settings, name)):
        return []
    # Named, not imported: most commands need no detector.
    try:
        pkgutil.resolve_name(check)(named)
    except pkgutil.resolve_name(refusal) as error:
        hint = "Set it as docs/guides/operating.md says, or leave it out."
        return [Error(f"{name}: {error}", hint=hint, id=id_)]
    return []


def _secret_rules() -> Iterator[Rule]:
    for number, name in enumerate(SECRETS, 30):
        yield (
            f"E0{number}",
            partial(_is_weak, name),
            f"{name} was made up by the portal, is short, or is used twice.",
            f"Set {name} or {name}_FILE to a random text of its own, from 32 characters.",
        )


def _is_our_onion() -> bool:
    scheme, _, host = settings.ONION_LOCATION.partition("://")
    is_onion = scheme in {"http", "https"} and ONION_HOST.fullmatch(host) is not None
    return is_onion and host in settings.ALLOWED_HOSTS


def _leads_to_an_index() -> bool:
    try:
        parts = urlsplit(settings.INDEX_URL)
        names_host = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that does not close
        return False
    if parts.scheme == "file":
        return len(parts.path) > 1 and not parts.netloc
    return parts.scheme in INDEXES and names_host


def _is_weak(name: str) -> bool:
    values = [getattr(settings, other) for other in SECRETS]
    value = getattr(settings, name)
    is_bad = len(value) < SHORTEST_SECRET or values.count(value) > 1
    return is_bad or not env.is_given(name)
