"""Lets in somebody who forgot the password. It cannot bring back what their key opened."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.actions import reset_password, reset_second_factor
from portal.accounts.asking import ask_password
from portal.accounts.models import User


class Command(BaseCommand):
    help = (
        "Give a member of staff a one-time password and a new key pair. They can open no "
        "case until a colleague grants it to them again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--second-factor",
            action="store_true",
            help="also forget phone, security keys and recovery codes",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(
                f"Nobody on the staff is called {options['username']!r}."
            )
        try:
            reset_password(user, ask_password("One-time password"), by="operator")
            if options["second_factor"]:
                reset_second_factor(user, by="operator")
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write("Done. They choose their own password at the next login.")
