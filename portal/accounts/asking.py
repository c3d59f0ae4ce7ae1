"""Passwords for the command line: from a prompt or standard input, never from argv."""

import sys
from getpass import getpass

from django.core.management.base import CommandError


def ask_password(prompt: str) -> str:
    """Asked for twice at a terminal, else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass(f"{prompt}: ")
    if getpass("The same again: ") != password:
        raise CommandError("These were two different passwords. Nothing was changed.")
    return password
