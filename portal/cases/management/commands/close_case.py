"""Closes a case: it is watched on, and its files and words are deleted after their time."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.models import User
from portal.cases import retention
from portal.cases.models import Case


class Command(BaseCommand):
    help = "Close a case. It opens again by itself when the victim comes back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("case", help="the case's reference, as R-XXXXXXXX")
        parser.add_argument("--by", required=True, metavar="USER")
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        by = User.objects.filter(username=options["by"], is_active=True).first()
        case = Case.objects.filter(reference=options["case"]).first()
        if by is None or case is None:
            raise CommandError("There is no such case, or nobody of this name.")
        try:
            retention.close_case(case, by, options["reason"])
        except retention.HoldError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{case.reference} is closed.")
