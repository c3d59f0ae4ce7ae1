"""python -m tracker rates: how often strangers meet, and which radii hold at which size."""

import argparse

from rich.console import Console
from rich.table import Table

from tracker import rates
from tracker.measured import MEASURED, MEASURED_ON, PICTURES
from tracker.signals import signal_type

SIZES = tuple(10**n for n in range(2, 9))
SHOWN = (0, 8, 16, 24, 31, 36, 40, 44, 48, 51, 52, 56, 60, 64, 72, 80)


def add_parser(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    parser = subparsers.add_parser(
        "rates", help="tell how often strangers match, and which radii hold"
    )
    wanted = rates.Wanted()
    for name, what in (
        ("near", "false near matches per pair of signals, at most"),
        ("possible", "false possible matches per pair of signals, at most"),
        ("shown", "false near matches per 1,000 pictures asked, at most"),
        ("questions", "false questions to people per 1,000 pictures, at most"),
    ):
        default = getattr(wanted, name)
        parser.add_argument(f"--{name}", type=_rate, default=default, help=what)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print both tables for each type that was measured."""
    wanted = rates.Wanted(
        arguments.near, arguments.possible, arguments.shown, arguments.questions
    )
    console = Console()
    for name in MEASURED:
        console.print(_counted(name))
        console.print(_held(name, wanted))
    return 0


def _rate(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be a number above 0")
    return number


def _counted(name: str) -> Table:
    measured = MEASURED[name]
    title = (
        f"{name}: {measured.pairs:.2e} pairs of signals of {PICTURES} different "
        f"pictures, {MEASURED_ON}"
    )
    table = Table(title=title, title_justify="left")
    for column in ("bits", "false pairs", "rate, at most"):
        table.add_column(column, justify="right")
    for bits in SHOWN:
        seen = sum(n for at, n in measured.false.items() if at <= bits)
        table.add_row(str(bits), str(seen), f"{rates.rate(name, bits):.1e}")
    return table


def _held(name: str, wanted: rates.Wanted) -> Table:
    judge = signal_type(name)
    title = f"{name}: radii, at most {judge.near} and {judge.possible}"
    table = Table(title=title, title_justify="left")
    for column in ("signals banked", "near", "possible"):
        table.add_column(column, justify="right")
    for size in SIZES:
        radii = rates.radii(name, size, wanted)
        table.add_row(f"{size:,}", str(radii.near), str(radii.possible))
    return table
