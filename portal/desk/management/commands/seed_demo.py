"""The rows of the demo that only an operator makes: staff, platforms, hosts, sources, a key.

Prints them as one line of JSON. Run again, it makes nothing twice.
"""

import io
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from portal.accounts import sealing, second_factor
from portal.accounts.actions import hire, reset_password
from portal.accounts.models import Organisation, User
from portal.cases.models import Case
from portal.desk.management.commands.demo_codes import PHONES
from portal.platforms.models import Host, Platform, host_of
from portal.sightings.models import Source
from portal.sightings.sourcing import begin_anew

PEOPLE = {"wren": User.Role.WORKER, "stella": User.Role.SUPERVISOR}
PLATFORMS = {"gallery": "Lightbox", "forum": "Commonplace", "fediverse": "chirp"}
PURPOSE = "The demo's own site on this machine."
LATER = timedelta(hours=1)


class Command(BaseCommand):
    help = "Make the rows that the demo needs. For the embedded profile only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--is-empty", action="store_true", help="only tell whether nothing is here"
        )
        for site in PLATFORMS:
            parser.add_argument(f"--{site}", metavar="URL", help="where it starts")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        if options["is_empty"]:
            if Case.objects.exists() or User.objects.exists():
                raise SystemExit(1)
            return
        if settings.PROFILE != "embedded":
            raise CommandError("The demo is for the embedded profile only.")
        urls = {site: options[site] for site in PLATFORMS if options[site]}
        with transaction.atomic():
            organisation, _ = Organisation.objects.get_or_create(
                name="Lantern (demo)",
                defaults={
                    "email": "desk@lantern.example",
                    "address": "1 Harbour Street",
                },
            )
            people = {name: _person(name, organisation) for name in PEOPLE}
            _give_phones()
            platforms = {site: _platform(site) for site in PLATFORMS}
            sources = {
                site: _source(site, url, platforms[site]).pk
                for site, url in urls.items()
            }
            key = _key(platforms["fediverse"])
        made = {"people": people, "key": key, "sources": sources}
        self.stdout.write(json.dumps(made))


def _person(name: str, organisation: Organisation) -> str:
    """A member of staff, and the password: this installation's own, never stored."""
    password = salted_hmac("demo-password", name).hexdigest()[:16]
    user = User.objects.filter(username=name).first()
    if user is None:
        user = hire(name, password, organisation, PEOPLE[name])
    elif sealing.unlock(user, password) is None or not user.check_password(password):
        reset_password(user, password, by="demo")
    User.objects.filter(pk=user.pk).update(must_change_password=False)
    return password


def _give_phones() -> None:
    """An authenticator app for each, whose secret lies in var/ for `make code`."""
    if not PHONES.exists():
        phones = {name: second_factor.new_secret() for name in PEOPLE}
        PHONES.touch(0o600)
        PHONES.write_text(json.dumps(phones), "utf-8")
    for name, secret in json.loads(PHONES.read_text("utf-8")).items():
        second_factor.give_app(User.objects.get(username=name), secret)


def _platform(site: str) -> Platform:
    platform, _ = Platform.objects.get_or_create(
        name=PLATFORMS[site],
        defaults={
            "country": "US",
            "in_us": True,
            "in_eu": True,
            "contact": f"removals@{site}.example",
            "channel": "outbox",
            "recheck_gap": 1,
        },
    )
    return platform


def _source(site: str, url: str, platform: Platform) -> Source:
    """Switched on. The gallery is due now: what it shows is known before the report."""
    host = {"platform": platform, "inward": True}
    Host.objects.update_or_create(name=host_of(url), defaults=host)
    common: dict[str, object] = {"url": url, "min_delay": 0.05}
    pages = {"scope": urlsplit(url).path, "max_pages": 150, "concurrency": 2}
    kind = "mastodon" if site == "fediverse" else "site"
    source, is_new = Source.objects.update_or_create(
        platform=platform,
        purpose=PURPOSE,
        defaults={
            "name": f"{PLATFORMS[site]} (demo)",
            "kind": kind,
            "config": common if kind == "mastodon" else common | pages,
            "enabled": True,
            "failures": 0,
            "next_visit_at": timezone.now() + (LATER if site != "gallery" else -LATER),
        },
    )
    if kind == "site" and not is_new:  # another run's pages: start there anew
        begin_anew(source)
    return source


def _key(platform: Platform) -> str:
    """A key to the exchange, given by both, and shown here only."""
    said = io.StringIO()
    call_command(
        "issue_key",
        platform.name,
        issued_by="wren",
        approved_by="stella",
        stdout=said,
        stderr=io.StringIO(),
    )
    return said.getvalue().strip()
