"""Keeps a case from deletion for a while, or no longer. Two people, and a last day."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.models import User
from portal.cases import retention
from portal.cases.models import Case, Hold


class Command(BaseCommand):
    help = "Ask for a hold on a case, approve it as a second person, or end it."

    def add_arguments(self, parser: CommandParser) -> None:
        steps = parser.add_subparsers(dest="step", required=True)
        ask = steps.add_parser("ask", help="ask for it; prints its number")
        ask.add_argument("case", help="the case's reference, as R-XXXXXXXX")
        ask.add_argument("--until", required=True, type=date.fromisoformat)
        approve = steps.add_parser("approve", help="agree as a second person")
        end = steps.add_parser("end", help="end it before its day")
        for step in (approve, end):
            step.add_argument("hold", type=int)
        for step in (ask, approve, end):
            step.add_argument("--by", required=True, metavar="USER")
        for step in (ask, end):
            step.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        by = User.objects.filter(username=options["by"], is_active=True).first()
        if by is None:
            raise CommandError(f"Nobody on the staff is called {options['by']!r}.")
        try:
            self.stdout.write(_step(by, options))
        except retention.HoldError as error:
            raise CommandError(str(error)) from None


def _step(by: User, options: dict[str, Any]) -> str:
    if options["step"] == "ask":
        case = Case.objects.filter(reference=options["case"]).first()
        if case is None:
            raise CommandError(f"There is no case {options['case']!r}.")
        reason, until = options["reason"], options["until"]
        hold = retention.ask_hold(case, by, reason=reason, until=until)
        return f"Hold {hold.pk} asked for. It counts once a second person approves it."
    found = Hold.objects.filter(pk=options["hold"]).first()
    if found is None:
        raise CommandError(f"There is no hold {options['hold']}.")
    if options["step"] == "approve":
        retention.approve_hold(found, by)
        return f"Held until {found.until}."
    retention.end_hold(found, by, options["reason"])
    return f"Hold {found.pk} has ended."
