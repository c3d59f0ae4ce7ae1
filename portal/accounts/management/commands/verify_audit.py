"""Walks the audit log, and prints its length and its head.

The head is for somebody outside to keep: with it, a later walk also finds a log that was
cut or rewritten as a whole.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.actions import verify_audit
from portal.accounts.chain import ChainError


class Command(BaseCommand):
    help = "Check that no entry of the audit log was altered, removed or moved."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", metavar="HASH", help="of an earlier run")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        try:
            head = verify_audit(_hash(options["head"]))
        except ChainError as error:
            self.stdout.write(f"Broken at {error.number}")
            raise CommandError(str(error)) from None
        self.stdout.write(f"Entries {head.last}")
        self.stdout.write(f"Head {bytes(head.hash).hex()}")


def _hash(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        kept = bytes.fromhex(text)
    except ValueError:
        kept = b""
    if len(kept) != 32:
        raise CommandError("A head is 64 hexadecimal digits.")
    return kept
