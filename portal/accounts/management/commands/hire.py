"""Adds somebody to the staff. The password is asked for, and ends with the first login."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from portal.accounts.actions import hire
from portal.accounts.asking import ask_password
from portal.accounts.models import Organisation, User


class Command(BaseCommand):
    help = "Add a member of staff. They choose their own password at the first login."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--organisation", required=True, help="its name")
        parser.add_argument("--email", default="", help="of a new organisation")
        roles = User.Role.values
        parser.add_argument("--role", choices=roles, default=User.Role.WORKER.value)

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        name, role = options["organisation"], User.Role(options["role"])
        found = Organisation.objects.filter(name=name).first()
        if found is None and not options["email"]:
            raise CommandError(_unknown(name))
        password = ask_password(f"First password of {options['username']}")
        try:
            with transaction.atomic():
                organisation = found or Organisation.objects.create(
                    name=name, email=options["email"]
                )
                hire(options["username"], password, organisation, role, one_time=True)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write("Done. They log in on /desk/, and change the password there.")


def _unknown(name: str) -> str:
    known = ", ".join(Organisation.objects.values_list("name", flat=True)) or "none"
    return (
        f"There is no organisation {name!r}. There are: {known}. "
        "To make it, give the address that it is reached by: --email"
    )
