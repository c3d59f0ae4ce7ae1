"""Deletes what has been kept for long enough, or with --dry-run says what it would."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.cases import ending
from portal.cases.retention import decisions


class Command(BaseCommand):
    help = "Delete what was kept for long enough. The scheduler does it by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        explained = "explain each decision, and do nothing"
        parser.add_argument("--dry-run", action="store_true", help=explained)

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        found = decisions()
        for decision in found:
            self.stdout.write(str(decision))
            if not options["dry_run"] and not decision.is_held:
                ending.carry_out(decision)
        if not found:
            self.stdout.write("No case's time for anything has come.")
        elif options["dry_run"]:
            self.stdout.write("Nothing was done.")
