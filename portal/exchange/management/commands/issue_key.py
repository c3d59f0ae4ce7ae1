"""Gives a platform a key. The key goes to standard output, once; all else to the other."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.models import User
from portal.exchange.actions import ExchangeError, issue_key
from portal.exchange.models import ApiKey
from portal.platforms.models import Platform


class Command(BaseCommand):
    help = "Give a platform a key to the exchange. Two different people must agree."

    def add_arguments(self, parser: CommandParser) -> None:
        every = ", ".join(ApiKey.Scope.values)
        parser.add_argument(
            "platform", help="name of the platform, as in the directory"
        )
        # The feed is a list of signals: it is given to whoever asks for it by name.
        usual = f"{ApiKey.Scope.LOOKUP},{ApiKey.Scope.FEEDBACK}"
        parser.add_argument("--scopes", default=usual, help=f"of {every}")
        parser.add_argument("--issued-by", required=True, metavar="USER")
        parser.add_argument("--approved-by", required=True, metavar="USER")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        platform = Platform.objects.filter(name=options["platform"]).first()
        if platform is None:
            raise CommandError(f"No platform is called {options['platform']!r}.")
        scopes = [word.strip() for word in options["scopes"].split(",") if word.strip()]
        try:
            key, text = issue_key(
                platform,
                scopes,
                issued_by=_staff(options["issued_by"]),
                approved_by=_staff(options["approved_by"]),
            )
        except ExchangeError as error:
            raise CommandError(str(error)) from None
        self.stderr.write(f"Key {key.prefix} of {platform.name}. Shown this once:")
        self.stdout.write(text)


def _staff(username: str) -> User:
    found = User.objects.filter(username=username).first()
    if found is None:
        raise CommandError(f"Nobody on the staff is called {username!r}.")
    return found
