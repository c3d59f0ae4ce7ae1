"""An organisation's recovery key on paper: made, shown once, and removed again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.actions import set_recovery_key
from portal.accounts.models import Organisation
from portal.accounts.sealing import new_recovery_key


class Command(BaseCommand):
    help = (
        "Make a recovery key. Whoever holds its 24 words can open every case granted from "
        "now on: print them, seal the envelope, keep it away from this machine."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organisation", help="its name, where there are several")
        parser.add_argument(
            "--off", action="store_true", help="seal no new case to the key any more"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        organisation = _organisation(options["organisation"])
        if options["off"]:
            if organisation.recovery_key is None:
                raise CommandError("There is no recovery key.")
            set_recovery_key(organisation, None, by="operator")
            self.stderr.write(
                "Removed. Cases granted to it before can still be opened."
            )
            return
        if organisation.recovery_key is not None:
            raise CommandError("There is one already. Remove it first: --off")
        words, public = new_recovery_key()
        set_recovery_key(organisation, public, by="operator")
        self.stderr.write("These words are shown this once:")
        self.stdout.write(words)


def _organisation(name: str | None) -> Organisation:
    known = Organisation.objects.all()
    found = list(known.filter(name=name) if name else known)
    if len(found) != 1:
        names = ", ".join(repr(row.name) for row in known) or "none"
        raise CommandError(
            f"Say which organisation: --organisation. There are: {names}."
        )
    return found[0]
