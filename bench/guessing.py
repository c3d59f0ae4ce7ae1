"""A flood of wrong passphrases, each from a browser of its own, and one victim in it.

python bench/guessing.py [--n 20000]: how many guesses cost a derivation, what a refused one
costs, and how long the right words take. In one process, at the real price of Argon2id, on a
database of its own.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
os.environ["RECLAIM_VAR"] = tempfile.mkdtemp(prefix="guessing-")

import django
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment
from django.utils.module_loading import import_string

from portal.intake import pressure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=20_000, help="wrong guesses")
    arguments = parser.parse_args()
    django.setup()
    setup_test_environment()
    call_command("migrate", verbosity=0)
    passphrase = report()
    flood(arguments.n)
    enter(passphrase)


def report() -> str:
    """A case; returns its passphrase."""
    told = import_string("portal.cases.actions.Told")()
    submit = import_string("portal.cases.actions.submit_report")
    words: str = submit(token="a" * 43, told=told).passphrase
    return words


def flood(guesses: int) -> None:
    derived: list[float] = []  # seconds
    refused: list[float] = []
    for number in range(guesses):
        browser = Client()
        browser.cookies[settings.CSRF_COOKIE_NAME] = f"browser-{number}"
        began = time.monotonic()
        answer = browser.post("/case/", {"passphrase": f"wrong words {number}"})
        took = time.monotonic() - began
        (derived if answer.status_code == 200 else refused).append(took)
    costs = [1000 * median(times) for times in (derived, refused)]
    print(f"{len(derived)} of {guesses} guesses were tried, {costs[0]:.0f} ms each;")
    print(f"the others were turned away in {costs[1]:.1f} ms each, and wrote no row")


def enter(passphrase: str) -> None:
    """The right words, from a browser that has not been here, right behind the flood."""
    browser, began = Client(), time.monotonic()
    ticket = browser.get("/case/").context["ticket"]
    number = 0
    while not pressure.is_solved(ticket, str(number)):
        number += 1
    worked = time.monotonic() - began
    sent = {"passphrase": passphrase, "ticket": ticket, "solution": str(number)}
    status = browser.post("/case/", sent).status_code
    took = time.monotonic() - began
    print(
        f"the right words: {status} after {took:.1f} s, {worked:.1f} s of it work here"
    )
    print(f"without scripts they wait {pressure.WAIT} s instead")


if __name__ == "__main__":
    main()
