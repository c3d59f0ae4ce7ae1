"""From the start of a deposit in one process to the first match in another; a withdrawal alike.

python bench/freshness.py [--n 100000] [--rounds 60]: milliseconds, while the other process
asks 200 times a second. The state is a temporary folder of the embedded profile. What it
is compared with waits for a timer and a rebuild: HMA's indexer runs once a minute, and its
matchers reload twice a minute.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

import numpy as np

A_SECOND = 200  # lookups
PATIENCE = 10.0  # seconds for one change to be seen


def read() -> None:
    """The other process: told a hash and whether it is to be there, it tells when it is so."""
    import django  # noqa: PLC0415

    django.setup()
    from portal.bank.actions import lookup, parse_signal  # noqa: PLC0415

    print("ready", flush=True)
    for line in sys.stdin:
        wanted, value = line.split()
        question = [[parse_signal("pdq", value)]]
        begin, asked = time.monotonic(), 0
        while bool(lookup(question, "near")[0]) != (wanted == "there"):
            asked += 1
            time.sleep(max(0.0, begin + asked / A_SECOND - time.monotonic()))
        print(time.monotonic(), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=100_000, help="hashes in the bank")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--reader", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.reader:
        read()
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RECLAIM_VAR"] = folder
        deposits, withdrawals = write(asked.n, asked.rounds)
    print(f"{asked.n:,} hashes, {asked.rounds} rounds; milliseconds")
    for name, took in (("deposit", deposits), ("withdrawal", withdrawals)):
        print(f"{name:12} median {np.median(took):6.1f}   worst {max(took):6.1f}")


def write(n: int, rounds: int) -> tuple[list[float], list[float]]:
    """Deposit and withdraw, and ask the reader when each was seen; milliseconds."""
    import django  # noqa: PLC0415

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    import tracker  # noqa: PLC0415
    from portal.bank.actions import deposit  # noqa: PLC0415
    from portal.bank.following import publish  # noqa: PLC0415
    from portal.cases.actions import Told, submit_report, withdraw_case  # noqa: PLC0415
    from portal.cases.models import Consent, Exhibit  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    rng = np.random.default_rng(0)

    def signals(count: int) -> list[tracker.Signal]:
        rows = rng.integers(0, 256, (count, 32), np.uint8)
        return [tracker.parse_signal("pdq", row.tobytes().hex()) for row in rows]

    def an_exhibit(name: str) -> Exhibit:
        told = Told(pictures=[b"none"], consents={Consent.Kind.MATCHING: ()})
        return submit_report(token=name * 43, told=told).report.exhibits.get()

    deposit(an_exhibit("b"), signals(n))
    publish("pdq")
    command = [sys.executable, __file__, "--reader"]
    reader = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    orders, answers = reader.stdin, reader.stdout
    if orders is None or answers is None:
        raise SystemExit("The reader has no pipes.")
    answers.readline()

    def tell(line: str) -> None:
        orders.write(f"{line}\n")
        orders.flush()
        time.sleep(0.1)  # it asks by now

    def seen(since: float) -> float:
        return (float(answers.readline()) - since) * 1e3

    deposits, withdrawals = [], []
    for number in range(rounds):
        exhibit, (signal,) = an_exhibit(f"{number:03d}"), signals(1)
        tell(f"there {signal.value}")
        began = time.monotonic()
        deposit(exhibit, [signal])
        deposits.append(seen(began))
        tell(f"gone {signal.value}")
        began = time.monotonic()
        withdraw_case(exhibit.case)
        withdrawals.append(seen(began))
    orders.close()
    reader.wait(PATIENCE)
    return deposits, withdrawals


if __name__ == "__main__":
    main()
