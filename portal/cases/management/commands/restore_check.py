"""Ends again whatever a restored backup brought back. Run before the portal answers."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.cases import ending, tombstones


class Command(BaseCommand):
    help = "End every case that a restored backup brought back though it had ended."

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        try:
            ended = ending.apply_tombstones()
            ending.finish_endings()
        except OSError:
            raise CommandError(
                f"The tombstones in {settings.TOMBSTONES} cannot be read or written. Until "
                "they can, nothing is matched."
            ) from None
        if options["verbosity"] or ended:
            on_file = len(tombstones.names())
            self.stdout.write(f"{on_file} endings on file, {ended} cases ended again.")
