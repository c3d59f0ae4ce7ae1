"""What the phones of the demo's two workers show now. The demo keeps their secrets in var/."""

import json
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.accounts.second_factor import code_of

PHONES = settings.VAR / "demo-phones.json"


class Command(BaseCommand):
    help = "Print the codes that the demo's workers need to log in. Each is taken once."

    def handle(self, *args: Any, **options: Any) -> None:
        del args, options
        try:
            phones = json.loads(PHONES.read_text("utf-8"))
        except FileNotFoundError:
            raise CommandError("There is no demo here yet. Run it: make demo") from None
        now = time.time()
        left = settings.MFA_TOTP_PERIOD - int(now) % settings.MFA_TOTP_PERIOD
        for name, secret in phones.items():
            self.stdout.write(f"{name:<8} {code_of(secret, now)}  ({left} s)")
