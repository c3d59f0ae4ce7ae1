"""Reads every span of the hash-only memory and compares it with what was written."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.sightings import packing


class Command(BaseCommand):
    help = "Check every byte of the hash-only memory. What is damaged is packed anew."

    def handle(self, *args: Any, **options: Any) -> None:
        del args, options
        try:
            memory = packing.memory()
            damaged, spans = memory.verify(), packing.spans(memory)
        except OSError as error:
            raise CommandError(f"The memory cannot be read: {error}") from None
        if damaged:
            raise CommandError("\n".join(damaged))
        rows = spans[-1].upto if spans else 0
        self.stdout.write(f"{len(spans)} spans up to observation {rows}, all sound.")
