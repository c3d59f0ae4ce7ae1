"""python -m tracker: hash, compare, search and crawl from a terminal."""

import argparse
import os
import signal
import sys

from tracker import (
    compare_command,
    crawl_command,
    hash_command,
    index_command,
    rates_command,
)

# Each module brings add_parser(subparsers) and sets `run`, which returns the exit code.
COMMANDS = (
    hash_command,
    compare_command,
    index_command,
    rates_command,
    crawl_command,
)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tracker",
        description="Hash, compare, search and crawl pictures.",
    )
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(subparsers)
    arguments = parser.parse_args()
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of a pipe left, as `head` does. What Python flushes on its way out
        # must go somewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return code


if __name__ == "__main__":
    sys.exit(main())
